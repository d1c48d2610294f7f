"""Checks distro/observability by name: metrics, labels, columns, and the runbook's headings.

Metrics and labels are those that Sources/ names; columns those that ledger_reader may read, by migrations/ on
a private PostgreSQL. promtool and amtool judge the files that are theirs.
"""

import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path("Tests/EndToEnd").resolve()))

import dashboards  # noqa: E402 - the path above finds it
from cluster import PostgresCluster  # noqa: E402

# Those that Prometheus itself makes.
METRICS = {"up", "ALERTS"}
LABELS = {"job", "instance", "le", "alertstate", "alertname", "severity", "__name__"}
LOG_LABELS = {"job", "type", "service", "handle", "level"}
SERVICES = ("gateway", "proxy", "platform")

findings: list[str] = []


def tool(*command: str, cwd: Path = dashboards.FOLDER) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        findings.append(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def named_in_sources() -> tuple[set[str], set[str]]:
    """Metrics, histograms by their parts too, and labels that the services can show."""
    text = "\n".join(path.read_text() for path in sorted(Path("Sources").rglob("*.swift")))
    names = set(re.findall(r'"((?:gateway|proxy|platform|ledger|gen_ai)_[a-z_]+)"', text))
    for suffix in re.findall(r'"\\\(service\)(_[a-z_]+)"', text):
        names |= {service + suffix for service in SERVICES}
    histograms = {name for name in names if "seconds" in name or name.endswith("_token_usage")}
    parts = {name + part for name in histograms for part in ("_bucket", "_sum", "_count")}
    labels = set()
    for listed in re.findall(r"labels: \[([^\]]+)\]", text):
        labels |= set(re.findall(r'"(\w+)"', listed))
    for sample in re.findall(r"sample\(\s*\[([^\]]+)\]", text):
        labels |= set(re.findall(r'"(\w+)":', sample))
    return names | parts, labels


def check_promql() -> None:
    metrics, labels = named_in_sources()
    metrics, labels = metrics | METRICS, labels | LABELS
    asked = dashboards.queries("prometheus") + [
        dashboards.Query(rule["alert"], "prometheus", rule["expr"]) for rule in dashboards.rules()
    ]
    for query in asked:
        for name in re.findall(r'__name__=~"([^"]+)"', query.text):
            if not any(re.fullmatch(name, metric) for metric in metrics):
                findings.append(f"{query.name}: no metric is like {name}")
        bare = re.sub(r'"[^"]*"', '""', query.text)
        for matchers in re.findall(r"\{([^}]*)\}", bare):
            used = set(re.findall(r"(\w+)\s*[=!]", matchers))
            findings.extend(f"{query.name}: no label is called {name}" for name in used - labels)
        for grouping in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare):
            used = set(re.findall(r"\w+", grouping))
            findings.extend(f"{query.name}: no label is called {name}" for name in used - labels)
        bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", bare)
        bare = re.sub(r"label_values\((\w+), *(\w+)\)", r"\1", bare)
        words = set(re.findall(r"(?<![$\w.])([a-zA-Z_]\w*)(?!\s*\()\b(?!\()", bare)) - {
            "or",
            "and",
            "unless",
            "offset",
        }
        findings.extend(f"{query.name}: no metric is called {name}" for name in words - metrics)


def check_rules() -> None:
    runbook = (dashboards.ROOT / "distro" / "runbook.md").read_text()
    headings = {line[3:].strip() for line in runbook.splitlines() if line.startswith("## ")}
    names = [rule["alert"] for rule in dashboards.rules()]
    for rule in dashboards.rules():
        name = rule["alert"]
        if rule["annotations"].get("runbook_url") != f"distro/runbook.md#{name.lower()}":
            findings.append(f"{name}: its runbook_url is not distro/runbook.md#{name.lower()}")
        if name not in headings:
            findings.append(f"distro/runbook.md: no heading for {name}")
        if name not in (dashboards.FOLDER / "alerting" / "rules_test.yml").read_text():
            findings.append(f"rules_test.yml: no test of {name}")
    findings.extend(f"distro/runbook.md: no alert is called {name}" for name in sorted(headings - set(names)))


def check_logs() -> None:
    """LogQL uses the labels that both collectors set."""
    for query in dashboards.queries("loki"):
        used = set(re.findall(r"(\w+)\s*=~?", re.sub(r'"[^"]*"', '""', query.text.partition("}")[0])))
        findings.extend(f"{query.name}: no stream has the label {name}" for name in used - LOG_LABELS)


def check_sql() -> None:
    cluster = PostgresCluster()
    try:
        cluster.start()
        url = cluster.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            for folder in ("", "functions", "views"):
                for path in sorted(Path("migrations", folder).glob("*.sql")):
                    connection.execute(path.read_text())
        with psycopg.connect(url.replace("user=ledger", "user=ledger_reader")) as connection:
            for query in dashboards.queries("grafana-postgresql-datasource"):
                chosen = {"user": ["alice"], "model": [], "handle": ["alice"]}
                text = dashboards.sql(query.text, timedelta(days=7), **chosen)
                try:
                    with connection.transaction():
                        connection.execute(f"explain {text}")
                except psycopg.Error as error:
                    findings.append(f"{query.name}: {error}")
    finally:
        cluster.destroy()


with tempfile.TemporaryDirectory() as folder:
    # In the container its files lie elsewhere.
    (Path(folder) / "metrics-token").touch()
    placed = dashboards.prometheus_configuration(Path(folder) / "metrics-token")
    (Path(folder) / "prometheus.yml").write_text(placed)
    tool("promtool", "check", "config", str(Path(folder) / "prometheus.yml"))
tool("promtool", "check", "rules", "alerting/rules.yml")
tool("promtool", "test", "rules", "alerting/rules_test.yml")
tool("amtool", "check-config", "alertmanager.yml")
check_promql()
check_rules()
check_logs()
check_sql()
for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(1 if findings else 0)
