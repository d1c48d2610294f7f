"""Limits and groups: what is changed at one ledger holds at all that share limits with it."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from jsonschema import Draft202012Validator
from processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
BODY = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


def requests_a_day(count: int) -> dict:
    return {"limits": [{"measure": "requests", "window": "day", "limit": count}]}


def call(proxy, key: str) -> int:
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    url = f"{proxy.proxy_url}/v1/messages"
    return requests.post(url, json=BODY, headers=headers, timeout=30).status_code


def changes(proxy) -> list[dict]:
    """What somebody changed, there or elsewhere."""
    events = proxy.events("quota.set", "quota.removed", "group.joined", "group.left")
    return [event for event in events if event["by"] != "default"]


def copies(proxy) -> list[dict]:
    return [event for event in changes(proxy) if "copiedFrom" in event]


def wait_for_copies(proxy, count: int, seconds: float = 10) -> list[dict]:
    return wait_until(
        lambda: copies(proxy) if len(copies(proxy)) >= count else None,
        seconds,
        f"{count} copies",
        proxy.process,
        every=0.1,
    )


def quotas(proxy) -> dict[str, dict]:
    answer = requests.get(f"{proxy.proxy_url}/quotas", headers=proxy.admin, timeout=10).json()
    return {row.get("user") or row["subject"]: row for row in answer["quotas"]}


def test_a_limit_that_is_set_at_one_ledger_holds_at_the_others(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("alice")
    first.set_quota("alice", **requests_a_day(3), reason="trial")
    (copy,) = wait_for_copies(second, 1)
    (original,) = changes(first)
    assert copy["copiedFrom"] == {"origin": "proxy-1", "position": original["position"]}
    assert copy["madeAt"] == original["timestamp"]
    assert copy["limits"] == original["limits"] and copy["by"] == original["by"]
    assert copy["reason"] == "trial"
    schema = json.loads((ROOT / "docs/schemas/quota.set.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(copy)) == []
    statuses = [call(proxy, key) for proxy in (second, first, second, second, first, first, second)]
    assert statuses.count(200) <= 3 and statuses[-1] == 429
    for proxy in (first, second):
        proxy.run("verify")
    assert len(changes(first)) == 1, "a copy is not copied back"
    told = second.home / "system" / "activity.log"
    wait_until(lambda: "(copied from proxy-1)" in told.read_text(), 10, "the activity log to tell of it")


def test_what_was_changed_while_a_ledger_was_stopped_holds_from_its_first_call(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("alice")
    assert call(second, key) == 200
    second.stop()
    first.set_quota("alice", **requests_a_day(0))
    wait_until(
        lambda: first.sql("select 1 from ledger.events where type = 'quota.set'"), 10, "the event stored"
    )
    second.start()
    assert call(second, key) == 429


def test_a_new_ledger_has_all_limits_before_its_first_call(make_proxies):
    (first,) = make_proxies(1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: first.set_quota(f"user-{n}", **requests_a_day(0)), range(600)))
    first.set_quota("group:red", **requests_a_day(0))
    first.join_group("red", "bob")
    first.set_quota("default", **requests_a_day(1))
    last = changes(first)[-1]["position"]
    stored = "select 1 from ledger.checkpoints where position >= %s"
    wait_until(lambda: first.sql(stored, last), 10, "the events stored")
    (second,) = make_proxies(1)
    statuses = [call(second, first.mint_key(user)) for user in ("user-0", "user-599", "bob", "carol")]
    assert statuses == [429, 429, 429, 200]
    assert call(second, first.mint_key("carol")) == 429
    assert len(copies(second)) == 603


def test_the_latest_of_several_changes_holds_everywhere(make_proxies):
    proxies = make_proxies(3)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(20):
            list(pool.map(lambda p: p.set_quota("alice", **requests_a_day(p.ports["proxy"])), proxies))
    latest = max(
        (event for proxy in proxies for event in changes(proxy) if "copiedFrom" not in event),
        key=lambda event: event.get("madeAt", event["timestamp"]),
    )

    def all_have_it() -> bool:
        return all(changes(proxy)[-1]["limits"] == latest["limits"] for proxy in proxies)

    wait_until(all_have_it, 20, "one limit everywhere", every=0.2)
    for proxy in proxies:
        (rule,) = quotas(proxy)["alice"]["limits"]
        assert rule["limit"] == latest["limits"][0]["limit"]
    proxies[1].delete_quota("alice")
    wait_until(lambda: not any(map(quotas, proxies)), 20, "no limit anywhere", every=0.2)
    for proxy in proxies:
        proxy.restart()
        assert quotas(proxy) == {}
        proxy.run("verify")


def test_who_is_in_a_group_is_known_everywhere(make_proxies):
    first, second = make_proxies(2)
    key = first.mint_key("bob")
    first.set_quota("group:red", **requests_a_day(0))
    second.join_group("red", "bob")
    wait_for_copies(first, 1)
    wait_for_copies(second, 1)
    assert {call(first, key), call(second, key)} == {429}
    first.leave_group("red", "bob")
    wait_for_copies(second, 2)
    assert {call(first, key), call(second, key)} == {200}


def test_what_is_changed_while_postgres_is_away_is_copied_once_it_is_back(make_ledger, own_cluster):
    url = own_cluster.create_database()
    environment = {"LEDGER_SHARED_BUDGETS": "closed", "LEDGER_KEY_SECRET": "k" * 32}
    first, second = (
        make_ledger(
            postgres_url=url,
            services=("proxy",),
            environment=environment | {"LEDGER_ORIGIN": name},
        )
        for name in ("proxy-1", "proxy-2")
    )
    key = first.mint_key("alice")
    own_cluster.stop("immediate")
    first.set_quota("alice", **requests_a_day(0))
    assert call(second, key) == 200, "not yet known there"
    own_cluster.start()
    wait_for_copies(second, 1, seconds=40)
    assert call(second, key) == 429


@pytest.mark.parametrize("place", ["there", "here"])
def test_a_ledger_that_does_not_share_limits_keeps_its_own(make_proxies, make_ledger, place):
    (sharing,) = make_proxies(1)
    alone = make_ledger(
        postgres_url=sharing.postgres_url, services=("proxy",), environment={"LEDGER_ORIGIN": "alone"}
    )
    (setting, other) = (alone, sharing) if place == "there" else (sharing, alone)
    setting.set_quota("alice", **requests_a_day(0))
    # What is set here later has been copied to a third: so would the other have been.
    (third,) = make_proxies(1)
    sharing.set_quota("bob", **requests_a_day(0))
    wait_until(lambda: "bob" in quotas(third), 10, "the copy", every=0.1)
    assert "alice" not in quotas(other)
    assert ("alice" in quotas(third)) == (place == "here")
