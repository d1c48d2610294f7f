"""Every line of a journal is what docs/schemas says of its type, and the schemas say what the code says."""

import copy
import json
import re
import time
from decimal import Decimal
from pathlib import Path

import anthropic
import fold
import pytest
import requests
from jsonschema import Draft202012Validator
from pricing import changed_book, times_thousand
from traffic import Load

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
CORE = ROOT / "Sources" / "Ledger" / "Core"
HELLO = [{"role": "user", "content": "Hello"}]

schemas = {path.stem: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}
golden = [
    pytest.param(fold.parse(line), id=f"{path.stem}-{number}")
    for path in sorted((ROOT / "Tests" / "Golden" / "journal").glob("*.jsonl"))
    if path.stem != "snapshot"
    for number, line in enumerate(path.read_bytes().splitlines(), start=1)
]


def problems(event: dict) -> list[str]:
    validator = Draft202012Validator(schemas[event["type"]])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]


def cases(file: str, enumeration: str) -> list[str]:
    """The words of a Swift enumeration of strings: `case a = "b"`, `case a`, `case a, b`."""
    source = (CORE / file).read_text()
    body = re.search(rf"enum {enumeration}: String[^{{]*{{(.*?)\n *}}", source, re.DOTALL).group(1)
    words = []
    for names in re.findall(r"^ *case (.+)$", body, re.MULTILINE):
        for name in names.split(","):
            plain, _, named = name.partition("=")
            words.append(named.strip().strip('"') or plain.strip())
    return words


# The schemas themselves


@pytest.mark.parametrize("name", schemas)
def test_each_schema_is_valid_closed_and_explains_every_field(name):
    schema = schemas[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] and schema["description"]
    assert schema["properties"]["type"]["const"] == name
    assert schema["additionalProperties"] is False
    for field, rule in schema["properties"].items():
        assert rule["description"], field


def test_every_type_of_event_has_a_schema_and_every_schema_a_type():
    assert sorted(cases("Event.swift", "EventType")) == sorted(schemas)


@pytest.mark.parametrize(
    ("name", "field", "file", "enumeration"),
    [
        ("call.settled", "result", "CallEvents.swift", "CallResult"),
        ("call.settled", "costState", "Cost.swift", "CostState"),
        ("call.settled", "usageSource", "Usage.swift", "UsageSource"),
        ("call.expired", "costState", "Cost.swift", "CostState"),
        ("call.expired", "reason", "CallEvents.swift", "ExpiryReason"),
        ("call.rejected", "reason", "QuotaEvents.swift", "Kind"),
        ("dispatch.completed", "billing", "DispatchEvents.swift", "DispatchBilling"),
        ("dispatch.completed", "result", "CallEvents.swift", "CallResult"),
        ("dispatch.completed", "costState", "Cost.swift", "CostState"),
        ("dispatch.completed", "usageSource", "Usage.swift", "UsageSource"),
        ("dispatch.rejected", "reason", "DispatchEvents.swift", "DispatchRefusal"),
        ("usage.reported", "costState", "Cost.swift", "CostState"),
        ("alert.received", "status", "AlertEvents.swift", "AlertStatus"),
    ],
)
def test_a_closed_list_of_words_is_the_code_s(name, field, file, enumeration):
    assert schemas[name]["properties"][field]["enum"] == cases(file, enumeration)


def test_a_container_s_changes_are_the_code_s():
    named = [name.removeprefix("container.") for name in schemas if name.startswith("container.")]
    assert sorted(named) == sorted(cases("ContainerEvents.swift", "ContainerChange"))


def test_a_report_s_kinds_are_some_of_the_code_s():
    kinds = schemas["usage.reported"]["properties"]["kind"]["enum"]
    assert set(cases("UsageDelta.swift", "UsageKind")) - set(kinds) == {"call", "dispatch"}


@pytest.mark.parametrize("name", ["call.settled", "dispatch.completed", "usage.reported"])
def test_the_buckets_of_usage_are_the_code_s(name):
    listed = list(schemas[name]["properties"]["usage"]["properties"])
    assert listed == [*cases("Usage.swift", "UsageBucket"), "reasoning"]


# Golden lines: what the encoder writes


@pytest.mark.parametrize("event", golden)
def test_a_golden_line_is_what_its_schema_says(event):
    assert problems(event) == []
    listed = list(schemas[event["type"]]["properties"])
    assert list(event) == [name for name in listed if name in event], "the fields stand in the lines' order"


def test_the_golden_lines_show_every_field_of_every_schema():
    shown = {name: set() for name in schemas}
    for parameter in golden:
        (event,) = parameter.values
        shown[event["type"]] |= set(event)
    # One writer writes what names a call, for all of its events: two of them show the links.
    for name in ("call.expired", "call.rejected"):
        shown[name] |= {"sessionId", "dispatchId", "attempt", "retryOf"}
    # No expired call holds anything: a reservation that expires counts as spent.
    shown["call.expired"].add("heldUsd")
    assert shown == {name: set(schema["properties"]) for name, schema in schemas.items()}


# Needed beside, or in the place of, other fields.
CONDITIONAL = {
    "call.settled": {"heldUsd"},
    "dispatch.completed": {"heldUsd"},
    "usage.reported": {"heldUsd"},
    "quota.set": {"user", "subject", "timezone", "zoneRule"},
    "quota.removed": {"user", "subject"},
    "threshold.crossed": {"user", "subject", "limitUsd", "limit", "usedUsd", "used"},
    "lease.set": {"user", "subject", "limitUsd", "limit", "leasedUsd", "leased"},
}


@pytest.mark.parametrize("event", golden)
def test_a_line_without_a_required_field_is_refused(event):
    schema = schemas[event["type"]]
    for field in event:
        less = {name: value for name, value in event.items() if name != field}
        beside = schema.get("dependentRequired", {})
        needed = any(name in event and field in others for name, others in beside.items())
        if field == "type":
            assert list(Draft202012Validator(schema).iter_errors(less))
        elif field in schema["required"] or field in CONDITIONAL.get(event["type"], ()) or needed:
            assert problems(less), f"{field} may be missing"
        else:
            assert problems(less) == [], f"{field} may not be missing"


@pytest.mark.parametrize("event", golden)
def test_a_line_with_an_unknown_field_is_refused_at_every_depth(event):
    assert problems(event | {"surprise": 1})
    for field, value in event.items():
        if isinstance(value, dict):
            assert problems(event | {field: value | {"surprise": 1}}), field
        if isinstance(value, list) and value and isinstance(value[0], dict):
            assert problems(event | {field: [value[0] | {"surprise": 1}, *value[1:]]}), field


@pytest.mark.parametrize("event", golden)
def test_a_line_with_a_value_of_another_kind_is_refused(event):
    for field in event.keys() - {"type"}:
        wrong = copy.deepcopy(event)
        wrong[field] = [False]
        assert problems(wrong), field
    for field, value in event.items():
        # Only the difference of a correction may be negative.
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and field != "differenceUsd":
            assert problems(event | {field: -1}), f"{field} may be negative"


@pytest.mark.parametrize("name", ["call.settled", "dispatch.completed", "usage.reported"])
def test_what_is_unpriced_may_not_claim_a_cost_nor_what_is_priced_none(name):
    lines = [parameter.values[0] for parameter in golden if parameter.values[0]["type"] == name]
    priced = next(line for line in lines if line["costState"] == "priced")
    unpriced = next(line for line in lines if line["costState"] == "unpriced")
    assert problems(unpriced | {"costUsd": 0})
    assert problems(priced | {"costUsd": None})
    assert problems(priced | {"heldUsd": 1})


# A real journal


def test_every_line_of_a_real_journal_is_what_its_schema_says(journal_ledger, folder):
    ledger = journal_ledger
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=0)

    def call(model: str = "claude-sonnet-4-6", **headers) -> None:
        sent = {f"x-{name.replace('_', '-')}": value for name, value in headers.items()}
        client.messages.create(model=model, max_tokens=20, messages=HELLO, extra_headers=sent)

    def refused(error: type[Exception], **headers) -> None:
        with pytest.raises(error):
            call(**headers)

    call(dispatch_id="d-1", session_id="s-1", simulate_cache="read=100,write5m=50,write1h=25")
    call(simulate_tool="true", simulate_tier="priority", simulate_model="claude-opus-4-5")
    call(model="claude-nobody-knows-1")
    call(simulate_fault="no-usage")
    refused(anthropic.InternalServerError, simulate_status="529")
    refused(ValueError, simulate_fault="truncate")
    with client.messages.stream(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=HELLO,
        extra_headers={
            "x-simulate-fault": "truncate",
            "x-simulate-output-tokens": "50",
            "x-simulate-chunk-delay-ms": "10",
        },
    ) as stream:
        next(iter(stream))
    ledger.openai(ledger.mint_key("bob")).responses.create(model="gpt-4o-mini", input="Hello")
    key = {"authorization": f"Bearer {ledger.mint_key('bob')}"}
    requests.get(f"{ledger.proxy_url}/v1/models", headers=key, timeout=10).raise_for_status()
    ended = len(ledger.wait_settled(9))
    for limits in (
        {"dailyLimitUsd": "0.000001"},
        {"monthlyLimitUsd": "0.000001"},
        {"dailyTokens": 1},
        {"enabled": False},
        {"dailyLimitUsd": 10, "monthlyLimitUsd": "99.99", "dailyTokens": 1_000_000},
    ):
        ledger.set_quota("alice", **limits)
        if limits.get("dailyTokens") != 1_000_000:
            refused(anthropic.APIStatusError)
    ledger.delete_quota("alice")
    for measure in cases("Quotas/Limit.swift", "LimitMeasure"):
        for window in cases("Quotas/QuotaCalendar.swift", "LimitWindow"):
            least = {"limitUsd": "0.000001"} if measure == "cost" else {"limit": 0}
            ledger.set_quota("group:red", limits=[{"measure": measure, "window": window, **least}])
            ledger.join_group("red", "alice")
            refused(anthropic.APIStatusError)
    ledger.leave_group("red", "alice", reason="no more")
    ledger.set_quota(
        "global", limits=[{"measure": "requests", "window": "month", "limit": 100}], thresholds=[1]
    )
    call()
    with Load(ledger, ledger.mint_key("carol"), clients=1, headers={"x-simulate-delay-ms": "5000"}):
        while not [event for event in ledger.events("call.reserved") if event["user"] == "carol"]:
            time.sleep(0.01)
        ledger.kill9()
    ledger.start()
    dearer = changed_book(folder, "claude-sonnet-4-6", times_thousand)
    ledger.run("rerate", "--since", "all", "--prices", str(dearer), "--yes")

    events = ledger.events()
    # What the Gateway and the Platform record has its own journals, and leases need PostgreSQL.
    others = ("dispatch.", "alert.", "container.", "usage.", "lease.")
    shown = {name for name in schemas if not name.startswith(others)}
    assert {event["type"] for event in events} == shown, "the traffic shows every type"
    found = [f"line {event['position']}: {problem}" for event in events for problem in problems(event)]
    assert found == []
    settled = [event for event in events if event["type"] == "call.settled"]
    assert len(settled) == ended + 1
    assert {event["result"] for event in settled} == {"ok", "error", "aborted"}
    assert {event["costState"] for event in settled} == {"priced", "estimated", "unpriced"}
    assert {event["reason"] for event in events if event["type"] == "call.rejected"} == set(
        cases("QuotaEvents.swift", "Kind")
    )
