"""The price book: shown, checked, brought up to date from published tables; unknown models."""

import json
import random
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import anthropic
import genai_data
import genai_prices
import openai
import pytest
import requests
from genai_prices import types
from ledger import clean_environment
from pricing import INPUT_BUCKETS, PriceBook
from provider import Provider, chat

ROOT = Path(__file__).resolve().parents[2]
LITELLM = ROOT / "Tests" / "Golden" / "prices" / "litellm.json"
GENAI = ROOT / "Tests" / "Golden" / "prices" / "genai-prices.json"
HELLO = [{"role": "user", "content": "hello"}]
PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "gemini": "google"}
CONTEXTS = {
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"speed": "fast"},
}


@pytest.fixture
def prices(binary, folder):
    """Runs `dledger prices ARGUMENTS`."""

    def run(*arguments, code: int = 0, book=None) -> subprocess.CompletedProcess:
        environment = clean_environment() | ({"LEDGER_PRICES": str(book)} if book else {})
        done = subprocess.run(
            [binary, "prices", *map(str, arguments)],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture
def table(folder):
    path = folder / "data.json"
    path.write_text(genai_data.table())
    return path


def test_the_book_is_shown(prices, price_book):
    lines = prices("show").stdout.splitlines()
    row = next(line for line in lines if " claude-sonnet-4-5 " in line)
    assert row.split()[2:6] == ["3", "0.3", "3.75", "15"]
    assert f"{len(price_book.book['models'])} models" in lines[-2]
    whole = prices("show", "us.anthropic.claude-sonnet-4-5-20250929-v1:0").stdout
    assert whole.startswith("anthropic claude-sonnet-4-5\n") and "source " in whole
    assert ">200k" in whole and "a thousand web searches: 10" in whole
    shown = json.loads(prices("show", "o4-mini", "--json").stdout)["models"][0]
    rates = {(r.get("modifier"), r["bucket"]): r["usd"] for r in shown["prices"][-1]["rates"]}
    assert rates["priority", "output"] == "8" and rates["priority", "input"] == "2"
    unknown = prices("show", "claude-unheard-of", code=1)
    assert "no price" in unknown.stderr


def test_a_book_is_checked_before_it_is_used(prices, folder):
    good = prices("check", ROOT / "distro" / "prices.json").stdout
    assert "exact under every tier and modifier" in good
    text = (ROOT / "distro" / "prices.json").read_text()
    bad = folder / "bad.json"
    bad.write_text(text.replace('"input": "3"', '"input": "0.08333333333333334"', 1))
    said = prices("check", bad, code=65).stderr
    assert str(bad) in said and "perMillion.input" in said and "finer" in said
    missing = folder / "missing.json"
    assert (
        prices("check", missing, code=65).stderr
        == f"dledger: open {missing}: No such file or directory (2)\n"
    )
    bad.write_text("\ufeff" + text)
    assert "a byte order mark comes first" in prices("check", bad, code=65).stderr
    with bad.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "larger than the 67108864 bytes" in prices("check", bad, code=65).stderr


def test_an_import_prices_every_model_as_the_table_says(prices, table, folder):
    """Each model of the new book against the package's own arithmetic, for random usage, at every tier."""
    new = folder / "new.json"
    prices("import", table, "--history", "--output", new)
    assert "added" not in prices("import", table, "--only-known").stdout.replace("0 added", "")
    book = PriceBook(new)
    draw = random.Random(41)
    now = datetime.now(UTC)
    compared = 0
    for entry in book.book["models"]:
        provider, name = entry["provider"], entry["model"]
        if not entry["source"].startswith("genai-prices"):
            continue
        period = book.prices(provider, name, now)
        for modifier in (None, *CONTEXTS):
            if modifier and modifier not in period.get("rates", {}):
                continue
            for size in (1_000, 150_000, 280_000):
                buckets = usage(period["perMillion"], size, draw)
                expected = genai_prices.calc_price(
                    as_theirs(buckets),
                    name,
                    provider_id=PROVIDERS[provider],
                    genai_request_timestamp=now,
                    price_context=CONTEXTS.get(modifier),
                )
                ours = book.price(provider, name, buckets, [modifier] if modifier else [], now)
                assert ours == Decimal(expected.total_price), (name, modifier, buckets)
                compared += 1
    assert compared > 400


def usage(rates: dict, size: int, draw: random.Random) -> dict[str, int]:
    """Counts of what the model has a price for; text only, which every model bills alike."""
    buckets = {"input": draw.randint(1, size)}
    for bucket in ("cacheRead", "cacheWrite5m", "cacheWrite1h", "output"):
        if bucket in rates:
            buckets[bucket] = draw.randint(0, size // 4)
    return buckets


def as_theirs(buckets: dict[str, int]) -> types.Usage:
    known = {
        "input_tokens": sum(buckets.get(bucket, 0) for bucket in INPUT_BUCKETS),
        "cache_read_tokens": buckets.get("cacheRead", 0),
        "cache_write_tokens": buckets.get("cacheWrite5m", 0) + buckets.get("cacheWrite1h", 0),
        "output_tokens": buckets.get("output", 0),
    }
    if buckets.get("cacheWrite1h"):
        known["cache_write_1h_tokens"] = buckets["cacheWrite1h"]
    return types.Usage(**{key: count for key, count in known.items() if count or key == "input_tokens"})


def test_the_built_in_book_is_what_the_table_says(prices, table):
    """The binary's own book, against the table that it was made from: nothing has another price."""
    said = json.loads(prices("import", table, "--json").stdout)
    assert said["changed"] == [] and said["disagreements"] == []
    assert said["unchanged"] > 90


def test_an_import_says_what_changes_and_writes_only_where_it_is_told(prices, folder):
    before = sorted(folder.iterdir())
    text = prices("import", LITELLM, "--from", "2026-11-28").stdout
    assert "changed: openai gpt-4o\n  from 2026-11-28\n" in text
    assert "    input                             2.5 → 2.6\n" in text
    assert "nothing is written" in text
    assert "gpt-thirds: input_cost_per_token is 8.333333333333334e-08, which cannot be kept exactly" in text
    assert sorted(folder.iterdir()) == before
    new = folder / "new.json"
    prices("import", LITELLM, "--from", "2026-11-28", "--output", new, "--source", "LiteLLM of today")
    book = PriceBook(new)
    row = book.model("openai", "gpt-4o")
    assert row["source"] == "LiteLLM of today" and row["checked"] == datetime.now(UTC).date().isoformat()
    tokens = {"input": 1_000_000}
    assert book.price("openai", "gpt-4o", tokens, at=datetime(2026, 11, 27, tzinfo=UTC)) == Decimal("2.5")
    assert book.price("openai", "gpt-4o", tokens, at=datetime(2026, 11, 29, tzinfo=UTC)) == Decimal("2.6")
    # The same table again has nothing to say.
    again = prices("import", LITELLM, "--from", "2026-11-28", book=new).stdout
    assert "\n0 changed, 0 added, 0 removed, " in again


def test_of_two_tables_only_what_both_say_is_taken(prices):
    text = prices("import", GENAI, "--with", LITELLM).stdout
    assert "the two tables disagree; the book's prices stay:" in text
    assert "  openai gpt-4o input: 2.5 against 2.6\n" in text
    assert "  openai o4-mini flex cacheRead: 0.138 against 0.1375\n" in text
    assert "changed: openai gpt-4o" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 64, "usage"),
        (["show", "a", "b"], 64, "not understood"),
        (["import"], 64, "usage"),
        (["import", GENAI, "--format", "excel"], 64, "genai-prices, litellm"),
        (["import", GENAI, "--from", "yesterday"], 64, "YYYY-MM-DD"),
        (["import", GENAI, "--with", LITELLM, "--history"], 64, "--history and --with"),
        (["import", GENAI, "--format", "litellm"], 65, "not a table of litellm"),
        (["import", ROOT / "README.md"], 65, "README.md"),
        (["import", "no-such-file"], 65, "no-such-file"),
        (["import", GENAI, "--output", "no/such/folder/x"], 73, "no/such/folder"),
    ],
)
def test_a_mistake_is_told(prices, arguments, code, said):
    assert said in prices(*arguments, code=code).stderr


def test_unknown_models_are_refused_where_that_is_wanted(make_ledger, simulator):
    ledger = make_ledger(environment={"LEDGER_UNKNOWN_MODELS": "deny"})
    key = ledger.mint_key("alice")
    with pytest.raises(anthropic.NotFoundError, match="claude-unheard-of"):
        ledger.anthropic(key).messages.create(model="claude-unheard-of", max_tokens=9, messages=HELLO)
    with pytest.raises(openai.NotFoundError, match="gpt-unheard-of"):
        ledger.openai(key).chat.completions.create(model="gpt-unheard-of", messages=HELLO)
    for path in ("/v1/batches", "/v1/images/generations", "/v1/threads/t/runs"):
        answer = requests.post(
            f"{ledger.proxy_url}{path}", json={"input": "a"}, headers={"x-api-key": key}, timeout=10
        )
        assert answer.status_code == 404 and "names no one model" in answer.json()["error"]["message"]
    assert simulator.records() == [] and ledger.events("call.reserved") == []
    assert ledger.sample("proxy_requests_refused_total", reason="unknown_model") == 5
    ledger.anthropic(key).messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HELLO)
    assert len(ledger.wait_settled(1)) == 1


def test_an_answer_from_an_unknown_model_holds_as_much_as_a_call_to_one(make_ledger):
    provider = Provider([chat({"prompt_tokens": 10**6, "completion_tokens": 10**6}, model="zzz")])
    ledger = make_ledger(services=("proxy",), environment=provider.environment())
    try:
        ledger.openai(ledger.mint_key("alice")).chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    finally:
        provider.stop()
    (settled,) = ledger.wait_settled(1)
    (reserved,) = ledger.events("call.reserved")
    assert (settled["costState"], settled["heldUsd"]) == ("unpriced", 1) and reserved["reservedUsd"] < 1


def test_unknown_models_hold_what_is_set(make_ledger):
    ledger = make_ledger(environment={"LEDGER_UNKNOWN_MODELS": "reserve:2.75"})
    key = ledger.mint_key("alice")
    ledger.set_quota("alice", dailyLimitUsd=3)
    ledger.anthropic(key).messages.create(model="claude-unheard-of", max_tokens=9, messages=HELLO)
    ledger.wait_settled(1)
    assert [e["reservedUsd"] for e in ledger.events("call.reserved")] == [Decimal("2.75")]
    with pytest.raises(anthropic.RateLimitError):
        ledger.anthropic(key).messages.create(model="claude-unheard-of", max_tokens=9, messages=HELLO)


def test_a_reserve_of_nothing_is_refused_in_the_book_too(prices, make_ledger, folder):
    """An unknown model would be free, also under a limit of zero."""
    text = (ROOT / "distro" / "prices.json").read_text()
    free = folder / "free.json"
    free.write_text(text.replace('"unpricedReserveUsd": "1"', '"unpricedReserveUsd": "0"'))
    said = prices("check", free, code=65).stderr
    assert "$.unpricedReserveUsd: must be more than 0" in said
    ledger = make_ledger(start=False, environment={"LEDGER_PRICES": str(free)})
    refused = ledger.run("serve", check=False)
    assert refused.returncode == 65 and "unpricedReserveUsd" in refused.stderr


def test_a_policy_that_cannot_be_is_refused_at_the_start(make_ledger):
    ledger = make_ledger(start=False, environment={"LEDGER_UNKNOWN_MODELS": "free"})
    done = ledger.run("serve", check=False)
    assert done.returncode == 64 and "LEDGER_UNKNOWN_MODELS" in done.stderr


def test_a_long_prompt_fits_into_a_small_budget(journal_ledger, price_book):
    """67 KB to a large model can cost 60 cents, and no more is asked of a budget of 70."""
    key = journal_ledger.mint_key("alice")
    journal_ledger.set_quota("alice", dailyLimitUsd=0.70)
    prompt = [{"role": "user", "content": "word " * 13_400}]
    client = journal_ledger.anthropic(key)
    client.messages.create(model="claude-opus-4-6", max_tokens=8000, messages=prompt)
    (reserved,) = journal_ledger.events("call.reserved")
    # A token for each byte and 2,048 more, and the region that a workspace may be set to.
    assert Decimal("0.58") < reserved["reservedUsd"] < Decimal("0.62")
    (settled,) = journal_ledger.wait_settled(1)
    assert 0 < settled["costUsd"] <= reserved["reservedUsd"]
    with pytest.raises(anthropic.RateLimitError):
        client.beta.messages.create(
            model="claude-opus-4-6", max_tokens=8000, messages=prompt, extra_body={"speed": "fast"}
        )
