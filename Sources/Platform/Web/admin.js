// The admin page: every container, what it costs, and what is wrong, live.
//
// No framework and nothing from elsewhere. What comes from outside becomes text nodes, never markup.

const byId = (id) => document.getElementById(id);
const figures = byId("figures");
const TOKEN = "dledger-admin-token";

/** A new element with these properties (attributes, where the name has a hyphen) and children. */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name.includes("-") || name === "scope") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// ---------------------------------------------------------------- Numbers

// A string, and the number that follows it when the string is a key.
const KEYED_NUMBER = /"([^"\\]*(?:\\.[^"\\]*)*)"(?:(\s*:\s*)(-?\d[\d.eE+-]*))?/g;

/** Parses JSON; amounts of money stay the decimal text that was sent, since a double would lose digits. */
function parse(raw) {
  return JSON.parse(raw.replace(KEYED_NUMBER, (all, key, colon, number) =>
    number !== undefined && key.endsWith("Usd") ? `"${key}"${colon}"${number}"` : all));
}

const smallMoney = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

function dollars(decimal) {
  const value = Number(decimal);
  if (value === 0 || Math.abs(value) >= 0.995) return `$${money.format(value)}`;
  const digits = smallMoney.format(value);
  return `$${digits.includes(".") ? digits.replace(/\.(\d)$/, ".$10") : `${digits}.00`}`;
}

/** An amount with its state: exact on hover, and marked where it is estimated or lacks calls. */
function amount(decimal, estimated = "0", unpriced = 0) {
  const notes = [`${decimal} USD exactly`];
  if (Number(estimated) !== 0) notes.push(`of that ${estimated} is estimated`);
  if (unpriced) notes.push(`${unpriced} without a known price are not in it`);
  return element("span", { title: notes.join("; ") }, element("data", { value: decimal }, dollars(decimal)),
    Number(estimated) !== 0 ? element("span", { className: "tag calm" }, "estimated") : null,
    unpriced ? element("span", { className: "tag warn" }, `${compact.format(unpriced)} unpriced`) : null);
}

const tokens = (sums) => element("span", { title: `${whole.format(sums.tokensIn)} in, ${whole.format(sums.tokensOut)} out` },
  compact.format(sums.tokensIn + sums.tokensOut));
const cost = (sums) => amount(sums.costUsd, sums.estimatedUsd, sums.unpricedCalls);

function bytes(count) {
  if (count === null || count === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count, unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

const shortTime = (text) => {
  const time = new Date(text);
  const date = time.toISOString();
  return date.slice(0, 10) === new Date().toISOString().slice(0, 10) ? date.slice(11, 19) : `${date.slice(5, 10)} ${date.slice(11, 16)}`;
};
const when = (text) => element("time", { "date-time": text, dateTime: text, title: text }, shortTime(text));

/** The sum of decimals, exact: as a count of 10⁻¹⁸. */
const attos = (decimal) => {
  const [, sign, digits, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal);
  return BigInt(sign + digits + fraction.padEnd(18, "0"));
};
const decimalOf = (value) => {
  const text = (value < 0n ? -value : value).toString().padStart(19, "0");
  const fraction = text.slice(-18).replace(/0+$/, "");
  return (value < 0n ? "-" : "") + text.slice(0, -18) + (fraction ? `.${fraction}` : "");
};

// ---------------------------------------------------------------- Asking

const state = { token: sessionStorage.getItem(TOKEN), dashboard: null, series: new Map(), open: new Map(), rows: null };

class Unauthorized extends Error {}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { authorization: `Bearer ${state.token}` }, cache: "no-store" });
  if (answer.status === 401) throw new Unauthorized();
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail ?? `The Platform answers ${answer.status}.`);
  }
  return answer;
}
const askJSON = async (path) => parse(await (await ask(path)).text());

// ---------------------------------------------------------------- Tables

/** Fills a body from rows, keeping the rows that are there: focus, selection and open details stay. */
function fill(body, items, key, write) {
  const there = new Map([...body.children].filter((row) => row.dataset.key).map((row) => [row.dataset.key, row]));
  let last = null;
  for (const item of items) {
    const name = key(item);
    const row = there.get(name) ?? element("tr");
    there.delete(name);
    row.dataset.key = name;
    const focused = row.contains(document.activeElement);
    const cells = write(item, row);
    if (row.children.length !== cells.length) row.replaceChildren(...cells);
    else cells.forEach((cell, index) => {
      // A row's first cell has the button that opens it: it is made once.
      if (index > 0 || (!focused && row.children[0].textContent !== cell.textContent)) row.children[index].replaceWith(cell);
    });
    const wanted = last ? last.nextSibling : body.firstChild;
    if (wanted !== row) body.insertBefore(row, wanted);
    last = row;
    const more = state.open.get(row);
    if (more) { if (row.nextSibling !== more) row.after(more); last = more; }
  }
  for (const row of there.values()) { state.open.get(row)?.remove(); state.open.delete(row); row.remove(); }
}

const cell = (...children) => element("td", {}, ...children);
const number = (...children) => element("td", { className: "number" }, ...children);

/** A row's head: a button that opens what is behind the row. */
function opener(text, under, row, load) {
  const button = element("button", { type: "button", className: "name", title: text, "aria-expanded": String(state.open.has(row)) },
    element("span", {}, text));
  button.addEventListener("click", () => toggle(row, load));
  return element("th", { scope: "row" }, button, under ? element("span", { className: "of" }, under) : null);
}

async function toggle(row, load) {
  const button = row.querySelector(".name");
  const there = state.open.get(row);
  button.setAttribute("aria-expanded", String(!there));
  row.classList.toggle("open", !there);
  if (there) { there.remove(); state.open.delete(row); return; }
  const place = element("td", { colSpan: row.children.length }, element("p", {}, "Loading …"));
  const more = element("tr", { className: "more" }, place);
  state.open.set(row, more);
  row.after(more);
  try { place.replaceChildren(...await load()); } catch (error) { fail(error, (text) => place.replaceChildren(element("p", {}, text))); }
}

/** What a user used today, by model and source, and how to read the events themselves. */
async function behindUser(user) {
  const today = new Date().toISOString().slice(0, 10);
  const usage = await askJSON(`/api/usage?from=${today}&bucket=1d&by=model,source,kind&user=${encodeURIComponent(user)}`);
  return behind(usage.rows, ["model", "source", "kind"], `dledger tail --user ${user}`);
}
async function behindModel(model) {
  const today = new Date().toISOString().slice(0, 10);
  const usage = await askJSON(`/api/usage?from=${today}&bucket=1d&by=user,model,source`);
  const rows = usage.rows.filter((row) => row.model === model.model && row.provider === model.provider);
  return behind(rows, ["user", "source"], "dledger tail --type call.settled");
}

function behind(rows, names, command) {
  const parts = [];
  if (rows.length) {
    parts.push(element("table", {}, element("thead", {}, element("tr", {},
      ...[...names, "cost", "calls", "errors", "refused", "tokens in", "tokens out"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...names.map((name) => cell(row[name] || "–")), cell(cost(row)),
      cell(whole.format(row.calls + row.dispatches)), cell(whole.format(row.errors + row.failedDispatches)), cell(whole.format(row.rejected)),
      cell(whole.format(row.tokensIn)), cell(whole.format(row.tokensOut)))))));
  } else parts.push(element("p", {}, "Nothing today (UTC)."));
  parts.push(element("p", {}, "The events behind it: ", element("code", {}, command)));
  return parts;
}

// ---------------------------------------------------------------- The dashboard

function show(dashboard) {
  state.dashboard = { ...state.dashboard, ...dashboard };
  const all = state.dashboard;
  showHealth(all);
  showTiles(all);
  showAlerts(all);
  showContainers(all);
  showUsers(all);
  showModels(all);
  showRefusals(all);
  const grafana = byId("grafana");
  if (/^https?:\/\//.test(all.grafanaUrl)) { grafana.href = all.grafanaUrl; grafana.hidden = false; }
  byId("version").textContent = all.version ? `dledger ${all.version}.` : "";
}

function showHealth(all) {
  const parts = [];
  const add = (condition, text, title) => parts.push(element("li", { title, "data-state": condition }, element("span", { className: "dot" }), text));
  if (all.journal.writable) add("good", `Journal ${whole.format(all.journal.position)}`, `Last durable position; the last sync took ${all.journal.syncMs} ms`);
  else add("bad", "Journal cannot be written", "New calls are refused; see /health and the log");
  if (all.postgres) {
    if (!all.postgres.connected) add("bad", "PostgreSQL away", "The journal goes on; the copy catches up by itself");
    else if (all.postgres.lagEvents > 1000) add("warn", `PostgreSQL ${compact.format(all.postgres.lagEvents)} behind`, "Durable events that it does not have yet");
    else add("good", "PostgreSQL", `${all.postgres.lagEvents} events behind`);
  }
  if (all.engine) add(all.engine.connected ? "good" : "bad", all.engine.connected ? "Engine" : "Engine away", "The container engine");
  byId("health").replaceChildren(...parts);
}

function showTiles(all) {
  const tile = (name, value, under) => element("div", {}, element("dt", {}, name), element("dd", {}, value, element("small", {}, under)));
  const { today, month } = all;
  const running = all.containers.filter((container) => container.status === "running").length;
  byId("tiles").replaceChildren(
    tile("Cost today", cost(today), Number(today.heldUsd) ? `${dollars(today.heldUsd)} held for unknown prices` : ""),
    tile("Cost this month", cost(month), ""),
    tile("Calls today", whole.format(today.calls), `${whole.format(today.errors)} failed, ${whole.format(today.rejected)} refused`),
    tile("Agent runs today", whole.format(today.dispatches), `${whole.format(today.failedDispatches)} failed`),
    tile("Tokens today", compact.format(today.tokensIn + today.tokensOut), `${compact.format(today.tokensIn)} in, ${compact.format(today.tokensOut)} out`),
    tile("Containers running", `${running} of ${all.containers.length}`, ""));
}

function showAlerts(all) {
  const grave = (alert) => ({ critical: 0, warning: 1, info: 2 }[alert.severity] ?? 0);
  all.alerts.sort((one, other) => grave(one) - grave(other));
  byId("alerts").hidden = all.alerts.length === 0;
  byId("alerts-list").replaceChildren(
    ...all.alerts.map((alert) => element("li", { "data-severity": alert.severity ?? "" }, element("strong", {}, alert.name),
      element("span", { className: "summary" }, alert.summary ?? ""), element("span", {}, "since ", when(alert.startsAt)))),
    ...(all.alertsMore ? [element("li", {}, `and ${all.alertsMore} more`)] : []));
  const names = all.alerts.map((alert) => alert.name).join(", ");
  if (names !== state.alertNames && (names || state.alertNames)) byId("announcement").textContent = names ? `Firing: ${names}` : "No alert fires any more";
  state.alertNames = names;
}

const CONTAINER_STATES = { running: "good", exited: "", created: "", paused: "warn", restarting: "warn", removing: "warn", dead: "bad" };

function containerState(container) {
  let word = container.status, mark = CONTAINER_STATES[container.status] ?? "warn";
  if (container.status === "running" && container.health !== "none") {
    word = container.health;
    mark = { healthy: "good", starting: "warn", unhealthy: "bad" }[container.health] ?? "warn";
  }
  return element("span", { className: "state", "data-state": mark }, element("span", { className: "dot" }), word);
}

const SAMPLES_MAX = 60;
function remember(container) {
  const samples = state.series.get(container.handle) ?? [];
  state.series.set(container.handle, samples);
  const now = Date.now();
  if (container.cpuPercent !== null && now - (samples.at(-1)?.time ?? 0) >= 14_000) samples.push({ time: now, cpu: container.cpuPercent });
  while (samples.length > SAMPLES_MAX) samples.shift();
  return samples;
}

function spark(samples) {
  if (samples.length < 2) return element("span", { className: "of" }, samples.length ? "collecting" : "–");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 60 14");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const top = Math.max(100, ...samples.map((sample) => sample.cpu));
  const path = document.createElementNS(svg.namespaceURI, "path");
  const start = SAMPLES_MAX - samples.length;
  path.setAttribute("d", samples.map((sample, index) => `${index ? "L" : "M"}${start + index} ${(13 - sample.cpu / top * 12).toFixed(1)}`).join(""));
  svg.append(path);
  return svg;
}

function meter(value, max, title, high = 0.9) {
  return element("meter", { min: 0, max, low: max * 0.75, high: max * high, optimum: 0, value: Math.min(value, max), title, "aria-label": title });
}

function showContainers(all) {
  const wanted = byId("containers-filter").value.trim().toLowerCase();
  const shown = all.containers.filter((container) => !wanted
    || [container.handle, container.user, container.status, container.health].some((text) => text.toLowerCase().includes(wanted)));
  for (const container of all.containers) remember(container);
  fill(byId("containers").tBodies[0], shown, (container) => container.handle, (container, row) => {
    const { memoryBytes: used, memoryLimitBytes: limit } = container;
    const running = container.status === "running";
    return [
      opener(container.handle, container.user === container.handle ? "" : container.user, row, () => behindContainer(container.handle)),
      cell(containerState(container)),
      number(container.cpuPercent === null || !running ? "–" : `${container.cpuPercent.toFixed(1)} %`),
      element("td", { className: "narrow-hidden" }, spark(state.series.get(container.handle) ?? [])),
      cell(used === null || !running ? "–" : element("span", { className: "meter" },
        limit ? meter(used, limit, `${bytes(used)} of ${bytes(limit)}`) : null, bytes(used), limit ? element("span", { className: "of" }, `of ${bytes(limit)}`) : null)),
      element("td", { className: "number narrow-hidden" }, container.networkReceiveBytes === null ? "–" : `${bytes(container.networkReceiveBytes)} / ${bytes(container.networkTransmitBytes)}`),
      number(container.ooms ? element("span", { className: "tag bad" }, whole.format(container.ooms)) : "0"),
      number(amount(container.costTodayUsd, container.estimatedTodayUsd, container.unpricedToday)),
    ];
  });
  byId("containers-count").textContent = wanted ? `${shown.length} of ${all.containers.length}` : `${all.containers.length || ""}`;
  const empty = byId("containers-empty");
  empty.hidden = shown.length > 0;
  empty.textContent = all.containers.length ? "None of them fits the filter." : "No container runs here yet: POST /containers {\"handle\": …} makes one.";
}

async function behindContainer(handle) {
  const container = state.dashboard.containers.find((one) => one.handle === handle);
  const details = await askJSON(`/containers/${encodeURIComponent(handle)}`).catch(() => null);
  const facts = details && Object.entries(details).filter(([, value]) => value !== null && typeof value !== "object");
  const parts = await behindUser(container?.user ?? handle);
  if (facts?.length) parts.unshift(element("p", {}, ...facts.flatMap(([name, value], index) => [index ? " · " : "", `${name} `, element("code", {}, String(value))])));
  return parts;
}

function showUsers(all) {
  fill(byId("users").tBodies[0], all.users, (user) => user.user, (user, row) => {
    const quota = user.quota;
    let bar = element("span", { className: "of" }, "no limit");
    if (quota && !quota.enabled) bar = element("span", { className: "tag bad" }, "blocked");
    else if (quota && quota.usedRatio !== null) {
      const limits = [quota.dailyLimitUsd && `${dollars(quota.dailyLimitUsd)} a day`, quota.monthlyLimitUsd && `${dollars(quota.monthlyLimitUsd)} a month`].filter(Boolean).join(", ") || "the limits";
      const percent = `${(quota.usedRatio * 100).toFixed(quota.usedRatio < 0.1 ? 1 : 0)} %`;
      bar = element("span", { className: "meter" }, meter(quota.usedRatio, 1, `${percent} of ${limits}`), percent,
        element("span", { className: "of" }, `of ${limits.replaceAll(" a ", "/").replace(/\.00(?!\d)/g, "")}`));
    }
    return [opener(user.user, "", row, () => behindUser(user.user)), number(cost(user.today)), number(cost(user.month)),
      number(tokens(user.today)), cell(bar)];
  });
  byId("users-empty").hidden = all.users.length > 0;
  byId("users-count").textContent = `${all.users.length + all.usersMore || ""}`;
  byId("users-more").textContent = all.usersMore ? `The ${all.users.length} dearest; ${whole.format(all.usersMore)} more are in the totals and in GET /api/usage?by=user.` : "";
  const names = byId("known-users");
  if (names.children.length !== all.users.length) names.replaceChildren(...all.users.map((user) => element("option", { value: user.user })));
}

function showModels(all) {
  fill(byId("models").tBodies[0], all.models, (model) => `${model.provider}/${model.model}`, (model, row) => [
    opener(model.model || "–", model.provider, row, () => behindModel(model)), number(cost(model)), number(whole.format(model.calls)),
    number(tokens(model))]);
  byId("models-empty").hidden = all.models.length > 0;
  byId("models-more").textContent = all.modelsMore ? `${all.modelsMore} more are in the totals.` : "";
}

const REASONS = {
  daily_cost: "daily limit", monthly_cost: "monthly limit", daily_tokens: "daily tokens", disabled: "user is blocked",
  queue_full: "queue is full", quota: "quota", aborted: "taken back", deadline: "waited too long", shutdown: "shutdown",
};

function showRefusals(all) {
  const rows = all.rejected.map((refusal) => element("tr", {}, cell(when(refusal.timestamp)),
    element("td", { className: "long", title: refusal.user ?? "" }, refusal.user ?? "–"), cell(refusal.type === "call.rejected" ? "call" : "agent run"),
    cell(element("span", { className: "tag warn", title: refusal.reason }, REASONS[refusal.reason] ?? refusal.reason)),
    element("td", { className: "long", title: refusal.model ?? "" }, refusal.model || "–"),
    number(element("code", { title: `Its position in the journal: dledger tail --type ${refusal.type}` }, whole.format(refusal.position)))));
  byId("rejected").tBodies[0].replaceChildren(...rows);
  byId("rejected").hidden = rows.length === 0;
  byId("rejected-empty").hidden = rows.length > 0;
}

// ---------------------------------------------------------------- Charts

const range = byId("range");
const HOUR = 3_600_000;
const GROUPS_MAX = 8;
const charts = {};

function rangeQuery() {
  const hours = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24 }[range.range.value];
  const bucket = hours <= 24 ? "1h" : "1d";
  const step = bucket === "1h" ? HOUR : 24 * HOUR;
  const end = Math.floor(Date.now() / step) * step + step;
  const starts = Array.from({ length: hours * HOUR / step }, (_, index) => end - hours * HOUR + index * step);
  return { bucket, step, starts };
}

async function showRange() {
  const { bucket, starts } = rangeQuery();
  const by = range.by.value, user = range.user.value.trim();
  const ours = state.rangeAsked = (state.rangeAsked ?? 0) + 1;
  try {
    const usage = await askJSON(`/api/usage?from=${new Date(starts[0]).toISOString()}&bucket=${bucket}&by=${by}`
      + (user ? `&user=${encodeURIComponent(user)}` : ""));
    if (ours !== state.rangeAsked) return;
    byId("range-problem").textContent = "";
    draw(usage.rows, by, bucket, starts);
  } catch (error) { if (ours === state.rangeAsked) fail(error, (text) => { byId("range-problem").textContent = text; }); }
}

/** Folds rows into the dearest groups and the rest, by bucket. */
function draw(rows, by, bucket, starts) {
  const totals = new Map();
  let sum = 0n, estimated = 0n, unpriced = 0, calls = 0;
  for (const row of rows) {
    const value = attos(row.costUsd);
    totals.set(row[by], (totals.get(row[by]) ?? 0n) + value);
    sum += value; estimated += attos(row.estimatedUsd); unpriced += row.unpricedCalls; calls += row.calls + row.dispatches;
  }
  const groups = [...totals].filter(([, value]) => value !== 0n).sort((a, b) => (b[1] > a[1] ? 1 : b[1] < a[1] ? -1 : 0)).map(([name]) => name);
  const kept = groups.slice(0, GROUPS_MAX);
  const names = [...kept, ...(groups.length > GROUPS_MAX ? [`${groups.length - GROUPS_MAX} others`] : [])];
  const place = new Map(starts.map((start, index) => [start, index]));
  const costs = names.map(() => starts.map(() => 0n));
  const inOut = [starts.map(() => 0), starts.map(() => 0)];
  const table = starts.map(() => ({ cost: 0n, estimated: 0n, unpriced: 0, calls: 0 }));
  for (const row of rows) {
    const at = place.get(Date.parse(row.bucket));
    if (at === undefined) continue;
    const value = attos(row.costUsd);
    const known = kept.indexOf(row[by]);
    const group = known >= 0 ? known : names.length - 1;
    if (value !== 0n && group >= 0) costs[group][at] += value;
    inOut[0][at] += row.tokensIn; inOut[1][at] += row.tokensOut;
    const line = table[at];
    line.cost += value; line.estimated += attos(row.estimatedUsd); line.unpriced += row.unpricedCalls; line.calls += row.calls + row.dispatches;
  }
  const labels = starts.map((start) => { const text = new Date(start).toISOString(); return bucket === "1h" ? text.slice(11, 16) : text.slice(5, 10); });
  byId("range-sum").replaceChildren(amount(decimalOf(sum), decimalOf(estimated), unpriced), element("span", { className: "of" },
    `${whole.format(calls)} calls and runs, ${compact.format(inOut[0].reduce((a, b) => a + b, 0))} tokens in, ${compact.format(inOut[1].reduce((a, b) => a + b, 0))} out`));
  showTwin(names, costs, inOut, table, starts, bucket);
  drawChart("cost-chart", labels, names.map((name, index) => ({ name: name || "–", values: costs[index].map((value) => Number(decimalOf(value))) })), dollars,
    `Cost by ${bucket === "1h" ? "hour" : "day"}; the table below has the same figures`);
  drawChart("token-chart", labels, [{ name: "in", values: inOut[0] }, { name: "out", values: inOut[1] }], (value) => compact.format(value),
    "Tokens in and out; the table below has the same figures");
}

function showTwin(names, costs, inOut, table, starts, bucket) {
  const head = ["When (UTC)", "Cost", ...names.map((name) => name || "–"), "Calls and runs", "Tokens in", "Tokens out"];
  byId("range-table").tHead.replaceChildren(element("tr", {}, ...head.map((name, index) => element("th", { scope: "col", className: index ? "number" : "" }, name))));
  const rows = starts.map((start, at) => ({ start, at })).filter(({ at }) => table[at].calls || table[at].cost !== 0n || table[at].unpriced || inOut[0][at] || inOut[1][at]).reverse();
  byId("range-table").tBodies[0].replaceChildren(...rows.map(({ start, at }) => element("tr", {},
    element("th", { scope: "row" }, new Date(start).toISOString().slice(0, bucket === "1h" ? 16 : 10).replace("T", " ")),
    number(amount(decimalOf(table[at].cost), decimalOf(table[at].estimated), table[at].unpriced)),
    ...costs.map((values) => number(values[at] === 0n ? "–" : amount(decimalOf(values[at])))),
    number(whole.format(table[at].calls)), number(whole.format(inOut[0][at])), number(whole.format(inOut[1][at])))));
  if (!rows.length) byId("range-table").tBodies[0].append(element("tr", {}, element("td", { colSpan: head.length }, "Nothing was used in this range.")));
}

function drawChart(id, labels, series, format, label) {
  const canvas = byId(id);
  canvas.setAttribute("aria-label", label);
  if (!window.Chart) { byId("no-charts").hidden = false; canvas.closest(".charts").hidden = true; return; }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const datasets = series.map(({ name, values }, index) => ({ label: name, data: values, backgroundColor: colour(`--series-${index + 1}`), maxBarThickness: 36, borderWidth: 0 }));
  const text = { color: colour("--muted"), font: { family: getComputedStyle(document.body).fontFamily, size: 12 } };
  const axis = { stacked: true, border: { display: false }, grid: { color: colour("--line"), drawBorder: false }, ticks: { ...text, maxRotation: 0, autoSkipPadding: 16 } };
  const options = {
    animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    scales: { x: { ...axis, grid: { display: false } }, y: { ...axis, beginAtZero: true, suggestedMax: series.length ? undefined : 1, ticks: { ...axis.ticks, maxTicksLimit: 5, callback: (value) => format(value) } } },
    plugins: {
      legend: { display: series.length > 0, position: "bottom", labels: { ...text, boxWidth: 10, boxHeight: 10, generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => ({ ...item, text: item.text.length > 26 ? `${item.text.slice(0, 25)}…` : item.text })) } },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${format(item.raw)}` }, filter: (item) => item.raw !== 0 },
    },
  };
  if (charts[id]) { Object.assign(charts[id], { data: { labels, datasets }, options }); charts[id].update(); } else charts[id] = new Chart(canvas, { type: "bar", data: { labels, datasets }, options });
}

// ---------------------------------------------------------------- Live

function connection(kind, word) {
  const place = byId("connection");
  if (place.dataset.state !== kind) { place.dataset.state = kind; byId("connection-word").textContent = word; }
  figures.classList.toggle("stale", kind === "offline");
}

/** Reads server-sent events until they end; a header carries the token, which EventSource could not. */
async function listen(signal) {
  const answer = await ask("/api/usage/stream", { signal });
  connection("live", "Live");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    state.heard = Date.now();
    waiting += value;
    const events = waiting.split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (data) take(parse(data));
    }
  }
}

function take(live) {
  const before = state.dashboard?.today.costUsd;
  show(live);
  // The charts' last bucket has changed too; once in a while is enough.
  if (before !== live.today.costUsd && Date.now() - (state.rangeShown ?? 0) > 10_000) refreshRange();
}
function refreshRange() { state.rangeShown = Date.now(); showRange(); }

async function run() {
  let pause = 1_000;
  while (state.token) {
    state.stop = new AbortController();
    try {
      show(await askJSON("/admin/dashboard"));
      byId("sign-in").hidden = true;
      figures.hidden = false;
      byId("sign-out").hidden = false;
      refreshRange();
      state.heard = Date.now();
      pause = 1_000;
      await listen(state.stop.signal);
    } catch (error) {
      if (error instanceof Unauthorized) return signOut("This is not the administrator's token.");
      if (!state.token) return;
    }
    connection("offline", "Not connected; trying again");
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 15_000);
  }
}

// A connection that has died without a word: heartbeats come every fifteen seconds.
setInterval(() => { if (state.token && Date.now() - (state.heard ?? 0) > 40_000) state.stop?.abort(); }, 5_000);
setInterval(() => { if (state.token && !document.hidden) refreshRange(); }, 300_000);

function fail(error, say) {
  if (error instanceof Unauthorized) signOut("This is not the administrator's token.");
  else say(error.message);
}

function signOut(problem = "") {
  state.token = null;
  state.stop?.abort();
  sessionStorage.removeItem(TOKEN);
  state.dashboard = null;
  figures.hidden = true;
  for (const id of ["alerts", "grafana", "sign-out"]) byId(id).hidden = true;
  byId("health").replaceChildren();
  connection("connecting", "Signed out");
  byId("sign-in").hidden = false;
  byId("token-problem").textContent = problem;
  byId("token").focus();
  byId("token").select();
}

function signIn(token) {
  state.token = token;
  sessionStorage.setItem(TOKEN, token);
  byId("token-problem").textContent = "";
  byId("token").value = "";
  connection("connecting", "Connecting");
  run();
}

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byId("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) { byId("token-problem").textContent = "A token has visible ASCII characters only."; return; }
  signIn(token);
});
byId("sign-out").addEventListener("click", () => signOut());
range.addEventListener("submit", (event) => event.preventDefault());
range.addEventListener("change", refreshRange);
byId("containers-filter").addEventListener("input", () => { if (state.dashboard) showContainers(state.dashboard); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (state.token) refreshRange(); });

// A link may carry the token behind the hash, which no server sees; it does not stay in the address.
const linked = /^#token=([\x21-\x7e]+)$/.exec(location.hash);
if (linked) history.replaceState(null, "", location.pathname);
if (linked) signIn(linked[1]);
else if (state.token) run();
else signOut();
