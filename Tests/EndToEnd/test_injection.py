"""No text that a client sends ever becomes SQL: PostgreSQL's own log shows which statements reached it."""

import re
import sys

import pytest
import requests
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from dispatches import KERNELS, message

MARK = "injected7Q"
PAYLOADS = [
    f"'; drop table ledger.events; -- {MARK}",
    f"' or '1'='1 {MARK}",
    f"\\'; truncate ledger.checkpoints; -- {MARK}",
    f"$${MARK}$$; delete from ledger.usage_hourly; $$",
    f"$1 || {MARK}",
    f'"; create role {MARK} superuser; --',
    f"E'\\x27 {MARK}",
    f"%s %(a)s {{}} {{0}} {MARK}",
    f"/* {MARK} */ union select line from ledger.events",
    f"1); copy ledger.events to program 'touch /tmp/{MARK}' --",
    f"\\. {MARK}",
    f'{{\\\\"{MARK}\\\\",null}}',
    f"{MARK}' ::text; set role postgres; '",
    f"ʼ＇‘{MARK}’ ; drop schema ledger cascade",
    f"a\tb\\N{MARK}\\n\\.\\n",
    f"{MARK}" + "'" * 200,
]
# What a header that names a session can carry: visible ASCII, at most 128.
HEADER_PAYLOADS = [
    text
    for text in (payload.replace(" ", "/**/") for payload in PAYLOADS)
    if re.fullmatch("[!-~]{1,128}", text)
]


@pytest.fixture
def ledger(make_ledger, own_cluster):
    own_cluster.configure(log_statement="all", log_line_prefix="@@ ")
    return make_ledger(
        postgres_url=own_cluster.create_database(),
        environment={"LEDGER_KERNEL": f"command:{sys.executable} {KERNELS / 'sample_kernel.py'}"},
    )


def statements(cluster) -> list[str]:
    """Every statement that reached the server, without the values beside it."""
    entries = cluster.process.log.read_text(errors="replace").split("@@ ")
    kinds = ("LOG:  statement:", "LOG:  execute", "STATEMENT:")
    return [entry for entry in entries if entry.startswith(kinds)]


def schema(ledger) -> list[tuple]:
    """What is there: relations, functions, triggers, roles."""
    return ledger.sql(
        """
        select 'relation', c.oid::regclass::text from pg_class c where relnamespace = 'ledger'::regnamespace
        union all select 'function', p.oid::regprocedure::text from pg_proc p
          where pronamespace = 'ledger'::regnamespace
        union all select 'trigger', tgname || tgrelid::regclass from pg_trigger
        union all select 'role', rolname from pg_roles
        order by 1, 2
        """
    )


def send_everywhere(ledger) -> list[int]:
    """Puts each payload into each field that a client may fill; the answers' codes."""
    key = ledger.mint_key("alice")
    answers = []
    for payload in HEADER_PAYLOADS:
        headers = {"x-api-key": key, "x-session-id": payload, "x-dispatch-id": payload, "user-agent": payload}
        body = {
            "model": "claude-sonnet-4-6",
            "max_tokens": 5,
            "messages": [{"role": "user", "content": "Hi"}],
        }
        answers.append(
            requests.post(f"{ledger.proxy_url}/v1/messages", json=body, headers=headers, timeout=20)
        )
    for number, payload in enumerate(PAYLOADS):
        body = {
            "model": payload,
            "max_tokens": 5,
            "metadata": {"user_id": payload},
            "messages": [{"role": "user", "content": payload}],
        }
        answers.append(
            requests.post(
                f"{ledger.proxy_url}/v1/messages", json=body, headers={"x-api-key": key}, timeout=20
            )
        )
        fields = {"source": payload, "sessionId": payload, "user": payload, "model": payload}
        answers.append(message(ledger, f"hello {payload}", **fields))
        answers.append(message(ledger, f"hello {payload}", key, sessionId=payload))
        event = CloudEvent(
            {
                "id": payload,
                "type": "dispatch-ledger.usage.v1",
                "source": f"/agents/{number}",
                "subject": "alice",
                "datacontenttype": "application/json",
            },
            {"provider": payload, "model": payload, "usage": {"input": 1}},
        )
        sent = to_structured_event(event)
        events = f"{ledger.platform_url}/api/v1/events"
        answers.append(requests.post(events, data=sent.body, headers=sent.headers | ledger.admin, timeout=20))
        for name in ("from", "to", "bucket", "by", "user"):
            answers.append(
                requests.get(
                    f"{ledger.platform_url}/api/usage",
                    params={name: payload},
                    headers=ledger.admin,
                    timeout=20,
                )
            )
        quota = requests.Request(
            "POST",
            f"{ledger.proxy_url}/quotas/{requests.utils.quote(payload, safe='')}",
            headers=ledger.admin,
        )
        quota.json = {"dailyLimitUsd": 1}
        answers.append(requests.Session().send(quota.prepare(), timeout=20))
        answers.append(
            requests.post(
                f"{ledger.platform_url}/containers",
                json={"handle": payload},
                headers=ledger.admin,
                timeout=20,
            )
        )
    return [answer.status_code for answer in answers]


def test_no_text_of_a_client_becomes_sql(ledger, own_cluster):
    before = schema(ledger)
    codes = send_everywhere(ledger)
    # 503: there is no container engine here.
    assert {code for code in codes if code >= 500} <= {503}, codes
    assert codes.count(200) >= len(HEADER_PAYLOADS), codes
    ledger.wait_ingested()
    assert schema(ledger) == before
    sent = statements(own_cluster)
    assert any("ledger.ingest" in statement for statement in sent), "the log shows nothing"
    assert [statement for statement in sent if MARK in statement] == []
    rows = ledger.sql("select line, session_id, model, details::text from ledger.events order by position")
    assert [line.encode() for line, *_ in rows] == ledger.lines()
    # The payloads are there, each as it was sent.
    assert set(HEADER_PAYLOADS) <= {session for _, session, *_ in rows}
    # A model's name keeps its visible ASCII.
    models = {model for _, _, model, _ in rows if model and MARK in model}
    assert len(models) >= len(PAYLOADS) - 1, models
    assert ledger.run("verify", "--postgres").returncode == 0
