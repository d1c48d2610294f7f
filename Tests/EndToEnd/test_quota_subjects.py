"""Limits of users, groups, models and all together hold side by side, in any zone, and say when near."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import anthropic
import limits
import pytest
import requests
from traffic import storm

HELLO = [{"role": "user", "content": "Hello"}]
MODEL = "claude-sonnet-4-6"
ZONES = [
    *(
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ),
    *(
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Africa/Casablanca",
        "America/Santiago",
        "Asia/Gaza",
        "Etc/GMT+12",
        "US/Eastern",
        "Europe/Kiev",
    ),
]


def ask(ledger, user: str, **options):
    client = ledger.anthropic(ledger.mint_key(user), max_retries=0)
    return client.messages.create(model=MODEL, max_tokens=20, messages=HELLO, **options)


def test_a_group_s_members_side_by_side_stay_within_its_limit(journal_ledger):
    ledger = journal_ledger
    ledger.set_quota(
        "group:red", limits=[{"measure": "cost", "window": "hour", "limitUsd": 3}], reason="a trial"
    )
    ledger.set_quota("global", limits=[{"measure": "requests", "window": "week", "limit": 250}])
    for user in ("alice", "bob"):
        ledger.join_group("red", user)

    async def both() -> list[tuple[int, int]]:
        delay = {"x-simulate-delay-ms": "100"}
        storms = [
            storm(ledger, ledger.mint_key(user), calls=100, max_tokens=8000, headers=delay)
            for user in ("alice", "bob", "carol")
        ]
        return await asyncio.gather(*storms)

    sent = asyncio.run(both())
    assert sent[2][0] > 0 and sum(refused for _, refused in sent[:2]) > 0
    events = ledger.events()
    assert limits.violations(events) == []
    refused = [event["limit"].get("subject") for event in events if event["type"] == "call.rejected"]
    assert "group:red" in refused and set(refused) <= {"group:red", "global"}
    settled = [
        event for event in events if event["type"] == "call.settled" and event["user"] in ("alice", "bob")
    ]
    assert 0 < sum(Decimal(event["costUsd"]) for event in settled) <= 3


def test_a_limit_of_requests_is_met_exactly_by_calls_at_once(journal_ledger):
    ledger = journal_ledger
    ledger.set_quota(f"model:{MODEL}", limits=[{"measure": "requests", "window": "day", "limit": 17}])
    answered, refused = asyncio.run(storm(ledger, ledger.mint_key("alice"), calls=100, max_tokens=20))
    assert (answered, refused) == (17, 83)
    assert limits.violations(ledger.events()) == []


def test_first_calls_of_unknown_users_at_once_do_not_pass_the_default(journal_ledger):
    ledger = journal_ledger
    ledger.set_quota("default", limits=[{"measure": "requests", "window": "day", "limit": 2}])
    users = [f"user-{number % 10}" for number in range(60)]
    keys = {user: ledger.mint_key(user) for user in set(users)}

    def call(user: str) -> int:
        headers = {"x-api-key": keys[user], "anthropic-version": "2023-06-01"}
        body = {"model": MODEL, "max_tokens": 20, "messages": HELLO}
        return requests.post(
            f"{ledger.proxy_url}/v1/messages", json=body, headers=headers, timeout=30
        ).status_code

    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(call, users))
    assert statuses.count(200) == 20 and statuses.count(429) == 40
    given = [event for event in ledger.events("quota.set") if event.get("user")]
    assert sorted(event["user"] for event in given) == sorted(keys)
    assert {event["by"] for event in given} == {"default"}
    assert limits.violations(ledger.events()) == []


@pytest.mark.parametrize("zone", ZONES)
def test_a_window_ends_where_the_zone_s_clock_says(journal_ledger, zone):
    ledger = journal_ledger
    windows = ("hour", "day", "week", "month")
    before = datetime.now(UTC)
    state = ledger.set_quota(
        "global",
        timezone=zone,
        weekStart="sunday",
        limits=[{"measure": "requests", "window": window, "limit": 0} for window in windows],
    )
    assert state["timezone"] == zone
    local = before.astimezone(ZoneInfo(zone))
    day = local.date()
    first = day.replace(day=1)
    days = {
        "day": day + timedelta(1),
        "week": day + timedelta(7 - day.isoweekday() % 7),
        "month": (first + timedelta(32)).replace(day=1),
    }
    for limit in state["limits"]:
        end = datetime.fromisoformat(limit["windowEnd"])
        if limit["window"] == "hour":
            expected = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        else:
            midnight = days[limit["window"]]
            expected = datetime(midnight.year, midnight.month, midnight.day, tzinfo=ZoneInfo(zone))
        assert end == expected.astimezone(UTC), limit
    with pytest.raises(anthropic.RateLimitError) as refusal:
        ask(ledger, "alice")
    (hour, *_) = state["limits"]
    left = (datetime.fromisoformat(hour["windowEnd"]) - before).total_seconds()
    assert left - 30 <= int(refusal.value.response.headers["retry-after"]) <= left + 1


def test_every_zone_that_the_machine_knows_is_one_here(journal_ledger):
    """Names that are links to others too, each under its own, with the day that Python's zoneinfo has."""
    places = [Path("/usr/share/zoneinfo") / name for name in sorted(available_timezones())]
    names = [str(place.relative_to("/usr/share/zoneinfo")) for place in places if place.exists()]
    assert len(names) > 400 and any(place.is_symlink() for place in places)
    limit = {"measure": "requests", "window": "day", "limit": 1}
    with ThreadPoolExecutor(8) as pool:
        states = pool.map(
            lambda pair: journal_ledger.set_quota(f"user-{pair[0]}", timezone=pair[1], limits=[limit]),
            enumerate(names),
        )
        for name, state in zip(names, states, strict=True):
            assert state["timezone"] == name
            end = datetime.fromisoformat(state["limits"][0]["windowEnd"])
            tomorrow = (end - timedelta(seconds=1)).astimezone(ZoneInfo(name)).date() + timedelta(1)
            midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(name))
            assert end == midnight.astimezone(UTC), name


def test_limits_in_a_zone_are_the_same_after_a_crash_and_a_whole_replay(journal_ledger):
    ledger = journal_ledger
    ledger.set_quota("alice", dailyLimitUsd=1, timezone="Africa/Casablanca", thresholds=[1])
    for _ in range(3):
        ask(ledger, "alice")
    before = requests.get(f"{ledger.proxy_url}/quotas/alice", headers=ledger.admin, timeout=10).json()
    ledger.kill9()
    for snapshot in (ledger.home / "system").rglob("*snapshot*"):
        if snapshot.is_file():
            snapshot.unlink()
    ledger.start()
    after = requests.get(f"{ledger.proxy_url}/quotas/alice", headers=ledger.admin, timeout=10).json()
    assert after == before
    (event,) = ledger.events("quota.set")
    assert event["zoneRule"] == "<+01>-1" and len(event["zoneTransitions"]) > 50


def test_a_threshold_is_crossed_once_and_not_again_by_a_replay(journal_ledger):
    ledger = journal_ledger
    ask(ledger, "alice")
    (settled,) = ledger.wait_settled(1)
    cost = Decimal(settled["costUsd"])
    # What was spent is one hundredth of the limit that comes now; two more calls are half of the four.
    room = {"measure": "requests", "window": "month", "limit": 4}
    ledger.set_quota("group:red", limits=[room])
    ledger.set_quota(
        "alice", limits=[{"measure": "cost", "window": "month", "limitUsd": str(100 * cost)}], thresholds=[1]
    )
    ledger.join_group("red", "alice")
    crossed = ledger.events("threshold.crossed")
    assert [(event["user"], event["threshold"], event["usedUsd"]) for event in crossed] == [
        ("alice", 1, cost)
    ]
    for _ in range(2):
        ask(ledger, "alice", extra_headers={"x-simulate-output-tokens": "1"})
    ledger.wait_settled(3)
    (half,) = [event for event in ledger.events("threshold.crossed") if event.get("subject")]
    assert (half["subject"], half["threshold"], half["used"], half["limit"]) == ("group:red", 50, 2, 4)
    before = ledger.events("threshold.crossed")
    ledger.kill9()
    ledger.start()
    assert ledger.events("threshold.crossed") == before
    shown = requests.get(f"{ledger.proxy_url}/quotas/group:red", headers=ledger.admin, timeout=10).json()
    assert shown["limits"][0]["crossed"] == 50 and shown["limits"][0]["left"] == 2
    ledger.run("verify")


def test_the_command_line_sets_shows_and_lists_limits_of_every_subject(journal_ledger):
    ledger = journal_ledger
    words = [
        "--daily",
        "5",
        "--limit",
        "requests/hour=10",
        "--limit",
        "tokens/week=9000",
        "--timezone",
        "Asia/Tokyo",
    ]
    set_ = json.loads(
        ledger.run(
            "quota", "set", "--group", "red", *words, "--reason", "spring", "--thresholds", "90"
        ).stdout
    )
    assert set_["subject"] == "group:red" and set_["dailyLimitUsd"] == 5 and set_["thresholds"] == [90]
    measures = [(limit["measure"], limit["window"], limit.get("limit")) for limit in set_["limits"]]
    assert measures == [("cost", "day", None), ("requests", "hour", 10), ("tokens", "week", 9000)]
    assert json.loads(ledger.run("quota", "show", "--group", "red").stdout) == set_
    ledger.run("quota", "set", "--model", "meta/llama-3", "--disable")
    ledger.run("quota", "set", "--default", "--monthly", "1.50")
    ledger.run("quota", "set", "alice", "--daily-tokens", "7")
    table = ledger.run("quota", "list").stdout.splitlines()
    assert [line.split()[0] for line in table[2:]] == [
        "default",
        *["group:red"] * 3,
        "model:meta/llama-3",
        "user:alice",
    ]
    listed = json.loads(ledger.run("quota", "list", "--json").stdout)["quotas"]
    assert [quota["subject"] for quota in listed] == [
        "default",
        "group:red",
        "model:meta/llama-3",
        "user:alice",
    ]
    assert ledger.run("quota", "join", "red", "alice").stdout.strip() == "joined"
    assert json.loads(ledger.run("quota", "members", "red").stdout) == {"group": "red", "members": ["alice"]}
    assert ledger.run("quota", "leave", "red", "alice").stdout.strip() == "left"
    assert ledger.run("quota", "rm", "--group", "red", "--reason", "autumn").stdout.strip() == "removed"
    (removed,) = ledger.events("quota.removed")
    assert (removed["subject"], removed["by"], removed["reason"]) == ("group:red", "admin", "autumn")


def test_another_spelling_of_a_model_does_not_evade_its_limit(ledger):
    key = ledger.mint_key("alice")
    answer = ledger.set_quota(
        "model:claude-opus-4-5", limits=[{"measure": "requests", "window": "day", "limit": 1}]
    )
    assert "claude-opus-4.5" in answer["names"]
    spellings = [
        "claude-opus-4-5",
        "claude-opus-4-5-20251101",
        "claude-opus-4-5-latest",
        "claude-opus-4.5",
        "claude-opus-4-5@20251101",
        "us.anthropic.claude-opus-4-5-v1:0",
    ]

    def status(model: str) -> int:
        body = {"model": model, "max_tokens": 20, "messages": HELLO}
        headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        return requests.post(
            f"{ledger.proxy_url}/v1/messages", json=body, headers=headers, timeout=30
        ).status_code

    assert [status(model) for model in spellings] == [200, 429, 429, 429, 429, 429]
    assert status("claude-opus-4-6") == 200
    ledger.run("verify")
    assert limits.violations(ledger.events()) == []


def test_the_command_line_reads_a_subject_as_a_path_does(journal_ledger):
    ledger = journal_ledger

    def subject(*words) -> str:
        return json.loads(ledger.run("quota", *words).stdout)["subject"]

    words = ("group:red", "model:meta/llama-3", "global", "default", "user:alice", "bob", "user:group:red")
    for word in words:
        named = word if ":" in word or word in ("global", "default") else f"user:{word}"
        assert subject("set", word, "--daily", "1") == named
        assert subject("show", word) == named
    listed = [line.split()[0] for line in ledger.run("quota", "list").stdout.splitlines()[2:]]
    for name in listed:
        ledger.run("quota", "rm", name)
    assert len(listed) == len(words) and ledger.run("quota", "list").stdout.splitlines()[2:] == []
    assert {event.get("user") for event in ledger.events("quota.set")} == {
        None,
        "alice",
        "bob",
        "group:red",
    }
    ledger.run("quota", "join", "group:red", "user:alice")
    assert json.loads(ledger.run("quota", "members", "red").stdout)["members"] == ["alice"]
    ledger.run("quota", "leave", "group:red", "alice")
    for arguments, said in (
        (("set", "group:", "--daily", "1"), '"group:" is no user'),
        (("set", "--daily", "1"), "say whose limits"),
        (("set", "alice", "--group", "red", "--daily", "1"), '"alice" is not understood'),
        (("set", "--group", "red", "--global", "--daily", "1"), "say whose limits, once"),
        (("show",), "say whose limits"),
        (("join", "red", "global"), '"global" is no user'),
        (("members", "group:"), '"group:" is no group'),
    ):
        refused = ledger.run("quota", *arguments, check=False)
        assert refused.returncode == 64 and said in refused.stderr, (arguments, refused.stderr)
