"""The requirements of FOCUS 1.2 on a cost and usage dataset, as data, and a check of a CSV file by them.

From the specification's text (focus.finops.org, version 1.2): the feature level, type, nullability and
allowed values of every column that this ledger can have, and the rules between columns. Columns about
capacity reservations, commitment discounts and other currencies are required only of who has such things.
"""

import csv
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

MANDATORY, RECOMMENDED, CONDITIONAL = "mandatory", "recommended", "conditional"
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"

# column: feature level, type, whether null is allowed at all
COLUMNS = {
    "AvailabilityZone": (RECOMMENDED, "string", True),
    "BilledCost": (MANDATORY, "decimal", False),
    "BillingAccountId": (MANDATORY, "string", False),
    "BillingAccountName": (MANDATORY, "string", True),
    "BillingAccountType": (CONDITIONAL, "string", False),
    "BillingCurrency": (MANDATORY, "currency", False),
    "BillingPeriodEnd": (MANDATORY, "datetime", False),
    "BillingPeriodStart": (MANDATORY, "datetime", False),
    "ChargeCategory": (MANDATORY, "string", False),
    "ChargeClass": (MANDATORY, "string", True),
    "ChargeDescription": (MANDATORY, "string", True),
    "ChargeFrequency": (RECOMMENDED, "string", False),
    "ChargePeriodEnd": (MANDATORY, "datetime", False),
    "ChargePeriodStart": (MANDATORY, "datetime", False),
    "ConsumedQuantity": (CONDITIONAL, "decimal", True),
    "ConsumedUnit": (CONDITIONAL, "string", True),
    "ContractedCost": (MANDATORY, "decimal", False),
    "ContractedUnitPrice": (CONDITIONAL, "price", True),
    "EffectiveCost": (MANDATORY, "decimal", False),
    "InvoiceId": (RECOMMENDED, "string", True),
    "InvoiceIssuerName": (MANDATORY, "string", False),
    "ListCost": (MANDATORY, "decimal", False),
    "ListUnitPrice": (CONDITIONAL, "price", True),
    "PricingCategory": (CONDITIONAL, "string", True),
    "PricingQuantity": (MANDATORY, "decimal", True),
    "PricingUnit": (MANDATORY, "string", True),
    "ProviderName": (MANDATORY, "string", False),
    "PublisherName": (MANDATORY, "string", False),
    "RegionId": (CONDITIONAL, "string", True),
    "RegionName": (CONDITIONAL, "string", True),
    "ResourceId": (CONDITIONAL, "string", True),
    "ResourceName": (CONDITIONAL, "string", True),
    "ResourceType": (CONDITIONAL, "string", True),
    "ServiceCategory": (MANDATORY, "string", False),
    "ServiceName": (MANDATORY, "string", False),
    "ServiceSubcategory": (RECOMMENDED, "string", False),
    "SkuId": (CONDITIONAL, "string", True),
    "SkuMeter": (CONDITIONAL, "string", True),
    "SkuPriceDetails": (CONDITIONAL, "json", True),
    "SkuPriceId": (CONDITIONAL, "string", True),
    "SubAccountId": (CONDITIONAL, "string", True),
    "SubAccountName": (CONDITIONAL, "string", True),
    "SubAccountType": (CONDITIONAL, "string", True),
    "Tags": (CONDITIONAL, "json", True),
}
# Recommended where the provider has such a thing: a model has no zone.
ABSENT = {"AvailabilityZone"}

ALLOWED = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other"},
    "ServiceCategory": {
        "AI and Machine Learning",
        "Analytics",
        "Business Applications",
        "Compute",
        "Databases",
        "Developer Tools",
        "Identity",
        "Integration",
        "Internet of Things",
        "Management and Governance",
        "Media",
        "Migration",
        "Mobile",
        "Multicloud",
        "Networking",
        "Other",
        "Security",
        "Storage",
        "Web",
    },
}
# The one parent of each subcategory that this ledger uses.
SUBCATEGORIES = {"Generative AI": "AI and Machine Learning", "Containers": "Compute"}
# Columns that must not be null on a row of usage that corrects nothing.
NEEDED_FOR_USAGE = (
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "SkuId",
    "SkuPriceId",
)
# The second is null exactly when the first is.
TOGETHER = (
    ("SubAccountId", "SubAccountType"),
    ("RegionId", "RegionName"),
    ("ConsumedQuantity", "ConsumedUnit"),
    ("PricingQuantity", "PricingUnit"),
)
# The second is null where the first is.
FOLLOWS = (("SkuPriceId", "SkuPriceDetails"), ("ResourceId", "ResourceType"), ("ResourceId", "ResourceName"))
PRODUCTS = (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost"))
OWN = re.compile(r"x_[A-Z][A-Za-z0-9]*\Z")


def read(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    """The heading and the rows; an empty cell is null."""
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    heading = rows[0]
    assert all(len(row) == len(heading) for row in rows)
    return heading, [dict(zip(heading, (cell or None for cell in row), strict=True)) for row in rows[1:]]


def problems(heading: list[str], rows: list[dict[str, str | None]]) -> list[str]:
    found = [f"column {name} twice" for name in set(heading) if heading.count(name) > 1]
    for name, (level, _, _) in COLUMNS.items():
        if name not in heading and name not in ABSENT:
            found.append(f"{level} column {name} is absent")
    for name in heading:
        if name not in COLUMNS and not OWN.match(name):
            found.append(f"column {name} is neither of FOCUS nor marked as our own")
    for number, row in enumerate(rows, start=1):
        found += [f"row {number}: {problem}" for problem in problems_of(row)]
    parents: dict[str, str] = {}
    for row in rows:
        if row["SkuPriceId"] and parents.setdefault(row["SkuPriceId"], row["SkuId"]) != row["SkuId"]:
            found.append(f"{row['SkuPriceId']} belongs to two skus")
    return found


def problems_of(row: dict[str, str | None]) -> list[str]:
    found = []
    for name, (_, kind, nullable) in COLUMNS.items():
        value = row.get(name)
        if value is None:
            if not nullable and name in row:
                found.append(f"{name} is null")
        elif problem := mistyped(value, kind):
            found.append(f"{name} is {value!r}: {problem}")
        elif name in ALLOWED and value not in ALLOWED[name]:
            found.append(f"{name} is {value!r}, which is not allowed")
    if found:
        return found
    usage = row["ChargeCategory"] in ("Usage", "Purchase") and row["ChargeClass"] is None
    if usage:
        found += [f"{name} is null on usage" for name in NEEDED_FOR_USAGE if row[name] is None]
    if usage and row["ConsumedQuantity"] and Decimal(row["ConsumedQuantity"]) <= 0:
        found.append("ConsumedQuantity is not positive")
    for first, second in TOGETHER:
        if (row[first] is None) != (row[second] is None):
            found.append(f"only one of {first} and {second} is null")
    for first, second in FOLLOWS:
        if row[first] is None and row[second] is not None:
            found.append(f"{second} without {first}")
    for price, cost in PRODUCTS:
        if row[price] and row["ChargeClass"] is None:
            product = Decimal(row[price]) * Decimal(row["PricingQuantity"])
            if product != Decimal(row[cost]):
                found.append(f"{price} × PricingQuantity = {product}, {cost} is {row[cost]}")
    if SUBCATEGORIES.get(row["ServiceSubcategory"]) != row["ServiceCategory"]:
        found.append(f"{row['ServiceSubcategory']} is no part of {row['ServiceCategory']}")
    start, end = (datetime.strptime(row[f"ChargePeriod{side}"], MOMENT) for side in ("Start", "End"))
    first, last = (datetime.strptime(row[f"BillingPeriod{side}"], MOMENT) for side in ("Start", "End"))
    if not first <= start < end <= last and row["ChargeClass"] != "Correction":
        found.append("the charge period is not within the billing period")
    if (end - start).total_seconds() != 3600 or start.minute or start.second:
        found.append("the charge period is no hour")
    if first.day != 1 or last.day != 1 or not 28 <= (last - first).days <= 31:
        found.append("the billing period is no month")
    return found


def mistyped(value: str, kind: str) -> str | None:
    match kind:
        case "decimal" | "price":
            if not NUMBER.match(value):
                return "no plain number"
            return "negative" if kind == "price" and value.startswith("-") else None
        case "datetime":
            try:
                datetime.strptime(value, MOMENT)
            except ValueError:
                return "no moment in UTC to the second"
        case "currency":
            return None if re.match(r"[A-Z]{3}\Z", value) else "no currency's code"
        case "json":
            pairs = json.loads(value)
            if not isinstance(pairs, dict) or any(isinstance(each, dict | list) for each in pairs.values()):
                return "no flat object"
        case "string":
            if value != value.strip():
                return "padded"
    return None
