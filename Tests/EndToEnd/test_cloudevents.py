"""POST /api/v1/events: usage reported as CloudEvents counts once, priced by us, or is refused by name."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

DATA = {
    "provider": "anthropic",
    "model": "claude-sonnet-4-6",
    "usage": {"input": 1000, "cacheRead": 500, "output": 200},
}
COST = Decimal("0.00615")  # (1000 × 3 + 500 × 0.3 + 200 × 15) / 1 000 000


def event(data: dict | None = None, **attributes) -> CloudEvent:
    standard = {
        "type": "dispatch-ledger.usage.v1",
        "source": "/agents/night",
        "subject": "alice",
        "datacontenttype": "application/json",
    }
    return CloudEvent(standard | attributes, DATA if data is None else data)


def post(ledger, body: bytes | str, headers: dict) -> requests.Response:
    return requests.post(
        f"{ledger.platform_url}/api/v1/events",
        data=body,
        headers={**headers, **ledger.admin},
        timeout=20,
    )


def send(ledger, cloud_event: CloudEvent, convert=to_structured_event) -> requests.Response:
    message = convert(cloud_event)
    return post(ledger, message.body, message.headers)


def send_batch(ledger, events: list[CloudEvent]) -> requests.Response:
    body = "[" + ",".join(to_structured_event(one).body.decode() for one in events) + "]"
    return post(ledger, body, {"content-type": "application/cloudevents-batch+json"})


def results(answer: requests.Response) -> list[dict]:
    return json.loads(answer.text, parse_float=Decimal)["results"]


def cost_of(ledger, user: str = "alice") -> Decimal:
    shown = ledger.exact_sample("ledger_user_cost_usd", user=user, window="total")
    return Decimal(shown or 0)


def test_the_sdk_sends_in_all_three_modes(ledger):
    for convert in (to_structured_event, to_binary_event):
        answer = send(ledger, event(), convert)
        assert answer.status_code == 202, answer.text
        (result,) = results(answer)
        assert (result["costUsd"], result["costState"]) == (COST, "priced")
    answer = send_batch(ledger, [event(), event(subject="bob")])
    assert answer.status_code == 202, answer.text
    assert len({result["position"] for result in results(answer)}) == 2
    reported = ledger.events("usage.reported")
    assert [one["user"] for one in reported] == ["alice", "alice", "alice", "bob"]
    assert {one["costUsd"] for one in reported} == {COST}
    assert (cost_of(ledger), cost_of(ledger, "bob")) == (3 * COST, COST)
    ledger.wait_ingested()
    stored = dict(ledger.sql("select user_id, sum(cost_usd) from ledger.usage_hourly group by 1"))
    assert stored == {"alice": 3 * COST, "bob": COST}


@pytest.mark.parametrize(
    "first, again",
    [(to_structured_event, to_binary_event), (to_binary_event, to_structured_event)],
)
def test_the_same_event_counts_once_however_it_is_sent(journal_ledger, first, again):
    one = event()
    answer = send(journal_ledger, one, first)
    repeated = send(journal_ledger, one, again)
    assert (answer.status_code, repeated.status_code) == (202, 200)
    assert results(repeated)[0]["position"] == results(answer)[0]["position"]
    journal_ledger.restart()
    assert send(journal_ledger, one, first).status_code == 200
    assert len(journal_ledger.events("usage.reported")) == 1
    assert cost_of(journal_ledger) == COST


def test_another_body_under_the_same_name_is_a_409_with_the_first_position(
    journal_ledger,
):
    one = event()
    position = results(send(journal_ledger, one))[0]["position"]
    other = event(DATA | {"usage": {"input": 1}}, id=one.get_id(), time=one.get_time())
    answer = send(journal_ledger, other)
    assert answer.status_code == 409
    assert answer.headers["x-ledger-position"] == str(position)
    assert answer.headers["content-type"] == "application/problem+json"
    # Another source may use the same id.
    assert send(journal_ledger, event(id=one.get_id(), source="/agents/day")).status_code == 202
    # A batch with a contradiction leaves nothing behind.
    assert send_batch(journal_ledger, [event(), other]).status_code == 409
    assert len(journal_ledger.events("usage.reported")) == 2


def test_sixty_four_duplicates_at_one_time_count_once(journal_ledger):
    one = event()
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: send(journal_ledger, one), range(64)))
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [202]
    assert len({results(answer)[0]["position"] for answer in answers}) == 1
    assert len(journal_ledger.events("usage.reported")) == 1
    assert cost_of(journal_ledger) == COST


def test_a_model_without_a_price_is_loud(journal_ledger):
    answer = send(journal_ledger, event(DATA | {"model": "nobody-knows-it"}))
    assert answer.status_code == 202
    assert (results(answer)[0]["costUsd"], results(answer)[0]["costState"]) == (
        None,
        "unpriced",
    )
    assert journal_ledger.sample("ledger_unpriced_calls", model="other") == 1


def test_a_batch_is_whole_or_nothing(journal_ledger):
    wrong = event(DATA | {"usage": {"input": -1}})
    answer = send_batch(journal_ledger, [event(), wrong, event()])
    assert answer.status_code == 400
    assert "event 2: data.usage.input" in answer.json()["detail"]
    assert journal_ledger.events("usage.reported") == []
    many = [event(id=str(number)) for number in range(1000)]
    assert send_batch(journal_ledger, many).status_code == 202
    assert len(journal_ledger.events("usage.reported")) == 1000
    assert send_batch(journal_ledger, [*many, event()]).status_code == 400
    assert cost_of(journal_ledger) == 1000 * COST


STRUCTURED = "application/cloudevents+json"
ENVELOPE = {
    "specversion": "1.0",
    "type": "dispatch-ledger.usage.v1",
    "source": "/a",
    "id": "1",
    "subject": "alice",
    "data": DATA,
}
HOSTILE = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"id":"\xff"}',
    "deep": b"[" * 100_000,
    "null": b"null",
    "a number": b"1e400",
    "another version": json.dumps(ENVELOPE | {"specversion": "0.3"}).encode(),
    "another type": json.dumps(ENVELOPE | {"type": "x"}).encode(),
    "no subject": json.dumps({k: v for k, v in ENVELOPE.items() if k != "subject"}).encode(),
    "a path as user": json.dumps(ENVELOPE | {"subject": "../../etc"}).encode(),
    "the ledger's own name": json.dumps(ENVELOPE | {"subject": "_other"}).encode(),
    "an id with a newline": json.dumps(ENVELOPE | {"id": "a\nb"}).encode(),
    "a cost of its own": json.dumps(ENVELOPE | {"data": DATA | {"costUsd": 0}}).encode(),
    "too many tokens": json.dumps(ENVELOPE | {"data": DATA | {"usage": {"input": 2**60}}}).encode(),
    "tokens as text": json.dumps(ENVELOPE | {"data": DATA | {"usage": {"input": "5"}}}).encode(),
    "no tokens": json.dumps(ENVELOPE | {"data": DATA | {"usage": {"input": 0}}}).encode(),
    "a far future": json.dumps(ENVELOPE | {"time": "2999-01-01T00:00:00Z"}).encode(),
    "a day that is none": json.dumps(ENVELOPE | {"time": "2026-02-30T00:00:00Z"}).encode(),
    "a key twice": json.dumps(ENVELOPE).encode().replace(b'"id"', b'"id": "0", "id"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_usage_event_is_refused_and_leaves_nothing(journal_ledger, name):
    answer = post(journal_ledger, HOSTILE[name], {"content-type": STRUCTURED})
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "/problems/cloud-event"
    assert journal_ledger.events("usage.reported") == []
    # The next one is fine.
    assert send(journal_ledger, event()).status_code == 202


def test_only_the_administrator_reports(journal_ledger):
    message = to_structured_event(event())
    url = f"{journal_ledger.platform_url}/api/v1/events"
    key = {"authorization": f"Bearer {journal_ledger.mint_key('alice')}"}
    for authorization in ({}, key, {"authorization": "Bearer " + uuid.uuid4().hex}):
        answer = requests.post(
            url,
            data=message.body,
            headers={**message.headers, **authorization},
            timeout=10,
        )
        assert answer.status_code == 401
    assert journal_ledger.events("usage.reported") == []
