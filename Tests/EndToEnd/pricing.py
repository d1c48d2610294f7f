"""What a call costs, worked out with `decimal` from the simulator's own record and the price book's file.

Shares no code and no data structure with the ledger: it reads the same two files that a person would.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Wide enough for every product and sum; an inexact step raises instead of rounding.
EXACT = Context(prec=60, traps=[Inexact])

PROVIDERS = {
    "messages": "anthropic",
    "countTokens": "anthropic",
    "count_tokens": "anthropic",
    "chatCompletions": "openai",
    "chat_completions": "openai",
    "responses": "openai",
    "embeddings": "openai",
}
MODIFIERS = ("batch", "flex", "priority", "fast", "geoUs")
INPUT_BUCKETS = ("input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "inputAudio", "inputImage")
OUTPUT_BUCKETS = ("output", "outputAudio", "outputImage")


class Unpriced(Exception):
    """The book has no price for something that was used."""


@dataclass
class Bill:
    """The disjoint buckets of one call and their exact cost; `cost` is None when the book has no price."""

    buckets: dict[str, int]
    cost: Decimal | None

    @property
    def tokens_in(self) -> int:
        return sum(self.buckets.get(name, 0) for name in INPUT_BUCKETS)

    @property
    def tokens_out(self) -> int:
        return sum(self.buckets.get(name, 0) for name in OUTPUT_BUCKETS)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def rates_above(card: dict, tokens_in: int) -> dict[str, str]:
    """A card's rates for a call with so much input: the highest tier that is exceeded, over the base."""
    rates = dict(card.get("perMillion", {}))
    tiers = [tier for tier in card.get("tiers", []) if tokens_in > int(tier["above"])]
    if tiers:
        rates.update(max(tiers, key=lambda tier: int(tier["above"]))["perMillion"])
    return rates


class PriceBook:
    """The price book's file."""

    def __init__(self, path: str | os.PathLike | None = None):
        self.path = Path(path or os.environ.get("LEDGER_PRICES") or ROOT / "distro" / "prices.json")
        self.book = json.loads(self.path.read_text())
        assert self.book["format"] == "dispatch-ledger-prices/1", self.book["format"]
        assert self.book["currency"] == "USD"
        self.unpriced_reserve = Decimal(self.book.get("unpricedReserveUsd", "0"))

    def model(self, provider: str, name: str) -> dict:
        """The entry for `name`, which may be an alias or carry a date behind it."""
        for candidate in (name, re.sub(r"-(\d{8}|\d{4}-\d{2}-\d{2})$", "", name)):
            for entry in self.book["models"]:
                if entry["provider"] == provider and candidate in [entry["model"], *entry.get("aliases", [])]:
                    return entry
        raise Unpriced(f"{provider}/{name}")

    def prices(self, provider: str, name: str, at: datetime) -> dict:
        periods = [p for p in self.model(provider, name)["prices"] if moment(p["from"]) <= at]
        if not periods:
            raise Unpriced(f"{provider}/{name} at {at}")
        return max(periods, key=lambda period: moment(period["from"]))

    def price(
        self, provider: str, name: str, buckets: dict[str, int], modifiers=(), at: datetime | None = None
    ) -> Decimal:
        """The exact cost of `buckets`; raises Unpriced when one of them has no rate."""
        period = self.prices(provider, name, at or datetime.now(UTC))
        tokens_in = sum(buckets.get(bucket, 0) for bucket in INPUT_BUCKETS)
        rates = rates_above(period, tokens_in)
        # Rates of a modifier take the place of the model's own; where two name one, the dearer counts.
        own = [
            rates_above(period["rates"][modifier], tokens_in)
            for modifier in modifiers
            if modifier in period.get("rates", {})
        ]
        total = Decimal(0)
        for bucket in (*INPUT_BUCKETS, *OUTPUT_BUCKETS):
            count = buckets.get(bucket, 0)
            if count == 0:
                continue
            named = [Decimal(card[bucket]) for card in own if bucket in card]
            if not named and bucket not in rates:
                raise Unpriced(f"{provider}/{name} {bucket}")
            rate = max(named) if named else Decimal(rates[bucket])
            for modifier in modifiers:
                factor = period.get("multipliers", {}).get(modifier, "1")
                if isinstance(factor, dict):
                    factor = factor.get(bucket, "1")
                rate = EXACT.multiply(rate, Decimal(factor))
            total = EXACT.add(total, EXACT.multiply(rate, EXACT.scaleb(Decimal(count), -6)))
        if searches := buckets.get("webSearch", 0):
            per_thousand = period.get("perThousand", {})
            if "webSearch" not in per_thousand:
                raise Unpriced(f"{provider}/{name} webSearch")
            total = EXACT.add(
                total, EXACT.multiply(Decimal(per_thousand["webSearch"]), EXACT.scaleb(Decimal(searches), -3))
            )
        return total

    def bill(self, record: dict, at: datetime | None = None) -> Bill:
        """The bill of one line of the simulator's log."""
        api = record["api"]
        buckets = buckets_of(api, record["usage"])
        try:
            cost = self.price(
                PROVIDERS[api], record["model"], buckets, modifiers_of(api, record), at or when(record)
            )
        except Unpriced:
            cost = None
        return Bill(buckets, cost)


def when(record: dict) -> datetime | None:
    text = record.get("at")
    return moment(text) if text else None


def modifiers_of(api: str, record: dict) -> list[str]:
    """What the answer says of the tier that served it."""
    usage = record.get("usage") or {}
    tier = record.get("serviceTier") or usage.get("service_tier")
    found = [tier] if tier in ("batch", "flex", "priority") else []
    if tier in ("fast", "ultrafast"):  # OpenAI's names for requests that are served as `priority`
        found = ["priority"]
    if PROVIDERS[api] == "anthropic":
        if usage.get("speed") == "fast":
            found.append("fast")
        if usage.get("inference_geo") == "us":
            found.append("geoUs")
    return found


def buckets_of(api: str, usage: dict) -> dict[str, int]:
    """A provider's usage in disjoint buckets."""
    if PROVIDERS[api] == "anthropic":
        return anthropic_buckets(usage)
    if api == "responses":
        return openai_buckets(usage, "input_tokens", "output_tokens")
    return openai_buckets(usage, "prompt_tokens", "completion_tokens")


def anthropic_buckets(usage: dict) -> dict[str, int]:
    # `input_tokens` leaves out what the cache read and wrote; writes without a stated life are 5m.
    written = usage.get("cache_creation_input_tokens") or 0
    split = usage.get("cache_creation") or {}
    hour = split.get("ephemeral_1h_input_tokens") or 0
    five = max(split.get("ephemeral_5m_input_tokens") or 0, written - hour)
    return {
        "input": usage.get("input_tokens") or 0,
        "cacheRead": usage.get("cache_read_input_tokens") or 0,
        "cacheWrite5m": five,
        "cacheWrite1h": hour,
        "output": usage.get("output_tokens") or 0,
        "webSearch": (usage.get("server_tool_use") or {}).get("web_search_requests") or 0,
    }


def openai_buckets(usage: dict, input_name: str, output_name: str) -> dict[str, int]:
    # The totals hold their parts: take cached, written and audio tokens out again.
    details = usage.get(f"{input_name}_details") or {}
    output_details = usage.get(f"{output_name}_details") or {}
    cached = details.get("cached_tokens") or 0
    written = details.get("cache_write_tokens") or 0
    audio = details.get("audio_tokens") or 0
    image = details.get("image_tokens") or 0
    audio_out = output_details.get("audio_tokens") or 0
    return {
        "input": max(0, (usage.get(input_name) or 0) - cached - written - audio - image),
        "cacheRead": cached,
        "cacheWrite5m": written,
        "inputAudio": audio,
        "inputImage": image,
        "output": max(0, (usage.get(output_name) or 0) - audio_out),
        "outputAudio": audio_out,
    }


def changed_book(folder: Path, model: str, change) -> Path:
    """The real price book with `change` made to the entry of one model of Anthropic; None leaves it out."""
    prices = json.loads((ROOT / "distro" / "prices.json").read_text())
    kept = []
    for entry in prices["models"]:
        if entry["model"] == model and entry["provider"] == "anthropic":
            entry = change(entry)
        if entry is not None:
            kept.append(entry)
    prices["models"] = kept
    path = folder / "prices.json"
    path.write_text(json.dumps(prices))
    return path


def times_thousand(entry: dict) -> dict:
    """Three zeros too many in each rate."""
    return times(1000, entry)


def times(factor: int, entry: dict) -> dict:
    """Each rate, so many times."""
    for period in entry["prices"]:
        for rates in [period["perMillion"], *(tier["perMillion"] for tier in period.get("tiers", []))]:
            for bucket in rates:
                rates[bucket] = str(Decimal(rates[bucket]) * factor)
    return entry
