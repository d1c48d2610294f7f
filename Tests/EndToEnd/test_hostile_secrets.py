"""Keys, tokens and prompts that must not be kept are looked for in everything that is written or said."""

import secrets
from pathlib import Path

import psycopg
import requests
from processes import wait_until
from test_hostile_http import connect, head, read_all
from test_hostile_money import post

SERVICES = ("gateway", "proxy", "platform")


def calls(ledger, canaries: dict[str, str]) -> list[str]:
    """Takes every way that a call can end, well or badly; returns what was said in refusals."""
    said = []
    prompt = [{"role": "user", "content": f"My secret is {canaries['prompt']}"}]
    body = {"model": "claude-sonnet-4-6", "max_tokens": 20, "messages": prompt, "system": canaries["prompt"]}
    key = canaries["user key"]
    openai = body | {"model": "gpt-4o-mini"}
    assert post(ledger, body, key).status_code == 200
    assert post(ledger, body | {"stream": True}, key).status_code == 200
    assert post(ledger, openai | {"stream": True}, key, "/v1/chat/completions").status_code == 200
    for status in ("400", "401", "429", "500", "529"):
        said.append(post(ledger, body, key, **{"x-simulate-status": status}).text)
    for fault in ("reset-mid-stream", "truncate", "malformed-sse"):
        try:
            post(ledger, body | {"stream": True}, key, **{"x-simulate-fault": fault})
        except requests.RequestException:
            pass
    said.append(post(ledger, {**body, "max_tokens": canaries["prompt"]}, key).text)
    said.append(post(ledger, body, key + "x").text)
    said.append(post(ledger, {**body, canaries["prompt"]: 1, "model": 7}, key).text)
    said.append(post(ledger, b'{"model":"' + canaries["prompt"].encode(), key).text)
    said.append(post(ledger, body, "x", "/v1/messages?key=" + key).text)
    ledger.set_quota("alice", dailyLimitUsd=0)
    said.append(post(ledger, body, key).text)
    for service in SERVICES:
        url = ledger.url(service)
        for path in (f"/{key}", f"/usage/{key}", f"/quotas/{key}", f"/health?token={key}", "/usage/alice"):
            for bearer in (key, canaries["admin token"] + "x"):
                headers = {"authorization": f"Bearer {bearer}"}
                said.append(requests.get(url + path, headers=headers, timeout=5).text)
                said.append(requests.post(url + path, headers=headers, data="{", timeout=5).text)
        said.append(requests.get(f"{url}/health", timeout=5).text)
        said.append(requests.get(f"{url}/ready", timeout=5).text)
        said.append(requests.get(f"{url}/metrics", timeout=5).text)
    admin = {"authorization": f"Bearer {canaries['admin token']}"}
    said.append(requests.get(f"{ledger.proxy_url}/usage/summary", headers=admin, timeout=5).text)
    with connect(ledger) as client:
        client.sendall(head(key, "bad field", length=5))
        said.append(read_all(client).decode())
    return said


def rows(url: str) -> list[str]:
    """Every value of every column of every table, as text."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert ("ledger", "events") in tables
        for schema, table in tables:
            name = psycopg.sql.Identifier(schema, table)
            for row in connection.execute(psycopg.sql.SQL("select * from {}").format(name)):
                found.extend(str(value) for value in row)
    return found


def test_planted_secrets_are_found_nowhere(make_ledger, simulator, cluster, folder):
    canaries = {
        name: f"CANARY{secrets.token_hex(12)}"
        for name in ("provider key", "admin token", "prompt", "key secret", "scrape token")
    }
    canaries["key secret"] *= 2
    url = cluster.create_database()
    ledger = make_ledger(
        postgres_url=url,
        start=False,
        environment={
            "ANTHROPIC_API_KEY": canaries["provider key"],
            "OPENAI_API_KEY": canaries["provider key"],
            "LEDGER_ADMIN_TOKEN": canaries["admin token"],
            "LEDGER_KEY_SECRET": canaries["key secret"],
            "LEDGER_PROMPTS": "off",
            "LEDGER_LOG_LEVEL": "debug",
        },
    )
    ledger.admin_token = canaries["admin token"]
    canaries["user key"] = ledger.mint_key("alice")
    signature = canaries["user key"].rpartition(".")[2]
    ledger.start()
    said = calls(ledger, canaries)
    simulator.process.kill9()
    body = {"model": "claude-sonnet-4-6", "max_tokens": 20, "messages": [{"role": "user", "content": "x"}]}
    ledger.delete_quota("alice")
    said.append(post(ledger, body, canaries["user key"]).text)
    ledger.wait_ingested()
    kept = rows(url)
    assert len(kept) > 100
    done = ledger.run("verify", "--postgres", check=False)
    said += [done.stdout, done.stderr, ledger.run("tail").stdout, ledger.run("usage", "--json").stdout]
    assert ledger.stop() == 0
    # A database that refuses is named without its password.
    password = f"CANARY{secrets.token_hex(12)}"
    ledger.environment["LEDGER_POSTGRES_URL"] = f"postgresql://nobody:{password}@127.0.0.1:9/none"
    done = ledger.run("migrate", check=False)
    assert done.returncode != 0
    said += [done.stdout, done.stderr]
    ledger.process.start()
    wait_until(lambda: ledger.process.log.read_text().count("listening") >= 6, 20, "the second start")
    wait_until(lambda: "9" in ledger.process.log.read_text().rpartition("ingest")[2], 20, "a refusal")
    assert ledger.stop() == 0

    places = {path.name: path.read_text(errors="replace") for path in files(ledger.home, ledger.process.log)}
    places |= {"an answer": "\n".join(said), "PostgreSQL": "\n".join(kept)}
    looked_for = canaries | {"password": password, "signature": signature}
    found = [
        f"{what} in {place}: …{text[max(text.index(canary) - 200, 0):][:300]}…"
        for what, canary in looked_for.items()
        for place, text in places.items()
        if canary in text
    ]
    print(f"{len(looked_for)} secrets, {len(places)} places, {sum(map(len, places.values())) >> 10} KiB")
    assert not found, "\n".join(found)


def files(*roots: Path) -> list[Path]:
    return [p for root in roots for p in ([root] if root.is_file() else root.rglob("*")) if p.is_file()]
