"""An independent fold of every subject's limits: sums from scratch at every prefix, windows by zoneinfo.

Nothing here is shared with the ledger but the journal's lines. A limit is judged from the event that last set
the subject's limits on, in the window that the clock of its zone shows.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass
class Entry:
    """One call: what it holds while it is open, what it used once it has ended."""

    position: int
    at: datetime
    payers: set[str]
    held: dict[str, Decimal]
    used: dict[str, Decimal] = field(default_factory=dict)

    def charged(self, measure: str) -> Decimal:
        return (self.used or self.held)[measure]


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
    """Every prefix at which the calls since a limit was set came to more than it in its current window."""
    quotas: dict[str, dict] = {}
    groups: dict[str, set[str]] = {}
    entries: dict[str, Entry] = {}
    found = []
    for event in events:
        at = datetime.fromisoformat(event["timestamp"])
        kind = event["type"]
        subject = event.get("subject") or f"user:{event.get('user')}"
        if kind == "quota.set":
            quotas[subject] = event
        elif kind == "quota.removed":
            quotas.pop(subject, None)
        elif kind == "group.joined":
            groups.setdefault(event["user"], set()).add(f"group:{event['group']}")
        elif kind == "group.left":
            groups[event["user"]].discard(f"group:{event['group']}")
        elif kind == "call.reserved":
            payers = {f"user:{event['user']}", f"model:{event['model']}", "global"}
            entries[event["callId"]] = Entry(
                event["position"],
                at,
                payers | groups.get(event["user"], set()),
                {
                    "cost": Decimal(event["reservedUsd"]),
                    "tokens": Decimal(event["reservedTokens"]),
                    "requests": Decimal(1),
                },
            )
        elif kind in ("call.settled", "call.expired"):
            entry = entries[event["callId"]]
            cost = event["costUsd"] if event["costUsd"] is not None else event["heldUsd"]
            tokens = (
                entry.held["tokens"] if kind == "call.expired" else event["tokensIn"] + event["tokensOut"]
            )
            entry.used = {"cost": Decimal(cost), "tokens": Decimal(tokens), "requests": Decimal(1)}
        else:
            continue
        for name, quota in quotas.items():
            for measure, window, limit in rules(quota):
                start = window_start(at, window, quota.get("timezone", "UTC"), quota.get("weekStart", 1))
                charged = sum(
                    entry.charged(measure)
                    for entry in entries.values()
                    if name in entry.payers and entry.at >= start and entry.position > quota["position"]
                )
                if charged > limit:
                    found.append(
                        f"position {event['position']}: {name} {measure} a {window}: {charged} of {limit}"
                    )
    return found
