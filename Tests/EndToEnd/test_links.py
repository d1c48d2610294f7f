"""What an operator names may be a link, as Kubernetes mounts every file; what the ledger writes may not."""

import json
import os
import secrets
from pathlib import Path

import pytest
from journals import MadeJournal
from pricing import ROOT


@pytest.fixture
def mounted(folder):
    """Puts texts under a folder as a mounted volume has them: each name a link into a folder that is one."""
    place = folder / "volume"
    (place / "..2026_11_24").mkdir(parents=True)
    os.symlink("..2026_11_24", place / "..data")

    def mount(name: str, text: str) -> str:
        file = place / "..2026_11_24" / name
        file.write_text(text)
        file.chmod(0o640)
        os.symlink(f"..data/{name}", place / name)
        return str(place / name)

    return mount


def test_settings_prices_and_secrets_may_be_links(make_ledger, mounted):
    book = (ROOT / "distro" / "prices.json").read_text()
    prices = mounted("prices.json", book.replace('"unpricedReserveUsd": "1"', '"unpricedReserveUsd": "7"'))
    ledger = make_ledger(start=False, environment={"LEDGER_PRICES": prices})
    for name, secret in (
        ("LEDGER_ADMIN_TOKEN", ledger.admin_token),
        ("LEDGER_KEY_SECRET", secrets.token_hex(32)),
        ("ALERT_WEBHOOK_SECRET", secrets.token_hex(16)),
    ):
        ledger.environment.pop(name, None)
        ledger.environment[f"{name}_FILE"] = mounted(name, secret + "\n")
    ledger.start()
    assert ledger.set_quota("alice", dailyLimitUsd=1)["dailyLimitUsd"] == 1
    assert ledger.mint_key("alice")
    assert prices in ledger.run("prices", "check", prices).stdout
    assert "reserves $7" in ledger.run("prices", "show").stdout
    assert ledger.run("rerate", "--since", "all", "--prices", prices, "--dry-run").returncode == 0
    ledger.run("export", "focus", "--prices", prices)
    ledger.stop()
    Path(ledger.environment["LEDGER_ADMIN_TOKEN_FILE"]).resolve().chmod(0o644)
    refused = ledger.run("serve", check=False)
    assert refused.returncode == 64 and "can be read or written by others" in refused.stderr


def test_reports_and_tables_may_be_links(make_ledger, mounted):
    ledger = make_ledger(start=False)
    MadeJournal(ledger.origin).days(1, 2).write(ledger.home)
    report = {
        "data": [{"date": "2026-01-30", "model": "claude-sonnet-4-5", "usage": 0.01}],
        "has_more": False,
    }
    assert "2026-01-30" in ledger.run("reconcile", mounted("report.json", json.dumps(report))).stdout
    dangling = ledger.folder / "dangling"
    os.symlink("nowhere", dangling)
    for command in (("reconcile",), ("prices", "check"), ("prices", "import")):
        refused = ledger.run(*command, dangling, check=False)
        assert refused.returncode == 65 and "No such file" in refused.stderr


def test_the_journal_and_its_lock_are_no_links(make_ledger):
    ledger = make_ledger(start=False)
    MadeJournal(ledger.origin).days(1, 2).write(ledger.home)
    logs = ledger.home / "system" / "logs"
    segment = next(logs.glob("*.jsonl"))
    segment.rename(ledger.folder / "elsewhere")
    os.symlink(ledger.folder / "elsewhere", segment)
    for command in (("verify",), ("usage",), ("serve",)):
        refused = ledger.run(*command, check=False)
        assert refused.returncode != 0 and "Too many levels of symbolic links" in refused.stderr
    segment.unlink()
    (ledger.folder / "elsewhere").rename(segment)
    (logs / ".lock").unlink(missing_ok=True)
    os.symlink(ledger.folder / "locked", logs / ".lock")
    refused = ledger.run("serve", check=False)
    assert refused.returncode != 0 and "Too many levels of symbolic links" in refused.stderr
    assert not (ledger.folder / "locked").exists()
