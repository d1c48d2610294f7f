"""A real Alertmanager that delivers to a webhook, and a real Prometheus whose rules feed it."""

import json
import shutil
import time
from pathlib import Path

import requests
from ledger import Prometheus, answers
from processes import Process, free_port, wait_until


class Alertmanager:
    """One Alertmanager that knows one receiver: `webhook`, asked with `secret` as bearer token."""

    def __init__(self, folder: Path, webhook: str, secret: str):
        binary = shutil.which("prometheus-alertmanager")
        if not binary:
            raise FileNotFoundError("Alertmanager is not installed: run script/bootstrap test")
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        configuration = folder / "alertmanager.yml"
        # JSON is YAML.
        configuration.write_text(json.dumps(self._configuration(webhook, secret)))
        self.process = Process(
            "alertmanager",
            [
                binary,
                f"--config.file={configuration}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--web.external-url={self.url}",
                "--cluster.listen-address=",
                "--log.level=debug",
            ],
            folder / "alertmanager.log",
        )

    @staticmethod
    def _configuration(webhook: str, secret: str) -> dict:
        receiver = {
            "url": webhook,
            "send_resolved": True,
            "http_config": {"authorization": {"credentials": secret}},
        }
        return {
            "route": {
                "receiver": "ledger",
                "group_by": ["alertname"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "ledger", "webhook_configs": [receiver]}],
        }

    def start(self) -> "Alertmanager":
        self.process.start()
        wait_until(lambda: answers(f"{self.url}/-/ready"), 30, "Alertmanager", self.process)
        return self

    def stop(self) -> None:
        self.process.stop()

    def alerts(self) -> list[dict]:
        """What it holds now."""
        answer = requests.get(f"{self.url}/api/v2/alerts", timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, *alerts: dict) -> None:
        """Gives it alerts, as Prometheus does."""
        answer = requests.post(f"{self.url}/api/v2/alerts", json=list(alerts), timeout=5)
        assert answer.status_code == 200, answer.text


def prometheus_with_rules(
    folder: Path, targets: dict[str, int], rules: list[dict], alertmanager: Alertmanager
):
    """A Prometheus that evaluates `rules` each second and sends what fires to `alertmanager`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "test", "interval": "1s", "rules": rules}]}))
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for name, port in targets.items()
    ]
    receiver = {"static_configs": [{"targets": [f"127.0.0.1:{alertmanager.port}"]}]}
    documents = {
        "scrape_configs": jobs,
        "rule_files": [str(file)],
        "alerting": {"alertmanagers": [receiver]},
    }
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in documents.items())
    return Prometheus(folder, targets, scrape_configs=text)


def wait_for_alert(ledger, status: str, seconds: float = 60, **fields) -> dict:
    """Waits for the first `alert.received` with this status and these fields."""

    def found() -> dict | None:
        for event in ledger.events("alert.received"):
            if event["status"] == status and fields.items() <= event.items():
                return event
        return None

    return wait_until(found, seconds, f"an alert that is {status}", ledger.process, every=0.1)


def rfc3339(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
