"""The figures as Markdown tables: the median of the rounds, and their range where it says how sure it is."""


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    padded = [[f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)] for row in cells]
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return f"\n### {title}\n\n" + "\n".join(lines)


def number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def spread(value: dict) -> str:
    return f"{number(value['median'])} ({number(value['low'])}–{number(value['high'])})"


def ratio(value: float, other: float | None) -> str:
    return f"{value / other:.2f}" if other else "–"


def machine(found: dict, options) -> str:
    probe = found["fdatasync"]
    lines = [
        f"Linux {found['kernel']}, {found['cores']} cores, load average {found['loadAverage']} at the start.",
        f"fdatasync probe (600 B append + sync): p50 {number(probe['p50Microseconds'])} µs,"
        f" p99 {number(probe['p99Microseconds'])} µs.",
        f"{options.rounds} rounds in turn, {options.seconds} s each; median (lowest–highest).",
        *(f"{name}: {version}" for name, version in found["versions"].items()),
    ]
    return "\n".join(f"- {line}" for line in lines)


def proxy(report: dict) -> str:
    rows = report["rows"]
    rate = {(row["proxy"], row["connections"]): row["requestsPerSecond"]["median"] for row in rows}
    cells = [
        [
            row["proxy"],
            str(row["connections"]),
            spread(row["requestsPerSecond"]),
            ratio(row["requestsPerSecond"]["median"], rate.get(("nginx", row["connections"]))),
            ratio(row["requestsPerSecond"]["median"], rate.get(("envoy", row["connections"]))),
            number(row["addedP50Microseconds"]["median"]),
            number(row["addedP99Microseconds"]["median"]),
            spread(row["cpuMicrosecondsEach"]),
        ]
        for row in rows
    ]
    head = ["proxy", "connections", "requests/s", "÷ nginx", "÷ Envoy"]
    head += ["added p50 µs", "added p99 µs", "CPU µs each"]
    text = table("Proxy: one unary call, 1.8 KB → 1 KB", head, cells)
    for check in report["checks"]:
        text += (
            f"\n\n{check['proxy']}: {check['counted']:,} counted by the generator,"
            f" {check['upstream']:,} seen by the upstream, {check['reserved']:,} reserved,"
            f" {check['settled']:,} settled ({check['settledOk']:,} ok);"
            f" dledger verify: exit {check['verifyExit']}."
        )
    return text


def append(report: dict) -> str:
    rows = report["rows"]
    rate = {(row["store"], row["writers"]): row["eventsPerSecond"]["median"] for row in rows}
    cells = [
        [
            row["store"],
            str(row["writers"]),
            spread(row["eventsPerSecond"]),
            ratio(row["eventsPerSecond"]["median"], rate.get(("PostgreSQL INSERT", row["writers"]))),
            number(row["p50Microseconds"]["median"]),
            number(row["p99Microseconds"]["median"]),
        ]
        for row in rows
    ]
    modes = ", ".join(f"{name} {value}" for name, value in report["postgres"].items())
    head = ["store", "writers", "events/s", "÷ PostgreSQL", "p50 µs", "p99 µs"]
    title = "Durable append: one event, acknowledged after fdatasync"
    return table(title, head, cells) + f"\n\nPostgreSQL: {modes}."


def quota(report: dict) -> str:
    rows = report["rows"]
    rate = {(row["judge"], row["users"]): row["decisionsPerSecond"]["median"] for row in rows}
    cells = [
        [
            row["judge"],
            number(row["users"]) if row["users"] > 99 else str(row["users"]),
            spread(row["decisionsPerSecond"]),
            ratio(row["decisionsPerSecond"]["median"], rate["PostgreSQL UPDATE", row["users"]]),
            number(row["p99Microseconds"]["median"]) if row["p99Microseconds"]["median"] else "–",
        ]
        for row in rows
    ]
    head = ["judge", "users", "decisions/s", "÷ UPDATE", "p99 µs"]
    return table("Shared limits: calls admitted, each decision durable", head, cells)


def replay(report: dict) -> str:
    rows = report["rows"]
    rate = {row["reader"]: row["eventsPerSecond"]["median"] for row in rows}
    cells = [
        [
            row["reader"],
            spread(row["eventsPerSecond"]),
            ratio(row["eventsPerSecond"]["median"], rate["DuckDB, 1 thread"]),
            ratio(row["eventsPerSecond"]["median"], rate["DuckDB, 2 threads"]),
        ]
        for row in rows
    ]
    head = ["reader", "events/s", "÷ DuckDB 1", "÷ DuckDB 2"]
    title = f"Replay: {report['events']:,} events, {report['bytes'] / 1e6:,.0f} MB"
    text = table(title, head, cells)
    return text + "\n\nThe sums by user (calls, cost, tokens) are equal to the last digit."


def ingest(report: dict) -> str:
    ours = report["rows"][0]["rowsPerSecond"]["median"]
    cells = [
        [
            row["way"],
            spread(row["rowsPerSecond"]),
            ratio(ours, row["rowsPerSecond"]["median"]) if row is not report["rows"][0] else "",
            spread(row["serverCpuMicroseconds"]),
            spread(row["clientCpuMicroseconds"]) if row["clientCpuMicroseconds"]["median"] else "",
        ]
        for row in report["rows"]
    ]
    head = ["way", "rows/s", "ledger ÷ it", "server CPU µs/row", "our CPU µs/row"]
    live = report["live"]
    acks = [
        [
            kind,
            number(live[f"{kind}EventsPerSecond"]),
            number(live[f"{kind}P50Microseconds"]),
            number(live[f"{kind}P99Microseconds"]),
        ]
        for kind in ("alone", "beside")
    ]
    factor = ratio(live["besideP99Microseconds"], live["aloneP99Microseconds"])
    return (
        table(f"Ingest, {report['events']:,} events into an empty database", head, cells)
        + "\n"
        + table(
            f"64 commands under way, alone and beside a catch-up of {number(live['storedPerSecond'])} rows/s:"
            f" p99 × {factor}",
            ["copy", "events/s", "p50 µs", "p99 µs"],
            acks,
        )
    )


def pure(report: dict) -> str:
    cells = [[row["step"], spread(row["nanosecondsEach"])] for row in report["rows"]]
    return table("Steps of the ledger, one thread", ["step", "ns each"], cells)


def sampling(report: dict) -> str:
    cells = [
        [
            row["what"],
            str(row["containers"]),
            spread(row["milliseconds"]),
            number(row["cpuMillisecondsEach"]) if "corePercent" in row else "–",
            f"{row['corePercent']:.2f} %" if "corePercent" in row else "–",
        ]
        for row in report["rows"]
    ]
    head = ["what", "containers", "ms", "CPU ms each", "of a core at 15 s"]
    found = report["check"]
    return (
        table("Sampling: one look at containers, beside the engine's own answers", head, cells)
        + f"\n\n{found['running']} containers run, {found['series']['cpu_percent']} of them are in /metrics;"
        f" {found['skipped']:.0f} looks were left out because the one before still ran."
    )


def history(report: dict) -> str:
    cells = []
    for row in report["rows"]:
        taken, raw = row["milliseconds"], row["onEventsMilliseconds"]
        figures = [f"{taken[share]:.1f}" for share in ("p50", "p95", "p99")]
        times = f"{raw['median'] / taken['p50']:,.0f}"
        cells.append([row["question"], f"{row['asked']:,}", *figures, spread(raw), times])
    head = ["question", "asked", "p50 ms", "p95 ms", "p99 ms", "on events, ms", "× at p50"]
    trickle, size = report["trickle"], report["bytes"]
    title = f"History: {report['events']:,} events of {report['users']:,} users over {report['days']} days"
    return table(title, head, cells) + (
        f"\n\nLoaded in {report['loadSeconds']:,.0f} s, {report['loadEventsPerSecond']:,.0f} events/s, then"
        f" {report['vacuumSeconds']:,.0f} s of VACUUM ANALYZE. Journal {report['journalBytes'] / 1e9:.1f} GB,"
        f" database {size['database'] / 1e9:.1f} GB.\n\nMeanwhile {trickle['events']:,} live events,"
        f" {trickle['eventsPerSecond']:,.0f} a second; the copy was at most {trickle['lagEventsMax']:,.0f}"
        f" events behind.\n\nWithout the index that is made for it, dispatch_latency on events takes"
        f" {spread(report['latencyWithoutIndexMilliseconds'])} ms."
        "\n\nThe sums are DuckDB's over the journal, to the last digit:"
        f" {', '.join(f'{count:,} by {name}' for name, count in report['sums'].items())};"
        f" {report['expired']:,} expired calls are among them."
    )
