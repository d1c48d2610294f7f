"""An independent fold of every subject's limits: sums from scratch at every prefix, windows by zoneinfo.

Nothing here is shared with the ledger but the journal's lines. A limit is judged from the event that last set
the subject's limits on, in the window that the clock of its zone shows. What is recorded after the fact (a
correction upwards, a direct run, a report) may pass a limit, which then admits nothing more.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

MEASURES = ("cost", "tokens", "requests")


@dataclass
class Entry:
    """A call, a direct run or a report: what it holds while it is open, what it used once it has ended."""

    position: int
    at: datetime
    payers: set[str]
    held: dict[str, Decimal]
    used: dict[str, Decimal] = field(default_factory=dict)
    # Of what is charged, what nothing held back: it is recorded after the fact.
    late: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(MEASURES, Decimal(0)))

    def charged(self, measure: str, *, admitted: bool) -> Decimal:
        """All that is charged, or what was `admitted` of it."""
        return (self.used or self.held)[measure] - (self.late[measure] if admitted else 0)

    def correct(self, difference: Decimal) -> None:
        self.used["cost"] += difference
        self.late["cost"] = max(self.late["cost"] + difference, Decimal(0))


def charge(part: dict) -> Decimal:
    """What counts against a limit of cost: what is spent, or what is held while no price is known."""
    return Decimal(part["costUsd"] if part["costUsd"] is not None else part["heldUsd"])


class Payments:
    """Whose limits everything recorded counts in, and what it comes to."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        # The names that each model's limits bind.
        self.names: dict[str, set[str]] = {}
        self.entries: list[Entry] = []
        self.open: dict[str, Entry] = {}
        # Those that have ended, by the position that a correction names.
        self.ended: dict[int, Entry] = {}
        # Corrections that name other limits than those that what they correct counts in.
        self.misplaced: list[str] = []

    def apply(self, event: dict, at: datetime) -> set[str]:
        """Folds `event` in; returns the subjects whose limits admitted it."""
        kind = event["type"]
        if kind == "group.joined":
            self.groups.setdefault(event["user"], set()).add(f"group:{event['group']}")
        elif kind == "group.left":
            self.groups[event["user"]].discard(f"group:{event['group']}")
        elif kind == "quota.set" and event.get("subject", "").startswith("model:"):
            name = event["subject"].removeprefix("model:")
            self.names[event["subject"]] = {name, *event.get("names", [])}
        elif kind == "call.reserved":
            held = (event["reservedUsd"], event["reservedTokens"], 1)
            self.open[event["callId"]] = entry = self.enter(event, at, held)
            return entry.payers
        elif kind in ("call.settled", "call.expired"):
            entry = self.ended[event["position"]] = self.open.pop(event["callId"])
            expired = kind == "call.expired"
            tokens = entry.held["tokens"] if expired else event["tokensIn"] + event["tokensOut"]
            entry.used = {"cost": charge(event), "tokens": Decimal(tokens), "requests": Decimal(1)}
        elif kind == "usage.reported" or kind == "dispatch.completed" and event["billing"] == "direct":
            tokens = event.get("tokensIn", 0) + event.get("tokensOut", 0)
            entry = self.ended[event["position"]] = self.enter(event, at, (charge(event), tokens, 0))
            entry.used, entry.late = dict(entry.held), dict(entry.held)
        elif kind == "cost.adjusted":
            entry = self.ended[event["original"]]
            entry.correct(charge(event["new"]) - charge(event["old"]))
            # Older lines do not say where they count.
            if "chargedPosition" in event:
                model = event.get("chargedModel", event["model"])
                said = {f"user:{event['user']}", "global"} | self.models(model)
                said |= {f"group:{group}" for group in event.get("chargedGroups", [])}
                if (event["chargedPosition"], said) != (entry.position, entry.payers):
                    self.misplaced.append(f"position {event['position']}: {said} is not {entry.payers}")
        return set()

    def models(self, asked: str) -> set[str]:
        """The models whose limits bind a call that asks for this name, and the name itself."""
        bound = {subject for subject, names in self.names.items() if names & set(spellings(asked))}
        return bound | {f"asked for {asked}"}

    def enter(self, event: dict, at: datetime, held: tuple) -> Entry:
        payers = {f"user:{event['user']}", "global"} | self.models(event["model"])
        payers |= self.groups.get(event["user"], set())
        amounts = dict(zip(MEASURES, map(Decimal, held), strict=True))
        self.entries.append(Entry(event["position"], at, payers, amounts))
        return self.entries[-1]


def spellings(name: str) -> list[str]:
    """A model's name, and what it is without what platforms and versions put around it."""
    found = [name]
    for around in (
        r"^models/|^([a-z-]+\.)?anthropic\.",
        r"-v\d+(:\d+)?$",
        r"[-@]\d{8}$|-\d{4}-\d{2}-\d{2}$",
        r"[-@]latest$|@default$",
    ):
        found.append(re.sub(around, "", found[-1]) or found[-1])
    return found


def window_start(at: datetime, window: str, zone: str, week_start: int) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    if window == "hour":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(ZoneInfo("UTC"))
    day = local.date()
    if window == "week":
        day -= timedelta((day.isoweekday() - week_start) % 7)
    if window == "month":
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def rules(event: dict) -> list[tuple[str, str, Decimal]]:
    named = {
        "dailyLimitUsd": ("cost", "day"),
        "monthlyLimitUsd": ("cost", "month"),
        "dailyTokens": ("tokens", "day"),
    }
    found = [(*what, Decimal(event[name])) for name, what in named.items() if name in event]
    for limit in event.get("limits", []):
        found.append((limit["measure"], limit["window"], Decimal(limit.get("limitUsd", limit.get("limit")))))
    return found


def violations(events: list[dict]) -> list[str]:
    """Every prefix at which the calls since a limit was set came to more than it in its current window; and
    every correction that says that it counts elsewhere than what it corrects."""
    quotas: dict[str, dict] = {}
    payments = Payments()
    found = []
    for event in events:
        at = datetime.fromisoformat(event["timestamp"])
        subject = event.get("subject") or f"user:{event.get('user')}"
        if event["type"] == "quota.set":
            quotas[subject] = event
        elif event["type"] == "quota.removed":
            quotas.pop(subject, None)
        admitting = payments.apply(event, at)
        for name, quota in quotas.items():
            for measure, window, limit in rules(quota):
                start = window_start(at, window, quota.get("timezone", "UTC"), quota.get("weekStart", 1))
                charged = sum(
                    entry.charged(measure, admitted=name not in admitting)
                    for entry in payments.entries
                    if name in entry.payers and entry.at >= start and entry.position > quota["position"]
                )
                if charged > limit:
                    found.append(
                        f"position {event['position']}: {name} {measure} a {window}: {charged} of {limit}"
                    )
    return found + payments.misplaced
