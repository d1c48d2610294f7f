"""An independent fold over a journal: budgets at every prefix, sums, and the hash chain.

Reads the files alone. Run as a program it prints the sums:  python fold.py LEDGER_HOME [ORIGIN]
"""

import hashlib
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

SEGMENT = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.jsonl$")
INPUT = ("input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "inputAudio", "inputImage")
# At least so many events later a report may come again.
REPORTS = 100_000
OUTPUT = ("output", "outputAudio", "outputImage")


def segments(home: str | Path) -> list[Path]:
    """The journal's files, by day and then by number (as text, `.10` would come before `.2`)."""
    found = []
    for path in (Path(home) / "system" / "logs").glob("*.jsonl"):
        if match := SEGMENT.match(path.name):
            found.append((match.group(1), int(match.group(2) or 0), path))
    return [path for _, _, path in sorted(found)]


def lines(home: str | Path) -> list[bytes]:
    """Every whole line; what follows the last newline was never acknowledged."""
    found = []
    for path in segments(home):
        *whole, _torn = path.read_bytes().split(b"\n")
        found.extend(whole)
    return found


def parse(line: bytes) -> dict:
    return json.loads(line, parse_float=Decimal)


def read(home: str | Path) -> list[dict]:
    return [parse(line) for line in lines(home)]


def broken_links(journal: list[bytes], origin: str) -> list[str]:
    """What is wrong with the chain; empty when every link holds and positions run 1, 2, 3 …"""
    problems = []
    previous = hashlib.sha256(b"dispatch-ledger:" + origin.encode()).digest()
    for number, line in enumerate(journal, start=1):
        covered, mark, end = line.rpartition(b',"chain":"')
        chain = hashlib.sha256(previous + covered).digest()
        if not mark or end != chain.hex().encode() + b'"}':
            problems.append(f"line {number}: its chain does not follow from its bytes and its predecessor")
            break
        if parse(line)["position"] != number:
            problems.append(f"line {number}: position {parse(line)['position']}")
        previous = chain
    return problems


@dataclass
class Call:
    """One call between its reservation and its end."""

    user: str
    day: str
    reserved: Decimal
    tokens: int


@dataclass
class Cost:
    """What one recorded amount costs as it is known now, and the day in whose windows it counts."""

    user: str
    recorded: str
    charged: str
    amount: Decimal | None
    state: str
    held: Decimal


@dataclass
class Dispatch:
    """One agent run between its start and its end, with what its calls came to."""

    user: str
    calls: int = 0
    open: dict[str, Decimal] = field(default_factory=dict)
    cost: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    unpriced: bool = False
    estimated: bool = False
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class Window:
    """What counts against one limit of one user."""

    settled: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    tokens: int = 0
    tokens_reserved: int = 0
    # What no reservation kept below the limit, of settled, held and tokens: direct agent runs, reports.
    direct: Decimal = Decimal(0)
    direct_tokens: int = 0

    @property
    def charged(self) -> Decimal:
        return self.settled + self.held + self.reserved


@dataclass
class Sums:
    """Totals of ended calls and agent runs."""

    calls: int = 0
    cost: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    unpriced: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    rejected: int = 0
    dispatches: int = 0
    failed_dispatches: int = 0
    cpu_ms: int = 0
    memory_mib_s: int = 0
    # Corrections, and what they add up to, which is in cost already.
    adjustments: int = 0
    adjusted: Decimal = Decimal(0)


@dataclass
class Fold:
    """The state after a prefix; a call counts in the windows of the day on which it reserved."""

    open: dict[str, Call] = field(default_factory=dict)
    dispatches: dict[str, Dispatch] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=lambda: defaultdict(Window))
    quotas: dict[str, dict] = field(default_factory=dict)
    by_user: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    by_model: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    violations: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    containers: dict[str, dict] = field(default_factory=dict)
    reports: dict[tuple[str, str], int] = field(default_factory=dict)
    # What each recorded amount costs now: by position, provider and model.
    costs: dict[tuple[int, str, str], Cost] = field(default_factory=dict)

    def apply(self, event: dict) -> None:
        kind, user, day = event["type"], event.get("user"), event["timestamp"][:10]
        if kind == "quota.set":
            # Limits in other zones, and of more than one user, are limits.py's.
            if "subject" not in event and "timezone" not in event:
                self.quotas[user] = event
            else:
                self.quotas.pop(user, None)
        elif kind == "quota.removed":
            self.quotas.pop(user, None)
        elif kind == "call.rejected":
            self.by_user[user].rejected += 1
            self.by_model[event["model"]].rejected += 1
        elif kind == "call.reserved":
            self.reserve(event, day)
            self.check(event, user, day, direct=True)
        elif kind in ("call.settled", "call.expired"):
            reserved_day = self.end(event, day)
            self.check(event, user, reserved_day, direct=False)
        elif kind == "dispatch.started":
            if event["dispatchId"] in self.dispatches:
                self.problems.append(f"position {event['position']}: the agent run begins twice")
            self.dispatches[event["dispatchId"]] = Dispatch(user)
        elif kind == "dispatch.completed":
            self.complete(event, day)
        elif kind == "usage.reported":
            self.report(event, day)
        elif kind == "cost.adjusted":
            self.adjust(event)
        elif kind.startswith("container."):
            self.change(event, kind.removeprefix("container."))

    def reserve(self, event: dict, day: str) -> None:
        if event["callId"] in self.open:
            self.problems.append(f"position {event['position']}: call {event['callId']} is reserved twice")
        call = Call(event["user"], day, Decimal(event["reservedUsd"]), event["reservedTokens"])
        self.open[event["callId"]] = call
        dispatch = self.dispatches.get(event.get("dispatchId", ""))
        if dispatch is not None and dispatch.user == call.user:
            dispatch.open[event["callId"]] = call.reserved
            self.linked[event["callId"]] = event["dispatchId"]
        for window in self.windows_of(call.user, day):
            window.reserved += call.reserved
            window.tokens_reserved += call.tokens

    def end(self, event: dict, day: str) -> str:
        call = self.open.pop(event["callId"], None)
        if call is None:
            self.problems.append(f"position {event['position']}: call {event['callId']} was not open")
        else:
            day = call.day
        cost = Decimal(event["costUsd"]) if event.get("costUsd") is not None else Decimal(0)
        held = Decimal(event.get("heldUsd", 0))
        tokens = event.get("tokensIn", 0) + event.get("tokensOut", 0)
        if call is not None and event["type"] == "call.expired":
            tokens = call.tokens
        for window in self.windows_of(event["user"], day):
            if call is not None:
                window.reserved -= call.reserved
                window.tokens_reserved -= call.tokens
            window.settled += cost
            window.held += held
            window.tokens += tokens
        for sums in (self.by_user[event["user"]], self.by_model[event["model"]]):
            sums.calls += 1
            sums.cost += cost
            sums.held += held
            sums.estimated += cost if event["costState"] == "estimated" else 0
            sums.unpriced += event["costState"] == "unpriced"
            sums.tokens_in += event.get("tokensIn", 0)
            sums.tokens_out += event.get("tokensOut", 0)
        self.link(event, cost, held)
        self.know(event, event, day)
        return day

    def know(self, event: dict, part: dict, charged: str) -> None:
        """Keeps what `part` of `event` costs, which a correction may change."""
        name = (event["position"], part.get("provider", ""), part["model"])
        held = Decimal(part.get("heldUsd", 0))
        self.costs[name] = Cost(
            event["user"], event["timestamp"], charged, part["costUsd"], event["costState"], held
        )

    def adjust(self, event: dict) -> None:
        """A correction: what it says of before is so, and the difference moves sums and current windows."""
        place = f"position {event['position']}"
        known = self.costs.get((event["original"], event["provider"], event["model"]))
        if known is None:
            self.problems.append(f"{place}: nothing was recorded at {event['original']} for {event['model']}")
            return
        old, new = event["old"], event["new"]
        said = (event["user"], event["recordedAt"], event["chargedAt"][:10])
        if said != (known.user, known.recorded, known.charged):
            self.problems.append(f"{place}: not whom or when position {event['original']} charges")
        before = (old["costUsd"], old["costState"], Decimal(old.get("heldUsd", 0)))
        if before != (known.amount, known.state, known.held):
            self.problems.append(f"{place}: {known} was not what it cost before")
        known.amount, known.state = new["costUsd"], new["costState"]
        known.held = Decimal(new.get("heldUsd", 0))
        difference = (new["costUsd"] or Decimal(0)) - (old["costUsd"] or Decimal(0))
        held = Decimal(new.get("heldUsd", 0)) - Decimal(old.get("heldUsd", 0))
        if difference != event["differenceUsd"]:
            self.problems.append(f"{place}: {difference} is not the difference that it says")
        for window in self.windows_of(event["user"], known.charged):
            window.settled += difference
            window.held += held
            # A correction is a fact about what is spent: no limit held it back.
            window.direct += max(difference + held, Decimal(0))
        for sums in (self.by_user[event["user"]], self.by_model[event["model"]]):
            sums.cost += difference
            sums.held += held
            for side, sign in ((old, -1), (new, 1)):
                sums.estimated += sign * side["costUsd"] if side["costState"] == "estimated" else 0
                sums.unpriced += sign * (side["costState"] == "unpriced")
            sums.adjustments += 1
            sums.adjusted += difference

    def link(self, event: dict, cost: Decimal, held: Decimal) -> None:
        """Adds the end of a call to the agent run that was open when the call was reserved."""
        dispatch = self.dispatches.get(self.linked.pop(event["callId"], ""))
        if dispatch is None or dispatch.open.pop(event["callId"], None) is None:
            return
        dispatch.calls += 1
        dispatch.cost += cost
        dispatch.held += held
        dispatch.unpriced |= event["costState"] == "unpriced"
        dispatch.estimated |= event["costState"] == "estimated"
        dispatch.tokens_in += event.get("tokensIn", 0)
        dispatch.tokens_out += event.get("tokensOut", 0)

    def complete(self, event: dict, day: str) -> None:
        """The end of an agent run: a memo of its calls, or money that nothing else records."""
        dispatch = self.dispatches.pop(event["dispatchId"], None)
        if dispatch is None:
            self.problems.append(f"position {event['position']}: no agent run was open")
            dispatch = Dispatch(event["user"])
        linked = dispatch.calls + len(dispatch.open)
        if event["calls"] != linked:
            self.problems.append(f"position {event['position']}: {event['calls']} calls of {linked}")
        by_user = self.by_user[event["user"]]
        by_user.dispatches += 1
        by_user.failed_dispatches += event["result"] != "ok"
        if event["billing"] == "direct":
            self.spend(event, day)
        elif linked:
            self.compare(event, dispatch)

    def compare(self, event: dict, dispatch: Dispatch) -> None:
        """A proxied run says what its calls came to, those still open at what they hold."""
        if dispatch.unpriced:
            cost, state = None, "unpriced"
        else:
            cost = dispatch.cost + sum(dispatch.open.values())
            state = "estimated" if dispatch.estimated or dispatch.open else "priced"
        memo = (cost, state, dispatch.tokens_in, dispatch.tokens_out, dispatch.held if cost is None else None)
        fields = ("costUsd", "costState", "tokensIn", "tokensOut", "heldUsd")
        if memo != tuple(event.get(name) for name in fields):
            self.problems.append(f"position {event['position']}: the memo is not what its calls came to")
        for name in ("costUsd",) if event.get("models") else ():
            if sum(share[name] for share in event["models"]) != event[name]:
                self.problems.append(f"position {event['position']}: its models do not come to the whole")

    def spend(self, event: dict, day: str) -> None:
        """A direct run counts when it ends, on that day."""
        cost = Decimal(event["costUsd"]) if event["costUsd"] is not None else Decimal(0)
        held = Decimal(event.get("heldUsd", 0))
        tokens = event["tokensIn"] + event["tokensOut"]
        for window in self.windows_of(event["user"], day):
            window.settled += cost
            window.held += held
            window.tokens += tokens
            window.direct += cost + held
            window.direct_tokens += tokens
        by_user = self.by_user[event["user"]]
        shares = event.get("models") or [event]
        for share in shares:
            self.know(event, share, day)
        for sums, part in [(by_user, event)] + [(self.by_model[share["model"]], share) for share in shares]:
            spent = Decimal(part["costUsd"]) if part["costUsd"] is not None else Decimal(0)
            sums.cost += spent
            sums.held += Decimal(part.get("heldUsd", 0))
            sums.estimated += spent if event["costState"] == "estimated" else 0
            sums.unpriced += event["costState"] == "unpriced"
            used = part["usage"]
            sums.tokens_in += sum(used.get(bucket, 0) for bucket in INPUT)
            sums.tokens_out += sum(used.get(bucket, 0) for bucket in OUTPUT)

    def report(self, event: dict, day: str) -> None:
        """Money that something outside reports, once for each source and identifier."""
        name = (event["source"], event["reportId"])
        if event["position"] - self.reports.get(name, -REPORTS) < REPORTS:
            self.problems.append(f"position {event['position']}: {name} is reported twice")
        self.reports[name] = event["position"]
        self.spend(event, day)
        for sums in (self.by_user[event["user"]], self.by_model[event["model"]]):
            sums.cpu_ms += event.get("cpuMs", 0)
            sums.memory_mib_s += event.get("memoryMibS", 0)

    def change(self, event: dict, change: str) -> None:
        """The last container of each handle: nothing happens to one that is not there."""
        names = {name: event[name] for name in ("user", "containerId", "image")}
        known = self.containers.get(event["handle"])
        if change == "provisioned":
            known = self.containers[event["handle"]] = names | {"ooms": 0}
        elif known is None or known["status"] == "destroyed" or names.items() - known.items():
            self.problems.append(f"position {event['position']}: no container {event['handle']} is there")
            return
        if change == "oom":
            known["ooms"] += 1
        else:
            known["status"] = "running" if change in ("provisioned", "started") else change

    def windows_of(self, user: str, day: str) -> tuple[Window, Window]:
        return self.windows[user, day], self.windows[user, day[:7]]

    def check(self, event: dict, user: str, day: str, *, direct: bool) -> None:
        """After each event that can raise a total: no more than the limit that is in force.

        A call is admitted beside all that is spent. Afterwards a direct run may pass the limit, which holds
        nothing back for it; calls alone may not.
        """
        quota = self.quotas.get(user)
        if quota is None:
            return
        for name, key in (("dailyLimitUsd", day), ("monthlyLimitUsd", day[:7])):
            window = self.windows[user, key]
            charged = window.charged - (0 if direct else window.direct)
            if quota.get(name) is not None and charged > Decimal(quota[name]):
                self.violations.append(
                    f"position {event['position']}: {user} {key}: {charged} of {quota[name]} USD"
                )
        window = self.windows[user, day]
        tokens = window.tokens + window.tokens_reserved - (0 if direct else window.direct_tokens)
        if quota.get("dailyTokens") is not None and tokens > quota["dailyTokens"]:
            self.violations.append(
                f"position {event['position']}: {user} {day}: {tokens} of {quota['dailyTokens']} tokens"
            )


def fold(events: list[dict]) -> Fold:
    """Folds every prefix; `violations` names each one at which a limit did not hold."""
    state = Fold()
    for event in events:
        state.apply(event)
    return state


if __name__ == "__main__":
    journal = lines(sys.argv[1])
    if len(sys.argv) > 2:
        print("\n".join(broken_links(journal, sys.argv[2])) or f"chain: {len(journal)} lines hold")
    result = fold([parse(line) for line in journal])
    for name, sums in sorted(result.by_user.items()):
        print(f"{name:20} {sums.calls:8} calls {sums.cost:>24f} USD, of it {sums.estimated:f} estimated")
    print("\n".join(result.violations + result.problems) or "no limit was passed at any prefix")
