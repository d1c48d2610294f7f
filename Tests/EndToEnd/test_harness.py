"""The judges are judged first: the price computation and the fold, on figures worked out by hand."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import fold
import limits
import psycopg
import pytest
from ledger import Prometheus, check_metrics
from pricing import PriceBook, Unpriced, buckets_of
from processes import NotReady, Process, free_port, wait_until
from prometheus_client import CollectorRegistry, Gauge, generate_latest, start_http_server

BOOK = {
    "format": "dispatch-ledger-prices/1",
    "currency": "USD",
    "unpricedReserveUsd": "1",
    "models": [
        {
            "provider": "anthropic",
            "model": "m",
            "aliases": ["n"],
            "outputTokensMax": 100,
            "prices": [
                {"from": "2025-01-01T00:00:00Z", "perMillion": {"input": "2", "output": "10"}},
                {
                    "from": "2026-01-01T00:00:00Z",
                    "perMillion": {"input": "3", "cacheRead": "0.3", "cacheWrite5m": "3.75", "output": "15"},
                    "perThousand": {"webSearch": "10"},
                    "tiers": [{"above": 200000, "perMillion": {"input": "6", "output": "22.5"}}],
                    "multipliers": {"batch": "0.5", "geoUs": "1.1", "fast": {"output": "2"}},
                    "rates": {
                        "priority": {
                            "perMillion": {"input": "5"},
                            "tiers": [{"above": 200000, "perMillion": {"input": "9"}}],
                        }
                    },
                },
            ],
        }
    ],
}
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(BOOK))
    return PriceBook(path)


@pytest.mark.parametrize(
    ("buckets", "modifiers", "at", "expected"),
    [
        ({"input": 1, "output": 1}, [], NOW, "0.000018"),
        ({"input": 1, "output": 1}, [], datetime(2025, 6, 1, tzinfo=UTC), "0.000012"),
        ({"cacheRead": 1, "cacheWrite5m": 1}, [], NOW, "0.00000405"),
        ({"input": 1}, ["batch", "geoUs"], NOW, "0.00000165"),
        ({"input": 200_000}, [], NOW, "0.6"),
        ({"input": 200_001}, [], NOW, "1.200006"),
        ({"input": 100_000, "cacheRead": 100_001, "output": 1}, [], NOW, "0.6300228"),
        ({"webSearch": 2}, ["batch"], NOW, "0.02"),
        ({"input": 1, "output": 1}, ["fast"], NOW, "0.000033"),
        ({"input": 1, "output": 1}, ["priority", "geoUs"], NOW, "0.000022"),
        ({"input": 200_001}, ["priority"], NOW, "1.800009"),
    ],
)
def test_a_price_is_the_one_worked_out_by_hand(book, buckets, modifiers, at, expected):
    assert book.price("anthropic", "m", buckets, modifiers, at) == Decimal(expected)


def test_a_name_may_be_an_alias_or_carry_a_date(book):
    assert book.model("anthropic", "n") is book.model("anthropic", "m-20250929")


@pytest.mark.parametrize(
    ("model", "bucket", "year"), [("x", "input", 2026), ("m", "outputAudio", 2026), ("m", "input", 2024)]
)
def test_what_has_no_price_is_never_free(book, model, bucket, year):
    with pytest.raises(Unpriced):
        book.price("anthropic", model, {bucket: 1}, (), datetime(year, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("api", "usage", "expected"),
    [
        (
            "messages",
            {
                "input_tokens": 5,
                "cache_creation_input_tokens": 9,
                "cache_read_input_tokens": 2,
                "cache_creation": {"ephemeral_1h_input_tokens": 4},
                "output_tokens": 7,
            },
            {"input": 5, "cacheRead": 2, "cacheWrite5m": 5, "cacheWrite1h": 4, "output": 7},
        ),
        (
            "chatCompletions",
            {
                "prompt_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 1},
                "completion_tokens": 6,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            {"input": 5, "cacheRead": 4, "inputAudio": 1, "output": 6},
        ),
        (
            "responses",
            {"input_tokens": 8, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 3},
            {"cacheRead": 8, "output": 3},
        ),
        ("embeddings", {"prompt_tokens": 4, "total_tokens": 4}, {"input": 4}),
    ],
)
def test_a_provider_s_usage_falls_into_disjoint_buckets(api, usage, expected):
    assert {name: count for name, count in buckets_of(api, usage).items() if count} == expected


def call(position, kind, call_id="c", **fields):
    return {
        "position": position,
        "type": kind,
        "timestamp": "2026-11-24T23:59:59.000000Z",
        "user": "u",
        "callId": call_id,
        "model": "m",
        **fields,
    }


def test_the_fold_finds_the_prefix_at_which_a_limit_does_not_hold():
    quota = {
        "position": 1,
        "type": "quota.set",
        "timestamp": "2026-11-24T00:00:00.000000Z",
        "user": "u",
        "dailyLimitUsd": Decimal("1"),
    }
    first = call(2, "call.reserved", "a", reservedUsd=Decimal("0.6"), reservedTokens=10)
    second = call(3, "call.reserved", "b", reservedUsd=Decimal("0.5"), reservedTokens=10)
    settled = call(
        4, "call.settled", "a", costUsd=Decimal("0.1"), costState="priced", tokensIn=1, tokensOut=1
    )
    assert [v.split(":")[0] for v in fold.fold([quota, first, second, settled]).violations] == ["position 3"]
    late = {**second, "position": 4}
    assert fold.fold([quota, first, {**settled, "position": 3}, late]).violations == []


SHARED = {
    "position": 1,
    "type": "quota.set",
    "timestamp": "2026-11-24T00:00:00.000000Z",
    "subject": "model:m",
    "limits": [{"measure": "cost", "window": "day", "limitUsd": Decimal(1)}],
}


def reserved(position: int, call_id: str, usd: str) -> dict:
    return call(position, "call.reserved", call_id, reservedUsd=Decimal(usd), reservedTokens=10)


def settled(position: int, call_id: str, usd: str) -> dict:
    costs = {"costUsd": Decimal(usd), "costState": "priced", "tokensIn": 1, "tokensOut": 1}
    return call(position, "call.settled", call_id, **costs)


def adjusted(position: int, original: int, old: str | None, new: str | None, held: str = "0") -> dict:
    sides = {
        name: {"costUsd": usd and Decimal(usd)} | ({} if usd else {"heldUsd": Decimal(held)})
        for name, usd in (("old", old), ("new", new))
    }
    return call(position, "cost.adjusted", original=original, **sides)


def broken_at(*events: dict) -> list[str]:
    return [violation.split(":")[0] for violation in limits.violations([SHARED, *events])]


def test_a_correction_gives_room_that_the_limits_judge_knows_of():
    full = (reserved(2, "a", "0.9"), settled(3, "a", "0.9"))
    assert broken_at(*full, reserved(4, "b", "0.8")) == ["position 4"]
    assert broken_at(*full, adjusted(4, 3, "0.9", "0.1"), reserved(5, "b", "0.9")) == []
    assert broken_at(*full, adjusted(4, 3, "0.9", "0.1"), reserved(5, "b", "0.91")) == ["position 5"]
    # What is held because no price is known counts; a price frees it.
    held = {**settled(3, "a", "0"), "costUsd": None, "heldUsd": Decimal("0.9")}
    assert broken_at(full[0], held, reserved(4, "b", "0.2")) == ["position 4"]
    assert broken_at(full[0], held, adjusted(4, 3, None, "0.1", held="0.9"), reserved(5, "b", "0.9")) == []


def test_a_correction_may_pass_a_limit_and_no_call_after_it_may():
    full = (reserved(2, "a", "0.9"), settled(3, "a", "0.1"), adjusted(4, 3, "0.1", "5"))
    assert broken_at(*full) == []
    assert broken_at(*full, reserved(5, "b", "0")) == ["position 5"]
    # Back below it, the room is there again; and what was freed, used and then taken back is a fact too.
    assert broken_at(*full, adjusted(5, 3, "5", "0.1"), reserved(6, "b", "0.9")) == []
    freed = (reserved(2, "a", "0.9"), settled(3, "a", "0.9"), adjusted(4, 3, "0.9", "0"))
    again = (reserved(5, "b", "1"), adjusted(6, 3, "0", "0.9"), settled(7, "b", "1"))
    assert broken_at(*freed, *again) == []
    assert broken_at(*freed, *again, adjusted(8, 3, "0.9", "0.95"), reserved(9, "c", "0")) == ["position 9"]


def test_a_correction_counts_where_the_call_does_whatever_model_answered():
    answered = {**settled(3, "a", "0.9"), "model": "m-20260101", "requestModel": "m"}
    correction = {**adjusted(4, 3, "0.9", "0.1"), "model": "m-20260101"}
    assert broken_at(reserved(2, "a", "0.9"), answered, correction, reserved(5, "b", "0.9")) == []


def test_a_correction_that_names_other_limits_than_the_call_counts_in_is_found():
    joined = {**call(2, "group.joined"), "group": "red"}
    answered = {**settled(5, "a", "0.9"), "model": "m-20260101", "requestModel": "m"}
    left = {**call(4, "group.left"), "group": "red"}
    before = (joined, reserved(3, "a", "0.9"), left, answered)
    said = {"model": "m-20260101", "chargedPosition": 3, "chargedModel": "m", "chargedGroups": ["red"]}
    right = {**adjusted(6, 5, "0.9", "0.1"), **said}
    assert broken_at(*before, right) == []
    for change in ({"chargedPosition": 5}, {"chargedModel": "m-20260101"}, {"chargedGroups": []}):
        assert broken_at(*before, {**right, **change}) == ["position 6"], change


def test_what_is_reported_after_the_fact_counts_and_passes_a_limit_only_by_itself():
    report = {
        **call(2, "usage.reported", costUsd=Decimal(2), tokensIn=1, tokensOut=1),
        "callId": None,
    }
    assert broken_at(report) == []
    assert broken_at(report, reserved(3, "a", "0.1")) == ["position 3"]
    assert broken_at(report, adjusted(3, 2, "2", "0.5"), reserved(4, "a", "0.5")) == []


def test_the_fold_counts_a_call_on_the_day_on_which_it_reserved():
    reserved = call(1, "call.reserved", reservedUsd=Decimal("1"), reservedTokens=5)
    settled = call(
        2, "call.settled", costUsd=None, costState="unpriced", heldUsd=Decimal("1"), tokensIn=2, tokensOut=3
    ) | {"timestamp": "2026-11-25T00:00:01.000000Z"}
    state = fold.fold([reserved, settled])
    assert state.windows["u", "2026-11-24"].held == 1
    assert state.windows["u", "2026-11-25"].charged == 0
    assert (state.by_user["u"].unpriced, state.by_user["u"].tokens_in, state.open) == (1, 2, {})


def test_the_fold_names_the_line_whose_link_is_broken():
    previous, journal = hashlib.sha256(b"dispatch-ledger:o").digest(), []
    for position in (1, 2, 3):
        covered = f'{{"position":{position}'.encode()
        previous = hashlib.sha256(previous + covered).digest()
        journal.append(covered + b',"chain":"' + previous.hex().encode() + b'"}')
    assert fold.broken_links(journal, "o") == []
    assert fold.broken_links(journal, "p")[0].startswith("line 1")
    journal[1] = journal[1].replace(b'"position":2', b'"position":3')
    assert fold.broken_links(journal, "o")[0].startswith("line 2")


def test_a_private_postgresql_survives_a_crash(own_cluster):
    url = own_cluster.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (id int)")
        connection.execute("insert into kept values (7)")
    own_cluster.kill9()
    own_cluster.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("select id from kept").fetchall() == [(7,)]


def test_a_real_prometheus_scrapes_and_answers(folder):
    registry, port = CollectorRegistry(), free_port()
    Gauge("cost_usd", "Cost.", ["user"], registry=registry).labels("alice").set(1.25)
    server, _thread = start_http_server(port, "127.0.0.1", registry)
    prometheus = Prometheus(folder / "prometheus", {"one": port}).start()
    try:
        prometheus.wait_scraped()
        assert prometheus.value('sum(cost_usd{job="one"})') == 1.25
        assert prometheus.value("nothing_of_the_kind") is None
    finally:
        prometheus.stop()
        server.shutdown()
    assert check_metrics(generate_latest(registry).decode()) == ""
    assert "promtool" in check_metrics("no exposition at all {")


def test_a_program_that_ends_or_does_not_get_ready_is_reported_with_its_output(folder):
    ended = Process("ended", ["sh", "-c", "echo last words; exit 3"], folder / "ended.log").start()
    with pytest.raises(NotReady, match="(?s)ended with 3.*last words"):
        wait_until(lambda: False, 5, "it", ended)
    stubborn = Process(
        "stubborn", ["sh", "-c", "trap '' TERM; echo here; sleep 60"], folder / "s.log"
    ).start()
    wait_until(lambda: "here" in stubborn.log.read_text(), 5, "its trap", stubborn)
    with pytest.raises(NotReady, match="did not end"):
        stubborn.stop(0.2)
    assert not stubborn.is_running
