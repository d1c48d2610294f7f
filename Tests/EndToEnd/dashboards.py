"""Reads distro/observability as Grafana and Prometheus would: queries with macros and variables expanded."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "distro" / "observability"
RULES = FOLDER / "alerting" / "rules.yml"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("dashboards/*.json"))}

# A comparison at the end of a part of an alert's expression: what is before it is the figure.
LIMIT = re.compile(r"\s(?:>=?|<=?|==|!=)\s*[0-9.]+(?=\s|$)")


@dataclass(frozen=True)
class Query:
    """One query of a panel, a variable, an annotation or a rule; `name` says where it is."""

    name: str
    kind: str  # prometheus, loki or grafana-postgresql-datasource
    text: str


def panels() -> Iterator[tuple[str, dict]]:
    """Every panel that shows something, with its name."""
    for board, content in BOARDS.items():
        for panel in content["panels"]:
            if panel["type"] != "row":
                yield f"{board}: {panel['title']}", panel


def queries(*kinds: str) -> list[Query]:
    """What the dashboards ask, of these kinds of source."""
    found = []
    for board, content in BOARDS.items():
        for variable in content["templating"]["list"]:
            text = variable["query"] if isinstance(variable["query"], str) else variable["query"]["query"]
            found.append(Query(f"{board}: ${variable['name']}", variable["datasource"]["type"], text))
        for note in content["annotations"]["list"]:
            found.append(Query(f"{board}: {note['name']}", note["datasource"]["type"], note["expr"]))
    for name, panel in panels():
        for target in panel["targets"]:
            text = target.get("rawSql") or target["expr"]
            found.append(Query(f"{name} {target['refId']}", target["datasource"]["type"], text))
    return [query for query in found if query.kind in kinds]


def rules() -> list[dict]:
    """Every alert of rules.yml."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def rule_figures() -> list[Query]:
    """What each rule compares, without the comparison: that has a value while nothing is wrong."""
    return [Query(rule["alert"], "prometheus", LIMIT.sub("", rule["expr"])) for rule in rules()]


def promql(text: str, **variables: str) -> str:
    """PromQL with Grafana's variables replaced."""
    built_in = {"__rate_interval": "30s", "__interval": "15s", "__range": "1h"}
    for name, value in (built_in | variables).items():
        text = text.replace(f"${name}", value)
    assert "$" not in text, f"a variable without a value: {text}"
    return text


def sql(text: str, back: timedelta, **variables: list[str]) -> str:
    """A panel's SQL as Grafana sends it, from `back` before now until now.

    A variable is the list of values that are chosen; none chosen is All, which these dashboards write as '*'.
    """
    now = datetime.now(UTC)
    begin, end = (f"'{moment:%Y-%m-%dT%H:%M:%S.%fZ}'" for moment in (now - back, now + timedelta(minutes=1)))
    interval = 3600 if back > timedelta(days=1) else 60
    text = text.replace("$__timeFrom()", begin).replace("$__timeTo()", end)
    text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {begin} AND {end}", text)
    text = re.sub(
        r"\$__timeGroupAlias\((\w+), *\$__interval\)",
        rf'floor(extract(epoch from \1)/{interval})*{interval} AS "time"',
        text,
    )
    for name, values in variables.items():
        quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values or ["*"])
        text = text.replace(f"${{{name}:sqlstring}}", quoted)
    assert "$" not in text, f"a macro or variable without a value: {text}"
    return text


def prometheus_configuration(token: Path, **targets: str) -> str:
    """prometheus.yml with its files where they are here, and each service at another address."""
    text = (FOLDER / "prometheus.yml").read_text()
    text = text.replace("/etc/prometheus/rules.yml", str(RULES))
    text = text.replace("/etc/prometheus/metrics-token", str(token))
    for service, address in targets.items():
        text, count = re.subn(rf'"{service}:\d+"', f'"{address}"', text)
        assert count == 1, f"prometheus.yml has no target {service}"
    return text
