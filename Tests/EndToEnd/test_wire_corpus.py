"""Every cost in the wire corpus, calculated again by others.

With `decimal` from the corpus's price book, and by the `genai-prices` package from the answer's own bytes and
its own prices.
"""

import json
import struct
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import genai_prices
import pytest
from pricing import PriceBook, Unpriced, moment

CORPUS = Path(__file__).resolve().parents[1] / "Golden" / "wire"
BOOK = PriceBook(CORPUS / "prices.json")
# The library's names for whose price and whose words.
PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "gemini": "google"}
FLAVORS = {
    "Anthropic Messages": "default",
    "OpenAI Chat Completions": "chat",
    "OpenAI Responses": "responses",
    "OpenAI Embeddings": "embeddings",
    "Gemini generateContent": "default",
}
EXPECTED = {path.name.removesuffix(".expect.json"): path for path in sorted(CORPUS.glob("*.expect.json"))}


def load(name: str) -> dict:
    return json.loads(EXPECTED[name].read_text())


def response(name: str) -> Path:
    found = [
        path for path in CORPUS.glob(f"{name}.*") if not path.name.endswith((".expect.json", ".client.sse"))
    ]
    assert len(found) == 1, found
    return found[0]


def is_priced(expected: dict) -> bool:
    """Whether a figure of the provider's was multiplied by a price; a bound is ours alone."""
    cost = expected["settled"]["costUsd"]
    usage = expected["reading"]["usage"] if "reading" in expected else expected["run"]["models"]
    return usage is not None and cost not in (None, "reserved") and not is_bounded(expected)


def is_bounded(expected: dict) -> bool:
    """Whether output is counted by the bytes that came."""
    reading = expected.get("reading")
    if reading is None or reading["usage"] is None or reading.get("incomplete"):
        return False
    is_stream = expected["answer"]["contentType"] == "text/event-stream"
    return reading["source"] == "provider_partial" or (is_stream and reading.get("inconsistent", False))


PRICED = [name for name in EXPECTED if is_priced(load(name))]
BOUNDED = [name for name in EXPECTED if is_bounded(load(name))]


def parts_of(expected: dict) -> list[dict]:
    """What each model used, as the corpus says."""
    if "run" in expected:
        return expected["run"]["models"]
    reading = expected["reading"]
    asked = (expected["request"]["body"] or {}).get("model") or expected.get("genaiPrices", {}).get("model")
    model = reading.get("model") or asked
    parts = reading.get("parts") or [{"model": None, "usage": reading["usage"]}]
    return [
        {"provider": expected["provider"], "model": part["model"] or model, "usage": part["usage"]}
        for part in parts
    ]


def modifiers_of(expected: dict) -> list[str]:
    reading = expected.get("reading", {})
    tier = reading.get("serviceTier")
    found = [tier] if tier in ("batch", "flex", "priority") else []
    found += ["fast"] if reading.get("speed") == "fast" else []
    return found + (["geoUs"] if reading.get("inferenceGeo") == "us" else [])


def priced(parts: list[dict], expected: dict) -> Decimal:
    return sum(
        (
            BOOK.price(p["provider"], p["model"], p["usage"], modifiers_of(expected), moment(expected["at"]))
            for p in parts
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("name", PRICED)
def test_the_cost_is_usage_by_price(name):
    expected = load(name)
    cost = Decimal(expected["settled"]["costUsd"])
    if expected.get("request", {}).get("method") == "GET" or "count_tokens" in name:
        assert cost == 0, "what makes nothing bills nothing"
    else:
        # A fee that no price covers is taken for what is held for an unknown price.
        fee = BOOK.unpriced_reserve if expected.get("reading", {}).get("unpricedTools") else Decimal(0)
        assert cost == priced(parts_of(expected), expected) + fee


@pytest.mark.parametrize("name", BOUNDED)
def test_a_broken_answer_costs_its_input_and_a_token_for_four_bytes(name):
    expected = load(name)
    (part,) = parts_of(expected)
    by_bytes = -(-response(name).stat().st_size // 4)
    part["usage"] = part["usage"] | {"output": max(part["usage"].get("output", 0), by_bytes)}
    assert Decimal(expected["settled"]["costUsd"]) == priced([part], expected)


@pytest.mark.parametrize("name", [n for n in EXPECTED if load(n)["settled"]["costUsd"] is None])
def test_an_unknown_cost_is_that_of_a_model_without_a_price(name):
    expected = load(name)
    assert expected["settled"]["costState"] == "unpriced"
    with pytest.raises(Unpriced):
        priced(parts_of(expected), expected)


def merged(into: dict, more: dict) -> dict:
    """`into` with what `more` says over it; null says nothing."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merged(into[key], value)
        elif value is not None:
            into[key] = value
    return into


def payloads(frames: bytes):
    """The JSON inside AWS's binary frames: two lengths, a checksum, headers, payload, a checksum."""
    while frames:
        length, headers = struct.unpack(">II", frames[:8])
        yield frames[12 + headers : length - 4]
        frames = frames[length:]


def answer_of(name: str) -> list[dict]:
    """The answers in a response as plain objects: a stream's events laid over each other."""
    path = response(name)
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return [line["result"]["message"] for line in lines if "message" in line["result"]]
    if path.suffix == ".json":
        whole = json.loads(path.read_text())
        if not isinstance(whole, list):
            return [whole]
        chunks = whole
    elif path.suffix == ".bin":
        chunks = [json.loads(payload) for payload in payloads(path.read_bytes())]
    else:
        text = path.read_text().replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
        chunks = []
        for block in text.split("\n\n"):
            lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
            if lines and lines[0] != "[DONE]":
                chunks.append(json.loads("\n".join(lines)))
    answer: dict = {}
    for chunk in chunks:
        inner = chunk.get("message") or chunk.get("response") or chunk.get("metadata") or {}
        for part in (inner, chunk):
            picked = {
                key: part[key] for key in ("model", "modelVersion", "usage", "usageMetadata") if part.get(key)
            }
            merged(answer, picked)
    return [answer]


def theirs(name: str) -> Decimal:
    """What the library makes of the answer."""
    expected = load(name)
    at = datetime.fromisoformat(expected["at"])
    if "run" in expected:
        return sum((priced_by_library(part, at) for part in expected["run"]["models"]), Decimal(0))
    who = expected.get("genaiPrices", {})
    provider = who.get("provider") or PROVIDERS[expected["provider"]]
    flavor = who.get("flavor") or FLAVORS.get(expected["section"], "default")
    total = Decimal(0)
    for answer in answer_of(name):
        found = genai_prices.extract_usage(answer, provider_id=provider, api_flavor=flavor)
        asked = (expected["request"]["body"] or {}).get("model")
        model = who.get("model") or (found.model.id if found.model else None) or asked
        total += genai_prices.calc_price(
            found.usage, model, provider_id=provider, genai_request_timestamp=at
        ).total_price
    return total


def priced_by_library(part: dict, at: datetime) -> Decimal:
    used = part["usage"]
    read, written = used.get("cacheRead", 0), used.get("cacheWrite5m", 0)
    usage = genai_prices.Usage(
        input_tokens=used.get("input", 0) + read + written,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=used.get("output", 0),
        web_searches=used.get("webSearch", 0),
    )
    return genai_prices.calc_price(
        usage, part["model"], provider_id=part["provider"], genai_request_timestamp=at
    ).total_price


@pytest.mark.parametrize("name", PRICED)
def test_genai_prices_agrees_or_the_corpus_says_why_not(name):
    expected = load(name)
    why = expected.get("genaiPricesDiffers")
    ours = Decimal(expected["settled"]["costUsd"])
    try:
        other = theirs(name)
    except (LookupError, ValueError) as error:
        other = error
    if why is None:
        assert other == ours, f"{name}: {other!r} is not {ours}, and genaiPricesDiffers does not say why"
    else:
        assert other != ours, f"{name}: both say {ours}: there is no difference to explain"


def test_a_difference_is_explained_only_where_there_is_something_to_compare():
    explained = {name for name in EXPECTED if "genaiPricesDiffers" in load(name)}
    assert explained <= set(PRICED)
    assert len(PRICED) >= 80
