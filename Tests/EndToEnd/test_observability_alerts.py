"""Our rules, Alertmanager's configuration and the pipelines of logs, with real parts where there are any."""

import json
import re
import secrets
from decimal import Decimal

import dashboards
import yaml
from alertmanager import Alertmanager, wait_for_alert
from dispatches import SAMPLE, run
from ledger import Prometheus
from processes import wait_until
from stack import PLATFORM

MODEL = "claude-sonnet-4-6"


class OurAlertmanager(Alertmanager):
    """Alertmanager with distro/observability/alertmanager.yml: other places, and no wait."""

    @staticmethod
    def _configuration(webhook: str, secret: str) -> dict:
        text = (dashboards.FOLDER / "alertmanager.yml").read_text()
        for there, here in (
            ("http://gateway:4000/api/alert", webhook),
            ("/etc/alertmanager/alert-secret", secret),
        ):
            assert there in text
            text = text.replace(there, here)
        return yaml.safe_load(text.replace("group_wait: 10s", "group_wait: 0s").replace(": 1m", ": 1s"))


def quick_rules(folder) -> str:
    """rules.yml with seconds in place of minutes; that the minutes are right is promtool's to show."""
    text, count = re.subn(r"for: (\d+)m", r"for: \1s", dashboards.RULES.read_text())
    assert count > 5
    (folder / "rules.yml").write_text(text)
    return str(folder / "rules.yml")


def test_a_gateway_that_is_stopped_is_an_alert_in_another_one(make_ledger, folder):
    """gateway → Prometheus → ContainerDown → Alertmanager → the other gateway's journal."""
    secret = secrets.token_hex(16)
    (folder / "alert-secret").write_text(secret)
    watched = make_ledger(environment={"LEDGER_ORIGIN": "watched"})
    hearing = make_ledger(services=("gateway",), environment={"ALERT_WEBHOOK_SECRET": secret})
    webhook = f"{hearing.gateway_url}/api/alert"
    alertmanager = OurAlertmanager(folder / "alertmanager", webhook, str(folder / "alert-secret")).start()
    (folder / "metrics-token").touch()
    addresses = {name: f"127.0.0.1:{watched.ports[name]}" for name in watched.services}
    configuration = dashboards.prometheus_configuration(folder / "metrics-token", **addresses)
    configuration = re.sub(r"^global:\n(?:  .*\n)+", "", configuration, flags=re.MULTILINE)
    for there, here in (
        ("alertmanager:9093", f"127.0.0.1:{alertmanager.port}"),
        (str(dashboards.RULES), quick_rules(folder)),
    ):
        assert there in configuration
        configuration = configuration.replace(there, here)
    prometheus = Prometheus(folder / "prometheus", dict(watched.ports), configuration).start()
    try:
        prometheus.wait_scraped()
        assert prometheus.query('ALERTS{alertname="ContainerDown"}') == []
        watched.stop()
        firing = wait_for_alert(hearing, "firing", alertname="ContainerDown")
        # All three services were one process.
        wait_until(
            lambda: len(hearing.events("alert.received")) >= 3, 30, "three alerts", hearing.process, every=0.2
        )
        watched.start()
        resolved = wait_for_alert(hearing, "resolved", alertname="ContainerDown")
    finally:
        prometheus.stop()
        alertmanager.stop()
    assert firing["severity"] == "critical" and firing["from"] == "alertmanager"
    assert "does not answer" in firing["summary"]
    assert resolved["startsAt"] <= resolved["endsAt"]
    alerts = hearing.events("alert.received")
    assert {alert["alertname"] for alert in alerts} == {"ContainerDown"}
    assert len({alert["fingerprint"] for alert in alerts}) == 3


def test_limits_that_are_near_and_used_up_are_alerts_of_a_real_prometheus(make_ledger, folder):
    ledger = make_ledger()
    limits = {"global": 4, "group:red": 5, f"model:{MODEL}": 6, "group:far": 100}
    for subject, limit in limits.items():
        ledger.set_quota(subject, limits=[{"measure": "requests", "window": "month", "limit": limit}])
    for group in ("red", "far"):
        ledger.join_group(group, "alice")
    client = ledger.anthropic(ledger.mint_key("alice"), max_retries=0)
    for _ in range(4):
        client.messages.create(model=MODEL, max_tokens=20, messages=[{"role": "user", "content": "Hello"}])
    ledger.wait_settled(4)
    spent = sum(event["costUsd"] for event in ledger.events("call.settled"))
    # One user's limit is below what was spent, another window's is nearly used.
    ledger.set_quota("alice", dailyLimitUsd=str(spent / 2), monthlyLimitUsd=str(spent * Decimal("1.1")))
    (folder / "metrics-token").touch()
    addresses = {name: f"127.0.0.1:{ledger.ports[name]}" for name in ledger.services}
    configuration = dashboards.prometheus_configuration(folder / "metrics-token", **addresses)
    configuration = re.sub(r"^(?:global|alerting):\n(?:  .*\n)+", "", configuration, flags=re.MULTILINE)
    configuration = configuration.replace(str(dashboards.RULES), quick_rules(folder))
    prometheus = Prometheus(folder / "prometheus", dict(ledger.ports), configuration).start()
    try:

        def firing() -> set[tuple[str, str, str]]:
            return {
                (
                    series["metric"]["alertname"],
                    series["metric"]["severity"],
                    series["metric"].get("subject") or series["metric"]["window"],
                )
                for series in prometheus.query('ALERTS{alertname=~"Quota.*|Limit.*",alertstate="firing"}')
            }

        wanted = {
            ("LimitUsedUp", "critical", "global"),
            ("LimitNearlyUsed", "warning", "group:red"),
            ("QuotaUsedUp", "critical", "day"),
            ("QuotaNearlyUsed", "warning", "month"),
        }
        wait_until(lambda: firing() == wanted, 40, f"{wanted}", ledger.process, every=0.2)
        # A higher limit, and the alert is over.
        ledger.set_quota("global", limits=[{"measure": "requests", "window": "month", "limit": 400}])
        wanted.remove(("LimitUsedUp", "critical", "global"))
        wait_until(lambda: firing() == wanted, 40, f"{wanted}", ledger.process, every=0.2)
    finally:
        prometheus.stop()


def promtail() -> dict[str, dict]:
    document = yaml.safe_load((dashboards.FOLDER / "promtail.yml").read_text())
    return {job["job_name"]: job for job in document["scrape_configs"]}


def stages(job: dict, kind: str) -> list[dict]:
    """What the stages of one kind say, those for some lines only too."""
    nested = [stage["match"]["stages"] for stage in job["pipeline_stages"] if "match" in stage]
    return [stage[kind] for stage in [*job["pipeline_stages"], *sum(nested, [])] if kind in stage]


def test_what_people_wrote_does_not_leave_with_the_journal(make_ledger):
    """The collectors' own expression, on the lines of a real journal."""
    ledger = make_ledger(environment={"LEDGER_KERNEL": SAMPLE})
    hard = 'calls=1 quote " and backslash \\ and "prompt":"no" \n end'
    run(ledger, hard, ledger.mint_key("alice"))
    (replace,) = stages(promtail()["journal"], "replace")
    found = 0
    for line in ledger.lines():
        text = line.decode()
        # A stage replaces what its group has matched, each time.
        shipped = re.sub(replace["expression"], lambda match: f'"prompt":"{replace["replace"]}"', text)
        event, sent = json.loads(text), json.loads(shipped)
        found += "prompt" in event
        assert sent == event | ({"prompt": "-"} if "prompt" in event else {})
        assert "backslash" not in shipped
    assert found


def test_both_collectors_do_the_same():
    """promtail.yml and alloy.config name the same files, labels, fields, expressions and containers."""
    alloy = (dashboards.FOLDER / "alloy.config").read_text()
    jobs = promtail()
    for name in ("journal", "activity"):
        for key, value in jobs[name]["static_configs"][0]["labels"].items():
            assert re.search(rf'\b{key}\s*= "{re.escape(value)}"', alloy), f"{name}: {key}"
    for job in jobs.values():
        for fields in stages(job, "json"):
            listed = ", ".join(f'{key} = "{value}"' for key, value in fields["expressions"].items())
            assert f"expressions = {{{listed}}}" in alloy
        for replace in stages(job, "replace"):
            assert f"`{replace['expression']}`" in alloy
        for match in stages(job, "match"):
            assert f"selector = `{match['selector']}`" in alloy
        for kind in ("structured_metadata", "labels"):
            for names in stages(job, kind):
                listed = ", ".join(f'{key} = ""' for key in names)
                assert f"values = {{{listed}}}" in alloy
    for rule in jobs["containers"]["relabel_configs"]:
        for text in (
            rule.get("regex"),
            rule.get("target_label"),
            rule.get("replacement"),
            *rule.get("source_labels", []),
        ):
            assert text is None or f'"{text}"' in alloy


def test_what_an_agent_prints_makes_no_label():
    """An agent may print a level of its own invention with each line, and each would be a stream."""
    outside = [stage for stage in promtail()["containers"]["pipeline_stages"] if "match" not in stage]
    assert outside == []
    (match,) = stages(promtail()["containers"], "match")
    (name,) = re.fullmatch(r'\{service="(\w+)"\}', match["selector"]).groups()
    platform = yaml.safe_load(PLATFORM.read_text())
    assert platform["services"][name]["image"].startswith("${LEDGER_IMAGE")


def test_labels_of_logs_are_few():
    """Each combination of labels is a stream: nothing that varies by call or user may be one."""
    labels = set()
    for job in promtail().values():
        for static in job.get("static_configs", []):
            labels |= {name for name in static["labels"] if not name.startswith("__")}
        labels |= {rule["target_label"] for rule in job.get("relabel_configs", []) if "target_label" in rule}
        labels |= {name for names in stages(job, "labels") for name in names}
    assert labels == {"job", "type", "service", "handle", "level"}


def test_agents_containers_and_ours_are_read_and_nobody_else_s():
    (keep,) = (r for r in promtail()["containers"]["relabel_configs"] if r.get("action") == "keep")
    project = yaml.safe_load(PLATFORM.read_text())["name"]
    for labels, is_kept in (((project, ""), True), (("", "alice"), True), ((project, "alice"), True)):
        assert bool(re.fullmatch(keep["regex"], ";".join(labels))) == is_kept
    for labels in (("", ""), ("other", ""), (f"{project}-2", "")):
        assert not re.fullmatch(keep["regex"], ";".join(labels))
