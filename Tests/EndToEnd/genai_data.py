"""The prices that the genai-prices package carries, as the JSON table that its project publishes."""

import dataclasses
import datetime
import json
from decimal import Decimal

from genai_prices import data


def plain(value):
    """A value of the package as JSON has it; amounts are marked text, to become numbers as they are."""
    if isinstance(value, Decimal):
        return f"\x01{value}\x02"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
        fields = {key.rstrip("_"): one for key, one in vars(value).items() if not key.startswith("_")}
        return {key: plain(one) for key, one in fields.items() if one is not None}
    return value


def table(providers=("anthropic", "openai", "google")) -> str:
    """The table's text."""
    chosen = []
    for provider in data.providers:
        if provider.id in providers:
            models = [plain(model) for model in provider.models]
            chosen.append(
                {
                    "id": provider.id,
                    "name": provider.name,
                    "api_pattern": provider.api_pattern,
                    "pricing_urls": provider.pricing_urls or [],
                    "models": models,
                }
            )
    return json.dumps(chosen).replace('"\\u0001', "").replace('\\u0002"', "")
