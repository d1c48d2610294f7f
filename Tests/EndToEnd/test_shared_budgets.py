"""One user's limit, several ledgers, one PostgreSQL: what all spend together stays within it."""

import json
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Self

import fold
import psycopg
import pytest
import requests
from jsonschema import Draft202012Validator
from processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
LIMIT = Decimal(40)
CONNECTIONS = 64
BODY = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello"}],
}
OUTPUT_TOKENS = 600


def headers(key: str, delay_ms: int = 0) -> dict[str, str]:
    return {
        "x-api-key": key,
        "anthropic-version": "2023-06-01",
        "x-simulate-output-tokens": str(OUTPUT_TOKENS),
        "x-simulate-delay-ms": str(delay_ms),
    }


def call(proxy, key: str) -> requests.Response:
    return requests.post(f"{proxy.proxy_url}/v1/messages", json=BODY, headers=headers(key), timeout=30)


def drive(url: str, key: str, delay_ms: int) -> list[int]:
    """Calls over one connection until it is refused three times in a row, or the Proxy is gone."""
    statuses: list[int] = []
    with requests.Session() as session:
        session.trust_env = False
        while statuses[-3:] != [429] * 3:
            try:
                answer = session.post(
                    f"{url}/v1/messages",
                    json=BODY,
                    headers=headers(key, delay_ms),
                    timeout=60,
                )
            except requests.RequestException:
                break
            statuses.append(answer.status_code)
    return statuses


def drive_all(url: str, key: str, delay_ms: int) -> list[int]:
    """What all connections to one Proxy were answered."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        drivers = [pool.submit(drive, url, key, delay_ms) for _ in range(CONNECTIONS)]
        return [status for driver in drivers for status in driver.result()]


def kill9_amid_calls(proxy) -> None:
    """Kills a Proxy at a moment at which its journal has open calls: looks while it is stopped."""

    def stands_amid_calls() -> bool:
        proxy.process.signal(SIGSTOP)
        if fold.fold(proxy.events()).open:
            return True
        proxy.process.signal(SIGCONT)
        return False

    wait_until(stands_amid_calls, 20, "open calls")
    proxy.kill9()


def spent(events: list[dict], user: str = "alice") -> Decimal:
    ended = [event for event in events if event["type"] in ("call.settled", "call.expired")]
    return sum(
        (Decimal(event["costUsd"]) for event in ended if event["user"] == user),
        Decimal(0),
    )


def in_use(events: list[dict]) -> Decimal:
    """What calls came to, and what open ones hold."""
    held = {
        event["callId"]: Decimal(event["reservedUsd"]) for event in events if event["type"] == "call.reserved"
    }
    for event in events:
        if event["type"] in ("call.settled", "call.expired"):
            held.pop(event["callId"], None)
    return spent(events) + sum(held.values(), Decimal(0))


def beyond_its_lease(events: list[dict]) -> list[str]:
    """Every prefix of a journal at which its calls came to more than was leased to it."""
    leased = Decimal(0)
    held: dict[str, Decimal] = {}
    ended = Decimal(0)
    found = []
    for event in events:
        match event["type"]:
            case "lease.set" if event["measure"] == "cost" and event["window"] == "day":
                leased = Decimal(event["leasedUsd"])
            case "call.reserved":
                held[event["callId"]] = Decimal(event["reservedUsd"])
            case "call.settled" | "call.expired":
                held.pop(event["callId"])
                ended += Decimal(event["costUsd"])
        total = ended + sum(held.values(), Decimal(0))
        if total > leased:
            found.append(f"position {event['position']}: {total} of {leased}")
    return found


class Watcher:
    """Looks again and again, as any session may, at how much all have leased."""

    def __init__(self, url: str):
        self.url = url
        self.seen: list[Decimal] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._stop.wait(0.002):
                (total,) = connection.execute(
                    "select coalesce(sum(leased), 0) from ledger.budget_leases where user_id = 'alice'"
                    " and measure = 'cost'"
                ).fetchone()
                self.seen.append(total)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()


def test_four_proxies_and_a_kill_do_not_pass_one_limit_and_leave_nothing_unspent(
    make_proxies,
):
    proxies = make_proxies(4)
    key = proxies[0].mint_key("alice")
    for proxy in proxies:
        proxy.set_quota("alice", dailyLimitUsd=float(LIMIT))
    with Watcher(proxies[0].postgres_url) as watcher:
        # A process for the callers of each Proxy: this one stays free to kill in time. The Proxy that is
        # killed answers slowly, and so has calls under way at any time.
        with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
            drivers = [
                pool.submit(drive_all, proxy.proxy_url, key, delay)
                for proxy, delay in zip(proxies, [20, 20, 20, 200], strict=True)
            ]
            wait_until(lambda: len(proxies[3].events("call.settled")) >= CONNECTIONS, 60, "ended calls")
            kill9_amid_calls(proxies[3])
            statuses = [driver.result(timeout=240) for driver in drivers]
        one_call = max(Decimal(event["reservedUsd"]) for event in proxies[0].events("call.reserved"))
        # The killed one comes back: it ends what was open, and gives back what it has not spent.
        proxies[3].start()
        wait_until(lambda: not fold.fold(proxies[3].events()).open, 20, "no open call")

        def unleased_is_too_little() -> bool:
            """Calls until refused, with leases that nobody uses given back meanwhile."""
            for proxy in proxies:
                while call(proxy, key).status_code == 200:
                    pass
            return LIMIT - sum(in_use(proxy.events()) for proxy in proxies) < one_call

        wait_until(unleased_is_too_little, 240, "the limit to be spent", every=1)
        # Refused again, now for what is left of the day.
        refusal = call(proxies[1], key)
        assert refusal.status_code == 429
    assert sum(answers.count(200) for answers in statuses) > 4 * CONNECTIONS
    assert all({200, 429} <= set(answers) for answers in statuses[:3])
    assert len(watcher.seen) > 100 and max(watcher.seen) <= LIMIT

    journals = [proxy.events() for proxy in proxies]
    total = sum(spent(events) for events in journals)
    assert LIMIT - one_call < total <= LIMIT
    for proxy, events in zip(proxies, journals, strict=True):
        assert fold.fold(events).open == {}
        assert beyond_its_lease(events) == []
        proxy.run("verify")
    assert any(event["type"] == "call.expired" for event in journals[3])


def test_a_refusal_comes_only_when_what_nobody_has_leased_is_too_little(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("alice")
    for proxy in (first, second):
        proxy.set_quota("alice", dailyLimitUsd=0.5)
    while call(first, key).status_code == 200:
        pass
    # Refused at once by the other too: it has leased nothing, and there is nothing left.
    answer = call(second, key)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    (rejected,) = second.events("call.rejected")
    assert rejected["limit"]["leases"] == "elsewhere"
    message = answer.json()["error"]["message"]
    assert "is shared, and others have used or hold the rest of it" in message
    # What others hold counts as used.
    assert Decimal(rejected["limit"]["usedUsd"]) + Decimal(rejected["requestedUsd"]) > Decimal("0.5")
    (row,) = first.sql("select distinct leased_by_all, free from ledger.budget_shares where measure = 'cost'")
    assert row[0] + row[1] == Decimal("0.5") and row[1] < Decimal(rejected["requestedUsd"])


def test_limits_of_groups_models_and_all_are_shared_as_well(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("bob")
    rules = {"limits": [{"measure": "requests", "window": "day", "limit": 5}]}
    for proxy in (first, second):
        proxy.join_group("red", "bob")
        for subject in ("group:red", "model:claude-sonnet-4-6", "global"):
            proxy.set_quota(subject, **rules)
    statuses = []

    def five_were_answered() -> bool:
        statuses.extend(call(proxy, key).status_code for proxy in (first, second))
        return statuses.count(200) == 5

    # One that has leased ahead and does not call holds what it has, for some seconds.
    wait_until(five_were_answered, 60, "five calls", every=1)
    assert {call(proxy, key).status_code for proxy in (first, second)} == {429}
    admitted = sum(len(proxy.events("call.reserved")) for proxy in (first, second))
    assert admitted == 5


@pytest.mark.parametrize("policy", ["closed", "open"])
def test_without_postgres_calls_go_on_with_what_is_leased_and_then_as_configured(
    make_ledger, own_cluster, policy
):
    environment = {"LEDGER_SHARED_BUDGETS": policy}
    proxy = make_ledger(
        postgres_url=own_cluster.create_database(),
        services=("proxy",),
        environment=environment,
    )
    key = proxy.mint_key("alice")
    proxy.set_quota("alice", dailyLimitUsd=3)
    assert call(proxy, key).status_code == 200
    own_cluster.stop("immediate")
    statuses = []
    while len(statuses) < 400 and (not statuses or statuses[-1] == 200):
        statuses.append(call(proxy, key).status_code)
    refusal = call(proxy, key)
    events = proxy.events()
    overridden = [event for event in events if event.get("cause") == "overridden"]
    assert statuses.count(200) >= 2, "what was leased is spent"
    assert statuses[-1] == 429
    assert in_use(events) <= 3
    if policy == "closed":
        assert overridden == [] and beyond_its_lease(events) == []
        assert "is shared, and no more of it can be had for now" in refusal.json()["error"]["message"]
        assert events[-1]["limit"]["leases"] == "unavailable"
        assert proxy.sample("ledger_leases_total", outcome="unavailable") >= 1
    else:
        # The limit that the ledger knows holds all the same, and each step beyond the lease is recorded.
        assert overridden and beyond_its_lease(events) == []
        assert spent(events) > Decimal("2.9")
    assert proxy.sample("ledger_leases_postgres_up") == 0
    own_cluster.start()
    wait_until(lambda: proxy.sample("ledger_leases_postgres_up") == 1, 30, "leases again")
    if policy == "open":
        (leased,) = proxy.sql("select leased from ledger.budget_leases where measure = 'cost'")
        assert leased[0] >= in_use(proxy.events())
    else:
        assert call(proxy, key).status_code == 200
    proxy.run("verify")


def test_a_stop_gives_back_what_was_not_spent(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("alice")
    for proxy in (first, second):
        proxy.set_quota("alice", dailyLimitUsd=1)
    assert call(first, key).status_code == 200
    assert first.stop() == 0
    (row,) = second.sql("select leased, in_use from ledger.budget_leases where origin = 'proxy-1'")
    assert row[0] == row[1] == spent(first.events())
    validator = Draft202012Validator(json.loads((ROOT / "docs/schemas/lease.set.json").read_text()))
    for event in first.events("lease.set"):
        assert list(validator.iter_errors(event)) == []
    last = first.events("lease.set")[-1]
    assert last["cause"] == "fitted" and Decimal(last["leasedUsd"]) == row[0]


def test_a_lease_that_nobody_uses_is_given_back(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("alice")
    for proxy in (first, second):
        proxy.set_quota("alice", dailyLimitUsd=1)
    assert call(first, key).status_code == 200

    def nothing_is_idle() -> bool:
        (row,) = second.sql("select leased - in_use from ledger.budget_leases where origin = 'proxy-1'")
        return row[0] == 0

    assert not nothing_is_idle()
    wait_until(nothing_is_idle, 30, "the lease to be given back", every=0.5)
    assert call(first, key).status_code == 200


def limit_both(proxies, usd: float) -> None:
    for proxy in proxies:
        proxy.set_quota("alice", dailyLimitUsd=usd)


def spend(callers, proxies, key: str, seconds: int = 60) -> None:
    """Calls through each caller until what all leave is too little; what is idle comes back meanwhile."""

    def nobody_may() -> bool:
        answers = [call(proxy, key).status_code for proxy in callers]
        while 200 in answers:
            answers = [call(proxy, key).status_code for proxy in callers]
        one = max(Decimal(event["reservedUsd"]) for p in proxies for event in p.events("call.reserved"))
        limit = min(Decimal(proxy.events("quota.set")[-1]["dailyLimitUsd"]) for proxy in proxies)
        return limit - sum(in_use(proxy.events()) for proxy in proxies) < one

    wait_until(nobody_may, seconds, "the limit to be spent", every=1)


def test_a_limit_that_is_lowered_holds_for_all_together(make_proxies):
    proxies = make_proxies(2)
    key = proxies[0].mint_key("alice")
    limit_both(proxies, 30)
    for proxy in proxies:
        assert call(proxy, key).status_code == 200
    limit_both(proxies, 0.3)
    spend(proxies, proxies, key)
    assert sum(in_use(proxy.events()) for proxy in proxies) <= Decimal("0.3")
    limit_both(proxies, 0.6)
    spend(proxies, proxies, key)
    assert Decimal("0.5") < sum(in_use(proxy.events()) for proxy in proxies) <= Decimal("0.6")


def test_what_was_spent_before_there_was_a_limit_counts_for_all(make_proxies):
    proxies = make_proxies(2)
    key = proxies[0].mint_key("alice")
    for proxy in proxies:
        for _ in range(10):
            assert call(proxy, key).status_code == 200
    limit_both(proxies, 0.4)
    wait_until(
        lambda: len(proxies[0].sql("select 1 from ledger.budget_leases")) == 2,
        10,
        "two leases",
    )
    spend(proxies[:1], proxies, key)
    assert sum(in_use(proxy.events()) for proxy in proxies) <= Decimal("0.4")


def test_rows_that_are_lost_are_written_anew_when_the_session_is(make_proxies):
    proxies = make_proxies(2)
    key = proxies[0].mint_key("alice")
    limit_both(proxies, 1)
    assert call(proxies[0], key).status_code == 200
    used = in_use(proxies[0].events())
    with psycopg.connect(proxies[0].postgres_url, autocommit=True) as connection:
        connection.execute("delete from ledger.budget_windows")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'dispatch-ledger-leases'"
        )
    # A call that meets the broken session gets its lease over a new one.
    assert call(proxies[1], key).status_code == 200

    def rows() -> list[tuple]:
        return proxies[0].sql(
            "select in_use from ledger.budget_leases where origin = 'proxy-1' and leased > 0"
        )

    wait_until(rows, 20, "the row to be there again", every=0.2)
    assert rows()[0][0] == used


@pytest.mark.parametrize("limit", [0.2, 4])
def test_a_ledger_that_rests_leaves_the_rest_of_a_limit_to_the_others(make_proxies, limit):
    proxies = make_proxies(2)
    key = proxies[0].mint_key("alice")
    limit_both(proxies, limit)
    for _ in range(3):
        assert call(proxies[0], key).status_code == 200
    used = in_use(proxies[0].events())

    def rests() -> bool:
        (row,) = proxies[0].sql("select leased from ledger.budget_leases where origin = 'proxy-1'")
        return row[0] == used

    wait_until(rests, 40, "all but what is spent to be given back", every=0.5)
    spend(proxies[1:], proxies, key)
    assert Decimal(str(limit)) - sum(in_use(proxy.events()) for proxy in proxies) < Decimal("0.03")


def test_what_open_calls_hold_is_given_back_when_they_cost_less(make_proxies):
    (proxy,) = make_proxies(1)
    key = proxy.mint_key("alice")
    proxy.set_quota("alice", dailyLimitUsd=1)
    with ThreadPoolExecutor(20) as pool:
        slow = headers(key, 14_000)
        calls = [
            pool.submit(
                requests.post,
                f"{proxy.proxy_url}/v1/messages",
                json=BODY,
                headers=slow,
                timeout=60,
            )
            for _ in range(20)
        ]
        assert {answer.result().status_code for answer in calls} == {200}

    def all_is_back() -> bool:
        (row,) = proxy.sql("select leased from ledger.budget_leases")
        return row[0] == spent(proxy.events())

    wait_until(all_is_back, 40, "what was held to be given back", every=0.5)


def test_a_limit_that_is_removed_binds_nobody(make_proxies):
    proxies = make_proxies(2)
    key = proxies[0].mint_key("alice")
    limit_both(proxies, 0.1)
    assert call(proxies[0], key).status_code == 200
    proxies[0].delete_quota("alice")
    gone = "select 1 from ledger.budget_leases where origin = 'proxy-1'"
    wait_until(lambda: not proxies[0].sql(gone), 10, "the lease to be gone")
    proxies[1].set_quota("alice", dailyLimitUsd=1)
    for _ in range(20):
        assert call(proxies[1], key).status_code == 200


def test_sharing_needs_a_database(make_ledger):
    proxy = make_ledger(start=False, environment={"LEDGER_SHARED_BUDGETS": "closed"})
    done = proxy.run("serve", "proxy", check=False)
    assert done.returncode == 64
    assert "LEDGER_SHARED_BUDGETS needs LEDGER_POSTGRES_URL" in done.stderr
    proxy.environment["LEDGER_SHARED_BUDGETS"] = "maybe"
    done = proxy.run("serve", "proxy", check=False)
    assert "LEDGER_SHARED_BUDGETS" in done.stderr and "closed, off, open" in done.stderr
