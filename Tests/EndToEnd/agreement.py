"""Random events with random prices, summed up in four ways that must agree to the last digit.

The ways: the ledger's projection (`dledger replay` and `dledger usage`), SQL, Python's `decimal` over the
journal's files, and the FOCUS export, whose rows are worked out again from the price book, bucket by bucket.

    python agreement.py DLEDGER [EVENTS] [SEED]
"""

import csv
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import fold
import psycopg
from cluster import PostgresCluster
from pricing import EXACT, INPUT_BUCKETS, OUTPUT_BUCKETS, PriceBook

ORIGIN = "agreement"
TOKENS = (*INPUT_BUCKETS, *OUTPUT_BUCKETS)
FACTORS = {"batch": "0.5", "flex": "0.5", "priority": "2", "fast": "6", "geoUs": "1.1"}
PROVIDERS = ("anthropic", "openai", "gemini", "openrouter")
START = datetime(2026, 1, 17, 3, tzinfo=UTC)
MEASURES = ("cost", "estimated", "held", "tokens_in", "tokens_out")


def plain(value: Decimal) -> str:
    """A decimal as the ledger writes it: no exponent, no zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def random_book(chance: random.Random) -> dict:
    """Prices to the last of eighteen decimals, with tiers, modifiers of every kind, and a change."""

    def rates(exact_under_factors: bool) -> dict[str, str]:
        found = {}
        for bucket in TOKENS:
            attos = chance.randrange(1, 10 ** chance.randrange(9, 15))
            if exact_under_factors:  # three factors of one decimal each stay whole
                attos = attos // 10**5 * 10**5 + 10**5
            found[bucket] = plain(Decimal(attos).scaleb(-12))
        return found

    def period(start: datetime, factors: dict[str, str]) -> dict:
        prices = {"from": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "perMillion": rates(bool(factors))}
        prices["perThousand"] = {"webSearch": plain(Decimal(chance.randrange(1, 10**17)).scaleb(-15))}
        if chance.random() < 0.6:
            bounds = sorted(chance.sample(range(1_000, 400_000), chance.randrange(1, 3)))
            prices["tiers"] = [{"above": above, "perMillion": rates(bool(factors))} for above in bounds]
        factors = dict(factors)
        if "priority" in factors and chance.random() < 0.5:  # prices of its own in place of a factor
            del factors["priority"]
            own = {"perMillion": dict(list(rates(True).items())[:5])}
            own["tiers"] = [{"above": chance.randrange(1_000, 400_000), "perMillion": rates(True)}]
            prices["rates"] = {"priority": own}
        if "batch" in factors and chance.random() < 0.5:  # on some kinds of tokens alone
            factors["batch"] = dict.fromkeys(("input", "output", "cacheRead"), factors["batch"])
        return prices | ({"multipliers": factors} if factors else {})

    models = []
    for number in range(12):
        factors = {name: FACTORS[name] for name in FACTORS if chance.random() < 0.5} if number % 2 else {}
        changed = START + timedelta(hours=chance.randrange(10, 500))
        models.append(
            {
                "provider": PROVIDERS[number % len(PROVIDERS)],
                "model": f"model-{number}",
                "outputTokensMax": 64_000,
                "source": "made up",
                "checked": "2026-01-01",
                "prices": [period(datetime(2020, 1, 1, tzinfo=UTC), factors), period(changed, factors)],
            }
        )
    # 1024 × 3600 mebibyte-seconds in a gibibyte-hour.
    compute = {
        "from": "2020-01-01T00:00:00Z",
        "cpuSecondUsd": plain(Decimal(chance.randrange(1, 10**15)).scaleb(-15)),
        "gibibyteHourUsd": plain(Decimal(chance.randrange(1, 10**11) * 1024 * 3600).scaleb(-18)),
        "source": "made up",
    }
    head = {"format": "dispatch-ledger-prices/1", "currency": "USD", "unpricedReserveUsd": "0.75"}
    return head | {"models": models, "compute": [compute]}


class RandomJournal:
    """Writes a journal of so many events under `home`, line by line, as the ledger would."""

    def __init__(self, home: Path, book: Path, seed: int):
        self.chance = random.Random(seed)
        self.prices = PriceBook(book)
        self.hash = hashlib.sha256(book.read_bytes()).hexdigest()
        self.logs = home / "system" / "logs"
        self.logs.mkdir(parents=True)
        self.chain = hashlib.sha256(b"dispatch-ledger:" + ORIGIN.encode()).digest()
        self.position = 0
        self.time = START
        self.day, self.file = "", None
        self.names = [(entry["provider"], entry["model"]) for entry in self.prices.book["models"]]
        self.whole = 0  # calls whose cost nothing can take apart: bounds, and what has no price
        # What other models than the one that answered came to: by the answer's model and their own.
        self.others: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)

    def write(self, events: int) -> "RandomJournal":
        # 45 days whatever the number: over two ends of a month.
        step = timedelta(days=45) / events
        kinds = [self.call, self.expired, self.rejected, self.run, self.report, self.compute]
        while self.position < events:
            before = self.position
            self.chance.choices(kinds, (80, 4, 4, 6, 4, 2))[0]()
            self.time += step * (self.position - before)
        self.file.close()
        return self

    def append(self, kind: str, user: str, members: str) -> None:
        self.position += 1
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = (
            f'{{"position":{self.position},"type":"{kind}","timestamp":"{stamp}",'
            f'"id":"{uuid.UUID(int=self.position)}","user":"{user}",{members}'
        ).encode()
        self.chain = hashlib.sha256(self.chain + body).digest()
        if stamp[:10] != self.day:
            if self.file:
                self.file.close()
            self.day = stamp[:10]
            self.file = (self.logs / f"{self.day}.jsonl").open("wb")
        self.file.write(body + b',"chain":"' + self.chain.hex().encode() + b'"}\n')

    # What is used, and what it costs

    def user(self) -> str:
        return f"user-{min(int(self.chance.expovariate(0.15)), 39)}"

    def usage(self, searches: bool = True) -> dict[str, int]:
        found = {}
        for bucket in TOKENS:
            if self.chance.random() < (0.9 if bucket in ("input", "output") else 0.2):
                found[bucket] = self.chance.randrange(1, 10 ** self.chance.randrange(1, 7))
        if searches and self.chance.random() < 0.05:
            found["webSearch"] = self.chance.randrange(1, 9)
        return found or {"output": 1}

    def cost(self, provider: str, model: str, usage: dict[str, int], modifiers=()) -> Decimal:
        return self.prices.price(provider, model, usage, modifiers, self.time)

    @staticmethod
    def tokens(usage: dict[str, int]) -> str:
        inputs = sum(usage.get(bucket, 0) for bucket in INPUT_BUCKETS)
        outputs = sum(usage.get(bucket, 0) for bucket in OUTPUT_BUCKETS)
        return f'"tokensIn":{inputs},"tokensOut":{outputs},'

    @staticmethod
    def buckets(usage: dict[str, int]) -> str:
        order = (*TOKENS, "webSearch")
        return ",".join(f'"{bucket}":{usage[bucket]}' for bucket in order if usage.get(bucket))

    def reserve(self, user: str) -> tuple[str, str, str, Decimal]:
        provider, model = self.chance.choice(self.names)
        name = (
            f'"callId":"{uuid.UUID(int=(7 << 64) + self.position)}","source":"proxy",'
            f'"provider":"{provider}","model":"{model}","api":"messages",'
        )
        reserved = Decimal(self.chance.randrange(1, 10**19)).scaleb(-18)
        held = f'"reservedUsd":{plain(reserved)},"reservedTokens":64000,"priceBook":"{self.hash}"'
        self.append("call.reserved", user, name + held)
        return provider, model, name, reserved

    # The kinds of events

    def call(self) -> None:
        user = self.user()
        provider, model, name, reserved = self.reserve(user)
        usage, tier, parts, source = self.usage(), "", "", "provider_final"
        kind = self.chance.choices(("priced", "estimated", "unpriced", "refused"), (88, 5, 4, 3))[0]
        result, status = ("error", 529) if kind == "refused" else ("ok", 200)
        if kind == "priced":
            modifiers = [name for name in ("batch", "flex", "priority") if self.chance.random() < 0.1][:1]
            tier = f'"serviceTier":"{modifiers[0]}",' if modifiers else ""
            # Not recorded beside the cost: whoever takes it apart has to find out.
            modifiers += [name for name in ("fast", "geoUs") if self.chance.random() < 0.1]
            if self.chance.random() < 0.1:
                usage, amount, parts = self.several(provider, model, modifiers)
            else:
                amount = self.cost(provider, model, usage, modifiers)
            cost = f'"costUsd":{plain(amount)},"costState":"priced",'
        elif kind == "estimated":
            usage, source = {}, "estimated"
            cost = f'"costUsd":{plain(reserved)},"costState":"estimated",'
        elif kind == "unpriced":
            cost = f'"costUsd":null,"costState":"unpriced","heldUsd":{plain(reserved)},'
        else:
            usage, source = {}, "none"
            cost = '"costUsd":0,"costState":"priced",'
        self.whole += kind in ("estimated", "unpriced")
        self.append(
            "call.settled",
            user,
            f'{name}"result":"{result}","status":{status},{self.tokens(usage)}{cost}"durationMs":7,'
            f'"usage":{{{self.buckets(usage)}}},"usageSource":"{source}","priceBook":"{self.hash}",'
            f'{tier}{parts}"toolsUsed":[]',
        )

    def several(self, provider: str, answering: str, modifiers: list[str]) -> tuple[dict, Decimal, str]:
        """An answer that is the work of several models, each at its own prices and in its own tier."""
        whole: Counter = Counter()
        total, parts = Decimal(0), []
        for _ in range(self.chance.randrange(1, 5)):
            model = self.chance.choice([name for by, name in self.names if by == provider])
            usage = self.usage()
            cost = self.cost(provider, model, usage, modifiers)
            whole.update(usage)
            total = EXACT.add(total, cost)
            if model != answering:
                known = self.others[provider, answering, model]
                self.others[provider, answering, model] = EXACT.add(known, cost)
            parts.append(f'{{"model":"{model}","usage":{{{self.buckets(usage)}}}}}')
        return whole, total, f'"parts":[{",".join(parts)}],'

    def expired(self) -> None:
        user = self.user()
        _, _, name, reserved = self.reserve(user)
        cost = f'"costUsd":{plain(reserved)},"costState":"estimated","reason":"restart"'
        self.append("call.expired", user, name + cost)
        self.whole += 1

    def rejected(self) -> None:
        provider, model = self.chance.choice(self.names)
        self.append(
            "call.rejected",
            self.user(),
            f'"callId":"{uuid.UUID(int=(7 << 64) + self.position)}","source":"proxy","provider":"{provider}",'
            f'"model":"{model}","api":"messages","reason":"daily_cost","limit":{{"limitUsd":1,"usedUsd":0.5,'
            '"reservedUsd":0.25},"requestedUsd":0.75,"requestedTokens":100',
        )

    def run(self) -> None:
        """An agent run that is money of its own."""
        user = self.user()
        head = (
            f'"dispatchId":"{uuid.UUID(int=(9 << 64) + self.position)}",'
            f'"source":"{self.chance.choice(("web", "api"))}","kernel":"command",'
        )
        self.append("dispatch.started", user, head + '"queuedMs":0')
        shares = []
        for provider, model in self.chance.sample(self.names, self.chance.randrange(1, 4)):
            usage = self.usage(searches=False)
            shares.append((provider, model, usage, self.cost(provider, model, usage)))
        whole: Counter = Counter()
        for _, _, usage, _ in shares:
            whole.update(usage)
        models = ",".join(
            f'{{"provider":"{provider}","model":"{model}","usage":{{{self.buckets(usage)}}},"costUsd":{plain(cost)}}}'
            for provider, model, usage, cost in shares
        )
        models = f'"models":[{models}],' if len(shares) > 1 else ""
        total = Decimal(0)
        for *_, cost in shares:
            total = EXACT.add(total, cost)
        provider, model, *_ = max(shares, key=lambda share: share[3])
        self.append(
            "dispatch.completed",
            user,
            f'{head}"billing":"direct","provider":"{provider}","model":"{model}","result":"ok","calls":0,'
            f'{self.tokens(whole)}"costUsd":{plain(total)},"costState":"estimated","durationMs":70,'
            f'"usage":{{{self.buckets(whole)}}},"usageSource":"reported_by_agent","priceBook":"{self.hash}",'
            f'{models}"toolsUsed":[]',
        )

    def reported(self, kind: str, provider: str, model: str, usage: dict, cost: Decimal, rest: str) -> None:
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.append(
            "usage.reported",
            self.user(),
            f'"source":"agent","reportId":"r-{self.position}","digest":"d","kind":"{kind}",'
            f'"provider":"{provider}","model":"{model}","usedAt":"{stamp}",{self.tokens(usage)}'
            f'"costUsd":{plain(cost)},"costState":"priced","usage":{{{self.buckets(usage)}}},{rest}'
            f'"priceBook":"{self.hash}"',
        )

    def report(self) -> None:
        provider, model = self.chance.choice(self.names)
        usage = self.usage(searches=False)
        self.reported("report", provider, model, usage, self.cost(provider, model, usage), "")

    def compute(self) -> None:
        (price,) = self.prices.book["compute"]
        cpu, memory = self.chance.randrange(1, 4_000_000), self.chance.randrange(1, 4_000_000)
        processor = EXACT.multiply(Decimal(price["cpuSecondUsd"]), Decimal(cpu).scaleb(-3))
        each = EXACT.divide(Decimal(price["gibibyteHourUsd"]), Decimal(1024 * 3600))
        cost = EXACT.add(processor, EXACT.multiply(each, Decimal(memory)))
        self.reported("compute", "platform", self.user(), {}, cost, f'"cpuMs":{cpu},"memoryMibS":{memory},')


# The four ways. Each gives the measures by (user, provider, model, hour).

Sums = dict[tuple[str, str, str, str], dict[str, Decimal | int]]


def nothing() -> dict[str, Decimal | int]:
    return dict.fromkeys(MEASURES[:3], Decimal(0)) | dict.fromkeys(MEASURES[3:], 0)


def add(sums: dict, other: dict) -> None:
    for measure in MEASURES[:3]:
        sums[measure] = EXACT.add(sums[measure], other[measure])
    for measure in MEASURES[3:]:
        sums[measure] += other[measure]


def by_decimal(home: Path) -> Sums:
    """The journal's files, read line by line with `json` and added with `decimal`."""
    sums: Sums = defaultdict(nothing)
    for path in fold.segments(home):
        with path.open("rb") as file:
            for line in file:
                event = fold.parse(line)
                kind = event["type"]
                direct = kind == "dispatch.completed" and event["billing"] == "direct"
                if not direct and kind not in ("call.settled", "call.expired", "usage.reported"):
                    continue
                for part in event.get("models") or [event]:
                    usage = part.get("usage", {})
                    cost = Decimal(part["costUsd"]) if part["costUsd"] is not None else Decimal(0)
                    key = (event["user"], part["provider"], part["model"], event["timestamp"][:13])
                    add(
                        sums[key],
                        {
                            "cost": cost,
                            "estimated": cost if event["costState"] == "estimated" else Decimal(0),
                            "held": Decimal(event.get("heldUsd", 0)),
                            "tokens_in": sum(usage.get(bucket, 0) for bucket in INPUT_BUCKETS),
                            "tokens_out": sum(usage.get(bucket, 0) for bucket in OUTPUT_BUCKETS),
                        },
                    )
    return dict(sums)


def by_usage(run) -> Sums:
    """`dledger usage`: the fold that metrics and quotas are read from."""
    rows = json.loads(run("usage", "--by", "user,provider,model,hour", "--json"), parse_float=Decimal)
    return {
        (row["user"], row["provider"], row["model"], row["hour"][:13]): {
            "cost": Decimal(row["costUsd"]),
            "estimated": Decimal(row["estimatedUsd"]),
            "held": Decimal(row["heldUsd"]),
            "tokens_in": row["tokensIn"],
            "tokens_out": row["tokensOut"],
        }
        for row in rows
    }


def by_sql(url: str) -> Sums:
    question = """
        select user_id, provider, model, to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24'),
               sum(cost_usd), sum(estimated_usd), sum(held_usd), sum(input_tokens), sum(output_tokens)
        from ledger.usage_hourly group by 1, 2, 3, 4"""
    with psycopg.connect(url) as connection:
        rows = connection.execute(question).fetchall()
    return {
        tuple(row[:4]): dict(zip(MEASURES, (*row[4:7], int(row[7]), int(row[8])), strict=True))
        for row in rows
    }


def by_focus(path: Path) -> tuple[Sums, int, dict[tuple[str, str, str], Decimal]]:
    """The FOCUS file: the sums of its rows, each worked out again from quantity and unit price; how many
    calls stand in it as a whole; and what models came to in answers of others."""
    sums: Sums = defaultdict(nothing)
    others: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    whole = 0
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            cost = EXACT.multiply(Decimal(row["PricingQuantity"]), Decimal(row["ListUnitPrice"]))
            assert cost == Decimal(row["BilledCost"]), row
            whole += int(row["PricingQuantity"]) if row["x_UsageBucket"] == "total" else 0
            name = (row["x_Provider"], row["x_Model"], row["ResourceName"])
            if row["x_Kind"] == "call" and name[1] != name[2]:
                assert row["SkuId"] == f"{name[0]}/{name[2]}/{row['x_UsageBucket']}", row
                others[name] = EXACT.add(others[name], cost)
            key = (row["SubAccountId"], row["x_Provider"], row["x_Model"], row["ChargePeriodStart"][:13])
            add(
                sums[key],
                {
                    "cost": cost,
                    "estimated": cost if row["x_CostState"] == "estimated" else Decimal(0),
                    "held": Decimal(row["x_HeldCost"]),
                    "tokens_in": int(row["x_InputTokens"]),
                    "tokens_out": int(row["x_OutputTokens"]),
                },
            )
    return dict(sums), whole, dict(others)


def differences(one: Sums, other: Sums) -> list[str]:
    """The first places at which two ways differ; a place where nothing was spent may be missing."""
    empty, found = nothing(), []
    for key in sorted(one.keys() | other.keys()):
        if one.get(key, empty) != other.get(key, empty):
            found.append(f"{key}: {one.get(key)} is not {other.get(key)}")
    return found[:5]


def total(sums: Sums) -> dict[str, Decimal | int]:
    whole = nothing()
    for part in sums.values():
        add(whole, part)
    return whole


def check(binary: Path, folder: Path, url: str, events: int, seed: int, say=lambda text: None) -> dict:
    """Makes the journal, sums it up in every way and compares; returns the total."""
    clock = time.monotonic()

    def lap(what: str) -> None:
        nonlocal clock
        now = time.monotonic()
        say(f"{now - clock:8.1f} s  {what}")
        clock = now

    home, book, file = folder / "home", folder / "prices.json", folder / "focus.csv"
    book.write_text(json.dumps(random_book(random.Random(seed))))
    journal = RandomJournal(home, book, seed).write(events)
    lap(f"{journal.position} events written")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    environment |= {"LEDGER_HOME": str(home), "LEDGER_ORIGIN": ORIGIN, "LEDGER_POSTGRES_URL": url}

    def run(*arguments) -> str:
        done = subprocess.run([binary, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stderr[-2000:]}"
        return done.stdout

    ways = {"decimal": by_decimal(home)}
    lap("Python's decimal")
    ways["projection"] = by_usage(run)
    lap("dledger usage")
    users = {row["user"]: row for row in json.loads(run("replay", "--json"), parse_float=Decimal)["users"]}
    lap("dledger replay")
    run("rebuild", "postgres", "--yes")
    ways["SQL"] = by_sql(url)
    lap("PostgreSQL filled and asked")
    run("export", "focus", "--output", str(file), "--prices", str(book))
    ways["FOCUS"], whole, others = by_focus(file)
    lap("dledger export focus")

    expected = ways["decimal"]
    for name, sums in ways.items():
        found = differences(expected, sums)
        assert not found, f"{name} differs from decimal:\n" + "\n".join(found)
    for user in {key[0] for key in expected}:
        of_user = total({key: sums for key, sums in expected.items() if key[0] == user})
        assert Decimal(users[user]["costUsd"]) == of_user["cost"], user
        assert Decimal(users[user]["estimatedUsd"]) == of_user["estimated"], user
    # Every price was found again, bucket by bucket; only bounds and what has no price stand as a whole.
    assert whole == journal.whole, f"{whole} calls stand as a whole, not {journal.whole}"
    assert others == journal.others != {}, "what each model did in answers of others"
    with file.open() as lines:
        rows = sum(1 for _ in lines) - 1
    return total(expected) | {"events": journal.position, "rows": rows, "groups": len(expected)}


def main() -> None:
    binary = Path(sys.argv[1]).resolve()
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"{events} events, seed {seed}", flush=True)
    cluster = PostgresCluster().start()
    folder = Path(tempfile.mkdtemp(prefix="dledger-agreement-", dir="/tmp"))
    try:
        outcome = check(
            binary, folder, cluster.create_database(), events, seed, lambda text: print(text, flush=True)
        )
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    for name in MEASURES[:3]:
        print(f"{name:>10}: {outcome[name]:f} USD")
    print(f"    tokens: {outcome['tokens_in']} in, {outcome['tokens_out']} out")
    print(
        f"All four agree to the last digit: {outcome['events']} events, {outcome['groups']} sums by user, "
        f"model and hour, {outcome['rows']} rows of FOCUS."
    )


if __name__ == "__main__":
    main()
