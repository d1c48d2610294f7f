"""Every panel and rule is asked where it will be, and has data.

That is a real Prometheus that scrapes the real services under real traffic, and PostgreSQL as ledger_reader.
"""

import json
import math
import re
import secrets
import time
from datetime import timedelta

import anthropic
import dashboards
import psycopg
import pytest
import requests
from dispatches import SAMPLE, run
from engine import IMAGE
from ledger import SERVICES, Ledger, Prometheus, Simulator
from processes import wait_until

HELLO = [{"role": "user", "content": "Hello"}]
HANDLE = "alice"
UNPRICED = "a-model-of-no-price"
HISTORY = timedelta(days=7)
# A container that ends its memory and one that does nothing; what one does follows from its name.
SCRIPT = (
    'case "$DISPATCH_USER" in eater) sleep 4; x=a; while :; do x="$x$x"; done;; '
    "*) while :; do sleep 1; done;; esac"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("observed")


@pytest.fixture(scope="module")
def network(engine):
    """A network of its own, so that what containers receive and send is counted."""
    made = engine.api("POST", "/networks/create", {"Name": "observed", "Driver": "bridge"})
    yield "observed"
    for container in engine.containers("dispatch-ledger.origin=observed"):
        engine.api("DELETE", f"/containers/{container['Id']}?force=true&v=true")
    engine.api("DELETE", f"/networks/{made['Id']}")


@pytest.fixture(scope="module")
def observed(binary, place, cluster, engine, network):
    """A ledger with everything on, after a bit of everything, and a Prometheus with our configuration."""
    simulator = Simulator(binary, place).start()
    environment = {
        "LEDGER_ORIGIN": "observed",
        "LEDGER_KERNEL": SAMPLE,
        "LEDGER_METRICS_TOKEN": secrets.token_hex(16),
        "ALERT_WEBHOOK_SECRET": secrets.token_hex(16),
        "DOCKER_HOST": engine.host,
        "PLATFORM_IMAGE": IMAGE,
        "PLATFORM_COMMAND": f"sh -c '{SCRIPT}'",
        "PLATFORM_NETWORK": network,
        "PLATFORM_MEMORY_LIMIT": "64m",
        "STATS_INTERVAL": "1s",
    }
    ledger = Ledger(binary, place, cluster.create_database(), simulator, environment=environment)
    ledger.origin = "observed"
    ledger.migrate()
    ledger.start()
    token = place / "metrics-token"
    token.write_text(environment["LEDGER_METRICS_TOKEN"])
    addresses = {name: f"127.0.0.1:{ledger.ports[name]}" for name in SERVICES}
    prometheus = Prometheus(place / "prometheus", dict(ledger.ports), quick(token, addresses)).start()
    try:
        prometheus.wait_scraped()
        traffic(ledger)
        ledger.wait_ingested()
        time_passes(prometheus)
        yield ledger, prometheus
    finally:
        prometheus.stop()
        ledger.stop()
        simulator.process.stop()


def quick(token, addresses) -> str:
    """prometheus.yml at a scrape a second; the `global` part is the test's own."""
    text = dashboards.prometheus_configuration(token, **addresses)
    text, count = re.subn(r"^global:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    assert count == 1
    # No Alertmanager here.
    text, count = re.subn(r"^alerting:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    assert count == 1
    return text


def traffic(ledger) -> None:
    """Calls, runs, containers, refusals, errors and what has no price; for about ten seconds."""
    for handle in (HANDLE, "eater"):
        answer = requests.post(
            f"{ledger.platform_url}/containers", json={"handle": handle}, headers=ledger.admin, timeout=60
        )
        assert answer.status_code == 201, answer.text
    ledger.set_quota(HANDLE, dailyLimitUsd=100, monthlyLimitUsd=1000, dailyTokens=1_000_000)
    ledger.set_quota("bob", dailyLimitUsd="0.0001")
    result = {
        **{"provider": "anthropic", "report": "anthropic_cost", "sha256": "0" * 64},
        **{"from": "2024-11-01", "to": "2024-11-02", "costUsd": {"ledger": 1, "provider": 1}},
        **{"rows": 1, "rowsDiffering": 0},
    }
    answer = requests.post(
        f"{ledger.proxy_url}/reconciliations", json=result, headers=ledger.admin, timeout=10
    )
    assert answer.status_code == 201, answer.text
    for subject in ("global", "group:red", "model:claude-sonnet-4-6"):
        ledger.set_quota(subject, limits=[{"measure": "requests", "window": "month", "limit": 100_000}])
    ledger.join_group("red", HANDLE)
    key = ledger.mint_key(HANDLE)
    clients = {
        user: ledger.anthropic(ledger.mint_key(user), max_retries=0) for user in (HANDLE, "bob", "dan")
    }

    def call(user: str, model: str = "claude-sonnet-4-6", **headers: str) -> None:
        clients[user].messages.create(model=model, max_tokens=50, messages=HELLO, extra_headers=headers)

    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        call(HANDLE, **{"x-simulate-cache": "read=100,write5m=50"})
        call("dan", model=UNPRICED)
        call("dan", **{"x-simulate-model": "claude-opus-4-1"})
        run(ledger, "calls=1", key)
        run(ledger, "direct", key)
        with pytest.raises(anthropic.RateLimitError):
            for _ in range(5):
                call("bob")
        with pytest.raises(anthropic.APIStatusError):
            call("dan", **{"x-simulate-status": "529"})
        requests.get(f"{ledger.platform_url}/containers", headers=ledger.admin, timeout=10)
    wait_until(lambda: ledger.events("container.oom"), 60, "the end of memory", ledger.process)


def time_passes(prometheus) -> None:
    """Waits until what has just happened was scraped twice."""
    for _ in range(2):
        prometheus.wait_scraped()


def as_reader(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("user=ledger", "user=ledger_reader"), autocommit=True)


def by_name(query: dashboards.Query) -> str:
    return query.name.replace(" ", "-")


PROMQL = [query for query in dashboards.queries("prometheus") if not query.text.startswith("label_values")]


def in_series(prometheus, text: str) -> list[float]:
    """The values of an expression that are numbers, which 0/0 is not."""
    found = [float(series["value"][1]) for series in prometheus.query(text)]
    return [value for value in found if not math.isnan(value)]


@pytest.mark.parametrize("query", PROMQL, ids=by_name)
def test_every_panel_s_promql_has_data(observed, query):
    _, prometheus = observed
    # One container has run out of memory; the other runs, and calls.
    handle = "eater" if "oom" in query.text else HANDLE
    text = dashboards.promql(query.text, handle=handle)
    assert in_series(prometheus, text), f"{text} has no data"


@pytest.mark.parametrize("query", dashboards.rule_figures(), ids=by_name)
def test_every_figure_that_a_rule_judges_has_data(observed, query):
    _, prometheus = observed
    assert in_series(prometheus, query.text), f"{query.text} has no data"


def test_the_variable_of_containers_is_the_running_ones(observed):
    _, prometheus = observed
    (asked,) = [q for q in dashboards.queries("prometheus") if q.text.startswith("label_values")]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", asked.text).groups()
    assert HANDLE in {series["metric"][label] for series in prometheus.query(metric)}


SQL = dashboards.queries("grafana-postgresql-datasource")
CHOSEN = [
    pytest.param({"user": [], "model": []}, id="all"),
    pytest.param({"user": [HANDLE, "dan"], "model": ["claude-sonnet-4-5", UNPRICED]}, id="chosen"),
]


@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize("query", SQL, ids=by_name)
def test_every_panel_s_sql_has_rows_for_the_reader(observed, query, chosen):
    ledger, _ = observed
    back = timedelta(hours=1) if query.name.startswith("container-detail") else HISTORY
    text = dashboards.sql(query.text, back, handle=[HANDLE], **chosen)
    with as_reader(ledger.postgres_url) as connection:
        rows = connection.execute(text).fetchall()
    assert rows, text
    # A stat shows its one figure, so that has to be one.
    assert len(rows) > 1 or any(value is not None for value in rows[0]), text


@pytest.mark.parametrize("query", SQL, ids=by_name)
def test_every_panel_s_sql_is_well_on_a_fresh_day(fresh, query):
    text = dashboards.sql(query.text, HISTORY, handle=[HANDLE], user=[], model=[])
    rows = fresh.execute(text).fetchall()
    assert len(rows) <= 1 and all(value is None for row in rows for value in row)


@pytest.fixture(scope="module")
def fresh(binary, cluster, tmp_path_factory):
    """The database of a ledger that nobody has used, as its reader."""
    ledger = Ledger(binary, tmp_path_factory.mktemp("fresh"), cluster.create_database())
    ledger.migrate()
    with as_reader(ledger.postgres_url) as connection:
        yield connection


def test_a_value_of_a_variable_is_never_sql(fresh):
    """What somebody writes into the address of a dashboard arrives as text."""
    evil = "x') or true; select pg_sleep(1); --"
    for query in SQL:
        fresh.execute(dashboards.sql(query.text, HISTORY, handle=[evil], user=[evil], model=[evil]))


def test_the_dashboards_sums_are_the_ledger_s(observed):
    ledger, prometheus = observed
    by_title = {query.name: query.text for query in SQL + PROMQL}
    with as_reader(ledger.postgres_url) as connection:
        text = dashboards.sql(by_title["cost-usage: Cost A"], HISTORY, user=[], model=[])
        ((spent,),) = connection.execute(text).fetchall()
        text = dashboards.sql(by_title["cost-usage: Users A"], HISTORY, user=[], model=[])
        cursor = connection.execute(text)
        columns = [column.name for column in cursor.description]
        by_user = {row[0]: row[columns.index("cost")] for row in cursor}
    shown = {row["user"]: row["costUsd"] for row in ledger.usage()}
    assert {user: cost for user, cost in by_user.items() if cost} == {u: c for u, c in shown.items() if c}
    assert spent == sum(shown.values())
    today = prometheus.value(by_title["platform-overview: Cost today A"])
    assert today == pytest.approx(float(spent), rel=1e-9)


def test_every_series_label_that_a_query_uses_is_on_its_metric(observed):
    """The cheap check in script/lint knows labels by name only; here each is looked for on its own metric."""
    _, prometheus = observed
    for query in [*PROMQL, *dashboards.rule_figures()]:
        for name, matchers in re.findall(r"([a-z]\w*)\{([^}]*)\}", query.text):
            if name == "ALERTS":
                continue
            labels = {label for series in prometheus.query(name) for label in series["metric"]}
            used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", matchers))
            assert used <= labels, f"{query.name}: {name} has {sorted(labels)}"


def test_what_logs_are_read_by_is_what_services_write(observed):
    """The fields that promtail.yml and alloy.config take out are there; a prompt or a key is not."""
    ledger, _ = observed
    lines = [json.loads(line) for line in ledger.process.log.read_text().splitlines()]
    assert lines and all({"time", "level", "message"} <= line.keys() for line in lines if "lines" not in line)
    for event in ledger.events():
        assert {"timestamp", "type"} <= event.keys()
    text = ledger.process.log.read_text()
    assert "Hello" not in text and "sk-proxy-" not in text and ledger.admin_token not in text
