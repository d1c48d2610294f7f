// The web shell: talk to an agent, watch it work, see what it costs.
//
// No framework and nothing from elsewhere. What comes from outside becomes text nodes, never markup.

const byId = (id) => document.getElementById(id);
const ui = {
  view: byId("view"), log: byId("log"), greeting: byId("greeting"), dock: byId("dock"),
  composer: byId("composer"), text: byId("text"), stop: byId("stop"), note: byId("note"),
  toTheEnd: byId("to-the-end"), announcement: byId("announcement"),
  connection: byId("connection"), connectionWord: byId("connection-word"),
  today: byId("today"), todayCost: byId("today-cost"), todayTokens: byId("today-tokens"),
  menu: byId("menu"), user: byId("user"),
  alerts: byId("alerts"), alertsLine: byId("alerts-line"), alertsList: byId("alerts-list"),
  signIn: byId("sign-in"), key: byId("key"), keyProblem: byId("key-problem"),
};

/** A new element with these properties (attributes, where the name has a hyphen) and children. */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

// ---------------------------------------------------------------- Numbers

// A string, and the number that follows it when the string is a key.
const KEYED_NUMBER = /"([^"\\]*(?:\\.[^"\\]*)*)"(?:(\s*:\s*)(-?\d[\d.eE+-]*))?/g;

/** Parses a message; amounts of money stay the decimal text that was sent, since a double would lose digits. */
function parseMessage(raw) {
  if (!raw.includes('Usd"')) return JSON.parse(raw);
  return JSON.parse(raw.replace(KEYED_NUMBER, (all, key, colon, number) =>
    number !== undefined && key.endsWith("Usd") ? `"${key}"${colon}"${number}"` : all));
}

const smallMoney = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** At most six significant digits of a decimal, at least cents. */
function dollars(decimal) {
  const value = Number(decimal);
  if (value === 0 || Math.abs(value) >= 1) return `$${money.format(value)}`;
  const digits = smallMoney.format(value);
  return `$${digits.includes(".") ? digits.replace(/\.(\d)$/, ".$10") : `${digits}.00`}`;
}

/** Shows an amount: short to read, exact in `value` and on hover. */
function showMoney(data, decimal, also = "") {
  data.value = decimal;
  data.textContent = dollars(decimal);
  data.title = `${decimal} USD exactly${also}`;
}

function duration(milliseconds) {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function clock(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return "";
  const isToday = time.toDateString() === new Date().toDateString();
  const hours = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return isToday ? hours : `${time.toLocaleDateString()} ${hours}`;
}

// ---------------------------------------------------------------- Prose

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const MAYBE_FENCE = /^ {0,3}(?:`{1,2}$|`{3}|~{1,2}$|~{3})/;
const HEADING = /^#{1,6}\s+(.*)$/;
const ITEM = /^(\s*)([-*+]|\d{1,4}[.)])\s+(.*)$/;
const INLINE = /(?<!`)(`{1,4})(?!`)(.{1,2000}?)\1|\*\*(\S.{0,2000}?)\*\*|(?<![\w*])\*(?![\s*])([^*\n]{1,300}?)\*(?![\w*])/gs;

/** The text with `code`, **weight** and *stress* as elements. */
function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) nodes.push(text.slice(from, match.index));
    if (match[1]) nodes.push(element("code", {}, match[2].trim() || match[2]));
    else nodes.push(match[3] ? element("strong", {}, match[3]) : element("em", {}, match[4]));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

/** Text that arrives in pieces: paragraphs, list items, headings, code in fences. Whole lines stay as they are. */
class Prose {
  constructor(root) {
    this.root = root;
    this.pending = ""; // the last line, while its end is missing
    this.draft = null; // the node that shows it
    this.paragraph = null; // { node, text }, while it goes on
    this.fence = null; // { mark, code }, while it is open
  }

  append(text) {
    this.draft?.remove();
    this.draft = null;
    const lines = (this.pending + text).split("\n");
    this.pending = lines.pop();
    for (const line of lines) this.take(line.replace(/\r$/, ""));
    this.showParagraph();
    if (this.pending) this.show(this.pending);
  }

  end() {
    this.draft?.remove();
    this.draft = null;
    if (this.pending) this.take(this.pending);
    this.pending = "";
    this.showParagraph();
  }

  take(line) {
    if (this.fence) {
      if (this.closesFence(line)) this.fence = null;
      else this.fence.code.append(`${line}\n`);
      return;
    }
    const opening = FENCE.exec(line);
    if (opening) {
      this.endParagraph();
      const code = element("code");
      const pre = element("pre", { tabIndex: 0 }, code);
      if (opening[2]) pre.prepend(element("span", { className: "language" }, opening[2]));
      this.root.append(pre);
      this.fence = { mark: opening[1], code };
    } else if (!line.trim()) {
      this.endParagraph();
    } else {
      const lone = Prose.loneLine(line);
      if (lone) {
        this.endParagraph();
        this.root.append(lone);
      } else if (this.paragraph) {
        this.paragraph.text += `\n${line}`;
        this.paragraph.isStale = true;
      } else {
        this.paragraph = { node: element("p"), text: line, isStale: true };
        this.root.append(this.paragraph.node);
      }
    }
  }

  /** Shows a line that may go on. */
  show(line) {
    if (MAYBE_FENCE.test(line)) return;
    if (this.fence) {
      this.draft = document.createTextNode(line);
      this.fence.code.append(this.draft);
      return;
    }
    const lone = Prose.loneLine(line);
    if (!lone && this.paragraph) {
      this.draft = element("span", {}, "\n", ...inline(line));
      this.paragraph.node.append(this.draft);
    } else {
      this.draft = lone ?? element("p", {}, ...inline(line));
      this.root.append(this.draft);
    }
  }

  static loneLine(line) {
    const heading = HEADING.exec(line);
    if (heading) return element("p", { className: "heading" }, ...inline(heading[1]));
    const item = ITEM.exec(line);
    if (!item) return null;
    const bullet = /\d/.test(item[2]) ? item[2] : "•";
    return element(
      "p", { className: item[1].length > 1 ? "item deeper" : "item" },
      element("span", { className: "bullet" }, bullet), ...inline(item[3]));
  }

  closesFence(line) {
    const text = line.trim();
    return text.length >= this.fence.mark.length && text === this.fence.mark[0].repeat(text.length);
  }

  showParagraph() {
    if (!this.paragraph?.isStale) return;
    this.paragraph.node.replaceChildren(...inline(this.paragraph.text));
    this.paragraph.isStale = false;
  }

  endParagraph() {
    this.showParagraph();
    this.paragraph = null;
  }
}

// ---------------------------------------------------------------- Tools

const PEEK_MAX = 160;

function toolRow(name, input) {
  let value = input;
  if (typeof value === "string") {
    try { value = JSON.parse(value); } catch { /* It was cut: shown as it came. */ }
  }
  const isText = typeof value === "string";
  const first = value && typeof value === "object" ? Object.values(value).find((part) => part !== "") : value;
  const peek = typeof first === "string" ? first : first === undefined ? "" : JSON.stringify(first);
  return element(
    "details", { className: "tool" },
    element(
      "summary", {},
      element("span", { className: "name" }, String(name)), " ",
      element("span", { className: "peek" }, peek.replace(/\s+/g, " ").slice(0, PEEK_MAX))),
    element("pre", { tabIndex: 0 }, element("code", {}, isText ? value : JSON.stringify(value ?? null, null, 2))));
}

// ---------------------------------------------------------------- Turns

const COST_STATES = {
  estimated: "Its usage did not come in full, so this cost is an estimate.",
  unpriced: "No price is known for its model: this run is in no sum until the price book has one.",
};

/** One message and its answer. */
class Turn {
  constructor(text, conversation) {
    this.text = text;
    this.conversation = conversation;
    this.id = requestID();
    this.dispatchID = null;
    this.isLive = true;
    this.wantsStop = false;
    this.problem = "";
    this.hasText = false;
    this.started = performance.now();
    this.state = "queued";
    this.buffer = "";
    this.prose = null;
    this.tools = null;
    this.answer = element("div", { className: "answer" });
    this.facts = element("span", { className: "facts" });
    this.cost = element("span", { className: "cost" });
    this.receipt = element("div", { className: "receipt queued" }, this.facts, this.cost);
    this.node = element(
      "article", { className: "turn", "aria-busy": "true" },
      element("h2", { className: "out-of-sight" }, "You"), element("p", { className: "ask" }, text),
      element("h2", { className: "out-of-sight" }, "Agent"), this.answer, this.receipt);
    this.progress = document.createTextNode("");
    // The seconds are for the eye: read out, they would drown the answer.
    this.facts.append(
      element("span", { className: "pulse" }), element("span", { "aria-hidden": "true" }, this.progress));
    this.tick();
  }

  tick() {
    if (!this.isLive) return;
    const seconds = Math.floor((performance.now() - this.started) / 1_000);
    const word = this.wantsStop ? "Stopping" : this.state === "queued" ? "Queued" : "Working";
    this.progress.data = seconds > 0 ? `${word} · ${seconds} s` : word;
  }

  works() {
    if (this.state === "working") return;
    this.state = "working";
    this.receipt.classList.remove("queued");
    this.tick();
  }

  addText(text) {
    this.works();
    this.hasText ||= text.trim() !== "";
    this.buffer += text;
    paintSoon(this);
  }

  addTool(name, input) {
    this.works();
    this.paint();
    this.endProse();
    if (!this.tools) {
      this.tools = element("div", { className: "tools", role: "group", "aria-label": "Tools" });
      this.answer.append(this.tools);
    }
    this.tools.append(toolRow(name, input));
    paintSoon(this);
  }

  /** Shows what has arrived since the last frame. */
  paint() {
    if (!this.buffer) return;
    // Between a tool and the next text there is often nothing but a line break.
    if (!this.prose && !this.buffer.trim()) return;
    if (!this.prose) {
      const block = element("div", { className: "prose" });
      this.prose = new Prose(block);
      this.answer.append(block);
      this.tools = null;
      this.buffer = this.buffer.trimStart();
    }
    this.prose.append(this.buffer);
    this.buffer = "";
  }

  endProse() {
    this.prose?.end();
    this.prose = null;
    this.buffer = "";
  }

  /** Shows the end in place of the progress; once more, when a result follows an error. */
  ends(facts, cost, why) {
    this.paint();
    this.endProse();
    this.isLive = false;
    this.receipt.classList.remove("queued");
    this.facts.replaceChildren(...facts);
    this.cost.replaceChildren(...cost);
    this.receipt.querySelector(":scope > .why")?.remove();
    if (why) this.receipt.append(element("span", { className: "why" }, why));
    this.node.setAttribute("aria-busy", "false");
    live.delete(this);
    byRequest.delete(this.id);
    showRunning();
    keepToTheEnd();
    if (document.hidden) document.title = "✓ Answer · Dispatch Ledger";
  }

  finish(message) {
    byDispatch.delete(this.dispatchID);
    if (!this.hasText && message.text) this.addText(String(message.text));
    const facts = [
      message.model, `${whole.format(message.tokensIn ?? 0)} in`, `${whole.format(message.tokensOut ?? 0)} out`,
      message.calls > 1 ? `${whole.format(message.calls)} calls` : null, duration(message.durationMs ?? 0),
    ].filter(Boolean).join(" · ");
    const cost = [];
    if (message.result === "aborted") cost.push(element("span", { className: "tag calm" }, "stopped"));
    if (message.result === "error") cost.push(element("span", { className: "tag bad" }, "failed"));
    let why = "";
    if (message.result === "error" || (message.result === "aborted" && !this.wantsStop)) {
      why = message.message || this.problem || "The run failed; what it used until then is booked.";
    }
    if (message.costState === "estimated") {
      cost.push(element("span", { className: "tag warn", title: COST_STATES.estimated }, "estimated"));
    }
    if (message.costUsd === null || message.costUsd === undefined || message.costState === "unpriced") {
      cost.push(element("span", { className: "tag bad" }, "unpriced"));
      why = `${why} ${COST_STATES.unpriced}`.trim();
    }
    if (message.costUsd !== null && message.costUsd !== undefined) {
      const data = element("data", { className: "amount" });
      const reported = message.reportedUsd ?? null;
      showMoney(data, message.costUsd, reported === null ? "" : `; the kernel itself says ${reported} USD`);
      cost.push(element("span", { className: "out-of-sight" }, "Cost:"), data);
    }
    this.receipt.title = message.dispatchId ? `Dispatch ${message.dispatchId}` : "";
    this.ends([facts], cost, why);
    if (message.result !== "ok") this.offerAgain(0);
  }

  fail(message) {
    this.problem = String(message.message ?? message.code);
    // Of a run that had begun a result follows, with its cost; unless its end could not be recorded.
    if (this.state === "working" && message.code !== "unrecorded") return;
    const tag = message.code === "aborted" || this.wantsStop
      ? element("span", { className: "tag calm" }, "stopped") : element("span", { className: "tag bad" }, "failed");
    this.ends([element("span", { className: "why" }, this.problem)], [tag]);
    this.offerAgain(Number(message.retryAfter) || 0);
  }

  /** The connection went while it ran: its text is lost, its cost is not. */
  breakOff() {
    const why = "The connection broke and the run was stopped. What it used is in today’s sum.";
    this.ends(
      [element("span", { className: "why" }, why)], [element("span", { className: "tag bad" }, "cut off")]);
    this.offerAgain(0);
  }

  offerAgain(seconds) {
    const button = element("button", { type: "button" }, "Send again");
    const count = (left) => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `Send again in ${left} s` : "Send again";
      if (left > 0) setTimeout(count, 1_000, left - 1);
    };
    // A longer wait is told by the message; nobody watches a button for an hour.
    count(seconds > 120 ? 0 : Math.ceil(seconds));
    button.addEventListener("click", () => { if (send(this.text)) button.remove(); });
    this.cost.append(button);
    keepToTheEnd();
  }
}

const TURNS_MAX = 200;
const live = new Set();
const byRequest = new Map();
const byDispatch = new Map();
let sessionID = null;
let conversation = 0;

function requestID() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}

function turnOf(message) {
  const turn = byDispatch.get(message.dispatchId) ?? byRequest.get(message.id);
  if (turn && message.dispatchId && !turn.dispatchID) {
    turn.dispatchID = message.dispatchId;
    byDispatch.set(message.dispatchId, turn);
    if (turn.wantsStop) stop(turn);
  }
  if (turn && message.sessionId && turn.conversation === conversation) sessionID = message.sessionId;
  return turn;
}

/** Sends a message; false when there is no connection. */
function send(text) {
  if (!isReady) {
    note("Not connected. Your text stays here; send it once the connection is back.", ["Try now", start]);
    return false;
  }
  const turn = new Turn(text, conversation);
  const message = { type: "message", text, id: turn.id };
  if (sessionID) message.sessionId = sessionID;
  socket.send(JSON.stringify(message));
  live.add(turn);
  byRequest.set(turn.id, turn);
  ui.greeting.hidden = true;
  ui.log.append(turn.node);
  while (ui.log.childElementCount > TURNS_MAX) ui.log.firstElementChild.remove();
  note("");
  showRunning();
  isAtTheEnd = true;
  keepToTheEnd();
  return true;
}

function stop(turn) {
  turn.wantsStop = true;
  turn.tick();
  if (!turn.dispatchID || !isReady) return;
  socket.send(JSON.stringify({ type: "abort", dispatchId: turn.dispatchID }));
}

/** The run that Esc and the button stop: the newest. */
function newestRun() {
  return [...live].filter((turn) => !turn.wantsStop).at(-1);
}

let ticking = 0;
function showRunning() {
  ui.stop.hidden = !newestRun();
  if (live.size > 0 && !ticking) {
    ticking = setInterval(() => live.forEach((turn) => turn.tick()), 1_000);
  } else if (live.size === 0 && ticking) {
    clearInterval(ticking);
    ticking = 0;
  }
}

// ---------------------------------------------------------------- Painting and scrolling

const dirty = new Set();
function paintSoon(turn) {
  // A hidden tab has no frames; its text must not pile up unpainted.
  if (dirty.size === 0) document.hidden ? setTimeout(paintAll, 100) : requestAnimationFrame(paintAll);
  dirty.add(turn);
}

function paintAll() {
  for (const turn of dirty) turn.paint();
  dirty.clear();
  keepToTheEnd();
}

let isAtTheEnd = true;
let lastTop = 0;
function keepToTheEnd() {
  if (isAtTheEnd) ui.view.scrollTop = ui.view.scrollHeight;
  ui.toTheEnd.hidden = isAtTheEnd || live.size === 0;
}

ui.view.addEventListener("scroll", () => {
  const top = ui.view.scrollTop;
  // Only a move upwards leaves the end: text that grows or a field that does is not the reader's wish.
  if (ui.view.scrollHeight - top - ui.view.clientHeight < 32) isAtTheEnd = true;
  else if (top < lastTop) isAtTheEnd = false;
  lastTop = top;
  ui.toTheEnd.hidden = isAtTheEnd || live.size === 0;
}, { passive: true });
new ResizeObserver(keepToTheEnd).observe(ui.view);
ui.toTheEnd.addEventListener("click", () => {
  isAtTheEnd = true;
  keepToTheEnd();
  ui.text.focus();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  document.title = "Dispatch Ledger";
  if (dirty.size > 0) paintAll();
  if (retryTimer) start();
});

// ---------------------------------------------------------------- Header and alerts

function connectionIs(state, word) {
  ui.connection.dataset.state = state;
  if (ui.connectionWord.textContent !== word) ui.connectionWord.textContent = word;
}

function showToday(today) {
  if (!today) return;
  showMoney(ui.todayCost, today.costUsd ?? "0");
  ui.todayTokens.textContent = `${compact.format(today.tokensIn ?? 0)} in · ${compact.format(today.tokensOut ?? 0)} out`;
  ui.todayTokens.title = `${whole.format(today.tokensIn ?? 0)} tokens in, ${whole.format(today.tokensOut ?? 0)} out, `
    + `${whole.format(today.dispatches ?? 0)} runs, ${whole.format(today.calls ?? 0)} model calls since midnight UTC`;
  ui.today.hidden = false;
}

const ALERTS_MAX = 100;
const RESOLVED_MILLISECONDS = 10_000;
const alerts = new Map();

function takeAlert(alert, isNew) {
  const known = alerts.get(alert.fingerprint);
  if (alert.status === "resolved" && !known) return;
  clearTimeout(known?.timer);
  const entry = { ...known?.alert, ...alert };
  const row = alertRow(entry);
  if (known) known.row.replaceWith(row);
  else ui.alertsList.prepend(row);
  alerts.delete(alert.fingerprint);
  alerts.set(alert.fingerprint, { alert: entry, row, timer: 0 });
  if (alerts.size > ALERTS_MAX) dropAlert(alerts.keys().next().value);
  if (alert.status === "resolved") fadeAlert(alert.fingerprint);
  if (isNew) {
    const word = alert.status === "firing" ? "Alert" : "Resolved";
    ui.announcement.textContent = `${word}: ${entry.name}. ${entry.summary ?? ""}`;
  }
  showAlerts();
}

function alertRow(alert) {
  const isFiring = alert.status === "firing";
  const severity = isFiring ? alert.severity ?? "firing" : "resolved";
  const kind = !isFiring ? "good" : isCritical(alert) ? "bad" : "warn";
  const when = isFiring ? `since ${clock(alert.startsAt)}` : clock(alert.endsAt ?? new Date().toISOString());
  return element(
    "li", {},
    element("span", {}, element("strong", {}, String(alert.name ?? "Alert")), element("span", { className: `tag ${kind}` }, severity)),
    element("time", { dateTime: alert.startsAt ?? "" }, when),
    element("span", { className: "summary" }, alert.summary ?? ""));
}

const isCritical = (alert) => ["critical", "error", "page"].includes(String(alert.severity).toLowerCase());

function fadeAlert(fingerprint) {
  const entry = alerts.get(fingerprint);
  entry.timer = setTimeout(() => {
    entry.row.classList.add("fading");
    entry.timer = setTimeout(dropAlert, 1_200, fingerprint);
  }, RESOLVED_MILLISECONDS);
}

function dropAlert(fingerprint) {
  const entry = alerts.get(fingerprint);
  clearTimeout(entry?.timer);
  entry?.row.remove();
  alerts.delete(fingerprint);
  showAlerts();
}

function showAlerts() {
  const all = [...alerts.values()].map((entry) => entry.alert).reverse();
  const firing = all.filter((alert) => alert.status === "firing");
  ui.alerts.hidden = all.length === 0;
  if (all.length === 0) ui.alerts.open = false;
  const shown = firing.length > 0 ? firing : all;
  const names = [...new Set(shown.map((alert) => alert.name))].join(", ");
  const count = firing.length === 1 ? "1 alert" : `${firing.length} alerts`;
  ui.alertsLine.textContent = firing.length > 0 ? `${count}: ${names}` : `Resolved: ${names}`;
  ui.alerts.dataset.severity =
    firing.length === 0 ? "resolved" : firing.some(isCritical) ? "critical" : "warning";
}

// ---------------------------------------------------------------- Connection

const RETRY_FIRST_MILLISECONDS = 500;
const RETRY_MAX_MILLISECONDS = 15_000;
let socket = null;
let isReady = false;
let tries = 0;
let retryTimer = 0;
let round = 0;

/** Signs in where a key is at hand, asks for one where it is missing, then opens the socket. */
async function start() {
  const mine = ++round;
  clearTimeout(retryTimer);
  retryTimer = 0;
  if (socket) {
    socket.close();
    leave();
  }
  connectionIs("connecting", "Connecting");
  try {
    const key = keyInAddress();
    const problem = key ? await signIn(key) : "";
    if (mine !== round) return;
    const answer = problem ? null : await fetch("/api/session", { headers: { accept: "application/json" } });
    if (mine !== round) return;
    if (!answer || answer.status === 401 || answer.status === 403) return askForKey(problem);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const session = await answer.json();
    if (mine !== round) return;
    enter(session.user);
    connect(mine);
  } catch {
    if (mine === round) retry();
  }
}

function connect(mine) {
  const address = new URL("/ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.addEventListener("message", (event) => {
    if (mine === round && typeof event.data === "string") receive(event.data);
  });
  socket.addEventListener("close", (event) => {
    if (mine !== round) return;
    leave();
    retry(event.code === 1009 ? "That message was too long for the gateway: shorten it, then send it again." : "");
  });
}

/** The socket is gone, and the runs with it. */
function leave() {
  socket = null;
  isReady = false;
  byDispatch.clear();
  for (const turn of [...live]) {
    if (!turn.dispatchID && !ui.text.value) putText(turn.text);
    turn.breakOff();
  }
}

function retry(reason = "") {
  const pause = Math.min(RETRY_MAX_MILLISECONDS, RETRY_FIRST_MILLISECONDS * 2 ** tries) * (0.8 + 0.4 * Math.random());
  tries = Math.min(tries + 1, 10);
  connectionIs("offline", "Offline");
  if (!ui.dock.hidden) {
    note(reason || "The gateway cannot be reached. Trying again; your text is kept.", ["Try now", start]);
  }
  retryTimer = setTimeout(start, pause);
}

function receive(raw) {
  let message;
  try { message = parseMessage(raw); } catch { return; }
  const turn = message.dispatchId || message.id ? turnOf(message) : null;
  switch (message.type) {
    case "ready":
      isReady = true;
      tries = 0;
      connectionIs("live", "Live");
      note("");
      showUser(message.user);
      showToday(message.today);
      for (const fingerprint of [...alerts.keys()]) dropAlert(fingerprint);
      for (const alert of message.alerts ?? []) takeAlert({ status: "firing", ...alert }, false);
      break;
    case "init": turn?.works(); break;
    case "text": turn?.addText(String(message.text ?? "")); break;
    case "tool": turn?.addTool(message.name, message.input); break;
    case "result":
      showToday(message.today);
      turn?.finish(message);
      break;
    case "error":
      if (turn) turn.fail(message);
      else note(String(message.message ?? message.code));
      break;
    case "alert": takeAlert(message, true); break;
  }
}

// ---------------------------------------------------------------- Signing in and out

/** The key in `#key=…`, which leaves the address bar and the history at once. */
function keyInAddress() {
  const found = /^#key=(.+)$/.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", location.pathname + location.search);
  try { return decodeURIComponent(found[1]).trim(); } catch { return found[1].trim(); }
}

/** Trades the key for a cookie; an empty text when that worked, else what to do. */
async function signIn(key) {
  const answer = await fetch("/api/session", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ key }),
  });
  if (answer.ok) return "";
  if (answer.status === 401 || answer.status === 400) {
    return "This is not a key of this ledger. Copy it whole: it begins with sk-proxy-.";
  }
  return `Signing in failed (status ${answer.status}). Try again in a moment.`;
}

function askForKey(problem) {
  connectionIs("out", "Signed out");
  ui.signIn.hidden = false;
  ui.greeting.hidden = ui.dock.hidden = ui.menu.hidden = ui.today.hidden = ui.log.hidden = true;
  ui.keyProblem.textContent = problem;
  ui.key.focus();
}

function enter(user) {
  const isFirst = ui.dock.hidden;
  ui.signIn.hidden = true;
  ui.dock.hidden = ui.menu.hidden = ui.log.hidden = false;
  ui.greeting.hidden = ui.log.childElementCount > 0;
  showUser(user);
  if (!isFirst) return;
  putText(sessionStorage.getItem("draft") ?? "");
  ui.text.focus();
}

function showUser(user) {
  if (!user) return;
  if (ui.user.textContent && ui.user.textContent !== user) newConversation();
  ui.user.textContent = user;
  byId("greeting-name").textContent = `, ${user}`;
}

ui.signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = ui.key.value.trim();
  ui.keyProblem.textContent = key ? "" : "Paste your key first.";
  if (!key) return ui.key.focus();
  try {
    ui.keyProblem.textContent = await signIn(key);
  } catch {
    ui.keyProblem.textContent = "The gateway cannot be reached. Check that it runs, then try again.";
  }
  if (ui.keyProblem.textContent) return ui.key.select();
  ui.key.value = "";
  start();
});

byId("sign-out").addEventListener("click", async () => {
  ui.menu.open = false;
  try { await fetch("/api/session", { method: "DELETE" }); } catch { /* The next request tells. */ }
  newConversation();
  start();
});

function newConversation() {
  ui.menu.open = false;
  for (const turn of live) stop(turn);
  conversation += 1;
  sessionID = null;
  ui.log.replaceChildren();
  ui.greeting.hidden = false;
  ui.text.focus();
}
byId("new-conversation").addEventListener("click", newConversation);

// ---------------------------------------------------------------- The field

const HISTORY_MAX = 100;
const sent = [];
let recalled = -1;

function putText(text) {
  ui.text.value = text;
  fitField();
}

function fitField() {
  sessionStorage.setItem("draft", ui.text.value);
  if (CSS.supports("field-sizing", "content")) return;
  ui.text.style.height = "auto";
  ui.text.style.height = `${ui.text.scrollHeight}px`;
}

function note(text, action) {
  ui.note.replaceChildren(text);
  if (!text || !action) return;
  const button = element("button", { type: "button" }, action[0]);
  button.addEventListener("click", action[1]);
  ui.note.append(" ", button);
}

/** ↑ in an empty field: the last message; again: the one before; ↓: back. */
function recall(step) {
  const isUntouched = recalled >= 0 && ui.text.value === sent[recalled];
  if (ui.text.value !== "" && !isUntouched) return false;
  const next = (isUntouched ? recalled : sent.length) + step;
  if (next < 0 || (!isUntouched && step > 0)) return false;
  recalled = next < sent.length ? next : -1;
  putText(sent[next] ?? "");
  return true;
}

ui.text.addEventListener("input", fitField);
ui.text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key === "Enter") {
    event.preventDefault();
    ui.composer.requestSubmit();
  } else if (event.key === "PageUp" || event.key === "PageDown") {
    event.preventDefault();
    ui.view.scrollBy(0, (event.key === "PageUp" ? -0.8 : 0.8) * ui.view.clientHeight);
  } else if ((event.key === "ArrowUp" && recall(-1)) || (event.key === "ArrowDown" && recall(1))) {
    event.preventDefault();
  }
});

ui.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = ui.text.value.trim();
  if (!text || !send(text)) return ui.text.focus();
  if (sent.at(-1) !== text) sent.push(text);
  if (sent.length > HISTORY_MAX) sent.shift();
  recalled = -1;
  putText("");
  ui.text.focus();
});

ui.stop.addEventListener("click", () => {
  const turn = newestRun();
  if (turn) stop(turn);
  showRunning();
  ui.text.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape") {
    if (ui.menu.open) {
      ui.menu.open = false;
      ui.menu.querySelector("summary").focus();
    } else {
      ui.stop.hidden ? (ui.alerts.open = false) : ui.stop.click();
    }
  } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey
    && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName) && !ui.dock.hidden) {
    event.preventDefault();
    ui.text.focus();
  }
});

document.addEventListener("click", (event) => {
  if (ui.menu.open && !ui.menu.contains(event.target)) ui.menu.open = false;
});

for (const button of ui.greeting.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    putText(button.textContent);
    ui.text.focus();
  });
}

addEventListener("online", () => { if (retryTimer) start(); });
addEventListener("hashchange", () => { if (location.hash.startsWith("#key=")) start(); });

start();
