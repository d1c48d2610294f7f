"""`dledger export`: FOCUS against its requirements, CSV and JSON lines against the journal."""

import csv
import hashlib
import io
import json
import random
import subprocess
import sys
import uuid
from decimal import Decimal

import agreement
import focus_rules
import fold
import pytest
from history import MODEL, UNPRICED, History
from journals import MadeJournal, tamper
from pricing import ROOT, PriceBook, moment

MONEY = ("call.settled", "call.expired", "usage.reported")


@pytest.fixture(scope="module")
def history(binary, cluster, tmp_path_factory):
    """A ledger that has served a bit of everything, all three services at work."""
    history = History(binary, tmp_path_factory.mktemp("export"), cluster.create_database())
    try:
        yield history.fill()
    finally:
        history.stop()


def focus(ledger, *arguments) -> tuple[list[str], list[dict]]:
    file = ledger.folder / "focus.csv"
    ledger.run("export", "focus", "--output", file, *arguments)
    return focus_rules.read(file)


def rows_of(ledger, *arguments) -> list[dict]:
    return list(csv.DictReader(io.StringIO(ledger.run("export", "csv", *arguments).stdout)))


def money(events: list[dict]) -> list[dict]:
    return [
        event
        for event in events
        if event["type"] in MONEY or event["type"] == "dispatch.completed" and event["billing"] == "direct"
    ]


def test_a_focus_file_meets_every_requirement_and_comes_to_the_ledger(history):
    heading, rows = focus(history.ledger)
    assert focus_rules.problems(heading, rows) == []

    # What the file says of money is what the journal says, whoever reads it.
    assert sum(Decimal(row["BilledCost"]) for row in rows) == history.cost(history.money)
    held = sum(Decimal(event.get("heldUsd", 0)) for event in history.money)
    assert held > 0 and sum(Decimal(row["x_HeldCost"]) for row in rows) == held
    by_user = {row["user"]: Decimal(row["costUsd"]) for row in history.ledger.usage()}
    for user in {row["SubAccountId"] for row in rows}:
        mine = sum(Decimal(row["BilledCost"]) for row in rows if row["SubAccountId"] == user)
        assert mine == by_user[user], user
    tokens = sum(int(row["x_InputTokens"]) for row in rows)
    assert tokens == sum(event.get("tokensIn", 0) for event in history.money)


def test_each_kind_of_token_has_its_own_price(history):
    _, rows = focus(history.ledger)
    prices = PriceBook().prices("anthropic", MODEL, moment(history.events[0]["timestamp"]))["perMillion"]
    seen = set()
    for row in rows:
        of_book = row["x_CostState"] == "priced" and row["SubAccountId"] == "dan"
        if row["x_Model"] == MODEL and row["x_UsageBucket"] in prices and of_book:
            each = Decimal(prices[row["x_UsageBucket"]]).scaleb(-6)
            assert Decimal(row["ListUnitPrice"]) == each and row["PricingUnit"] == "Tokens"
            seen.add(row["x_UsageBucket"])
    alice = {
        row["x_UsageBucket"] for row in rows if row["SubAccountId"] == "alice" and row["x_Kind"] == "call"
    }
    assert alice >= {"input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"}
    assert {row["ServiceSubcategory"] for row in rows} == {"Generative AI", "Containers"}


def test_what_is_not_known_says_so(history):
    _, rows = focus(history.ledger)
    unpriced = [row for row in rows if row["x_CostState"] == "unpriced"]
    assert {row["x_Model"] for row in unpriced} >= {UNPRICED}
    for row in unpriced:
        assert Decimal(row["x_HeldCost"]) > 0 and "no price is known" in row["ChargeDescription"]
        assert row["BilledCost"] == "0"
    estimated = [row for row in rows if row["x_CostState"] == "estimated"]
    assert estimated and all("estimated" in row["ChargeDescription"] for row in estimated)
    of_calls = rows_of(history.ledger)
    assert {row["costUsd"] for row in of_calls if row["costState"] == "unpriced"} == {""}


def test_csv_has_a_row_for_each_event_that_spends(history):
    rows, events = rows_of(history.ledger), money(history.ledger.events())
    assert [int(row["position"]) for row in rows] == [event["position"] for event in events]
    for row, event in zip(rows, events, strict=True):
        assert (row["type"], row["user"], row["timestamp"]) == (
            event["type"],
            event["user"],
            event["timestamp"],
        )
        assert row["costUsd"] == ("" if event["costUsd"] is None else f"{Decimal(event['costUsd']):f}")
        assert (int(row["tokensIn"]), row["model"]) == (event.get("tokensIn", 0), event["model"])
        for bucket, count in event.get("usage", {}).items():
            assert int(row[bucket]) == count
    assert "prompt" not in rows[0]


def test_json_lines_are_the_journals_bytes(history):
    ledger = history.ledger
    lines = ledger.lines()
    whole = ledger.folder / "all.jsonl"
    ledger.run("export", "jsonl", "--output", whole)
    assert whole.read_bytes() == b"".join(line + b"\n" for line in lines)
    script = [sys.executable, ROOT / "docs" / "verify_chain.py"]
    for place in (whole, ledger.home / "system" / "logs"):
        done = subprocess.run([*script, place, ledger.origin], capture_output=True, text=True)
        assert done.returncode == 0 and f"{len(lines)} lines, last chain" in done.stdout, done.stderr
    of_bob = ledger.run("export", "jsonl", "--user", "bob").stdout.encode()
    assert of_bob == b"".join(line + b"\n" for line in lines if fold.parse(line).get("user") == "bob")


@pytest.fixture
def made(make_ledger):
    """A ledger that is not running: five days with twelve calls each, over the end of a month."""
    ledger = make_ledger(start=False)
    ledger.made = MadeJournal(ledger.origin).days(5, 12)
    ledger.made.write(ledger.home)
    return ledger


def test_a_range_is_half_open_and_of_whole_hours(made):
    days = ("2026-01-31", "2026-02-01", "2026-02-02")
    parts = [
        focus(made, "--from", first, "--to", last)[1] for first, last in zip(days, days[1:], strict=False)
    ]
    both = focus(made, "--from", days[0], "--to", days[-1])[1]
    assert parts[0] and parts[1] and parts[0] + parts[1] == both
    months = {row["BillingPeriodStart"] for row in both}
    assert months == {"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}
    heading, nothing = focus(made, "--from", "2025-01-01", "--to", "2025-01-02")
    assert nothing == [] and focus_rules.problems(heading, nothing) == []
    for odd in ("2026-02-01T10:30:00Z",):
        refused = made.run("export", "focus", "--from", odd, check=False)
        assert refused.returncode == 64 and "whole hour" in refused.stderr
        assert made.run("export", "csv", "--from", odd).returncode == 0
    backwards = made.run("export", "csv", "--from", "2026-02-02", "--to", "2026-02-01", check=False)
    assert backwards.returncode == 64 and "lies behind" in backwards.stderr


def test_without_the_book_a_call_stands_as_a_whole(made):
    """The journal names a book that nobody has: the sums are right all the same."""
    heading, rows = focus(made)
    assert focus_rules.problems(heading, rows) == []
    assert {row["x_UsageBucket"] for row in rows} == {"total"}
    assert sum(Decimal(row["BilledCost"]) for row in rows) == sum(made.made.cost.values())
    assert sum(int(row["ConsumedQuantity"]) for row in rows) == made.made.calls
    assert sum(int(row["x_OutputTokens"]) for row in rows) == made.made.calls * 3


def test_an_answer_of_several_models_has_each_model_s_rows_at_its_own_prices(make_ledger):
    ledger = make_ledger(start=False)
    made, book = MadeJournal(ledger.origin, start="2026-11-20"), PriceBook()
    models = ("claude-haiku-4-5", MODEL, "claude-haiku-4-5")
    parts = [
        {"model": model, "usage": {"input": 1_000 * number, "output": 7 * number}}
        for number, model in enumerate(models, start=1)
    ]
    costs = [book.price("anthropic", part["model"], part["usage"], (), made.time) for part in parts]
    hash_ = hashlib.sha256((ROOT / "distro" / "prices.json").read_bytes()).hexdigest()
    name = (
        f'"user":"ann","callId":"{uuid.UUID(int=9)}","source":"proxy","provider":"anthropic",'
        f'"model":"{MODEL}","api":"messages",'
    )
    made.append("call.reserved", f'{name}"reservedUsd":1,"reservedTokens":9000,"priceBook":"{hash_}"')
    made.append(
        "call.settled",
        f'{name}"result":"ok","status":200,"tokensIn":6000,"tokensOut":42,"costUsd":{agreement.plain(sum(costs))},'
        '"costState":"priced","durationMs":7,"usage":{"input":6000,"output":42},'
        f'"usageSource":"provider_final","priceBook":"{hash_}",'
        f'"parts":{json.dumps(parts, separators=(",", ":"))},"toolsUsed":[]',
    )
    made.write(ledger.home)
    ledger.run("verify")
    heading, rows = focus(ledger)
    assert focus_rules.problems(heading, rows) == []
    assert sum(Decimal(row["BilledCost"]) for row in rows) == sum(costs)
    assert {row["x_Model"] for row in rows} == {MODEL}
    quantities = {row["SkuId"]: int(row["PricingQuantity"]) for row in rows}
    assert quantities == {
        "anthropic/claude-haiku-4-5/input": 4_000,
        "anthropic/claude-haiku-4-5/output": 28,
        f"anthropic/{MODEL}/input": 2_000,
        f"anthropic/{MODEL}/output": 14,
    }
    for model in set(models):
        mine = sum(Decimal(row["BilledCost"]) for row in rows if row["ResourceName"] == model)
        assert mine == sum(cost for cost, part in zip(costs, parts, strict=True) if part["model"] == model)


def test_a_name_is_never_a_formula(make_ledger):
    ledger = make_ledger(start=False)
    made = MadeJournal(ledger.origin)
    made.call("@sum", model='=HYPERLINK(\\"http://evil\\",\\"x\\")')
    made.call("-bob", model="a,b")
    made.write(ledger.home)
    rows = rows_of(ledger)
    assert [(row["user"], row["model"]) for row in rows] == [
        ("'@sum", '\'=HYPERLINK("http://evil","x")'),
        ("'-bob", "a,b"),
    ]
    raw = rows_of(ledger, "--raw")
    assert [row["user"] for row in raw] == ["@sum", "-bob"]


def test_a_file_appears_whole_or_not_at_all(made):
    file = made.folder / "out.csv"
    file.write_text("before")
    document = json.loads(made.run("export", "csv", "--output", file, "--json").stdout, parse_float=Decimal)
    assert document["rows"] == 60 and document["costUsd"] == sum(made.made.cost.values())
    assert len(file.read_text().splitlines()) == 61

    # Damage in the middle: the old file stays, nothing is left beside it.
    file.write_text("before")
    segment = fold.segments(made.home)[2]
    segment.write_bytes(segment.read_bytes().replace(b'"tokensIn":12', b'"tokensIn":13', 1))
    refused = made.run("export", "focus", "--output", file, check=False)
    assert refused.returncode == 65 and segment.name in refused.stderr
    assert file.read_text() == "before"
    assert [path.name for path in made.folder.iterdir() if "part" in path.name] == []


def test_what_cannot_be_written_is_said(made):
    for arguments, code in (
        (("csv", "--output", made.folder / "no" / "such.csv"), 73),
        (("xml",), 64),
        (("csv", "--user", "no user"), 64),
        (("csv", "--json"), 64),
        (("focus", "--prices", made.folder / "none.json"), 65),
    ):
        done = made.run("export", *arguments, check=False)
        assert done.returncode == code and done.stderr.startswith("dledger: "), (arguments, done.stderr)
    for command in (("export", "focus"), ("replay",), ("rerate", "--since", "all")):
        refused = made.run(*command, "--prices", made.folder / "none.json", check=False)
        assert refused.stderr.startswith("dledger: --prices: open "), refused.stderr
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [made.binary, "export", "csv"],
            env=made.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 73 and "No space left" in done.stderr


@pytest.mark.slow
def test_random_events_agree_in_four_ways(binary, cluster, folder):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    outcome = agreement.check(binary, folder, cluster.create_database(), 5_000, seed)
    assert outcome["events"] >= 5_000 and outcome["estimated"] > 0 and outcome["held"] > 0


def test_agreement_is_not_blind(binary, cluster, folder):
    """One atto-dollar in one sum of the database is seen."""
    url = cluster.create_database()
    agreement.check(binary, folder, url, 300, 1)

    class Database:
        postgres_url = url

    tamper(
        Database,
        "update ledger.usage_hourly set cost_usd = cost_usd + 0.000000000000000001 where ctid ="
        " (select ctid from ledger.usage_hourly where cost_usd > 0 limit 1)",
    )
    expected = agreement.by_decimal(folder / "home")
    assert len(agreement.differences(expected, agreement.by_sql(url))) == 1
