"""The units of distro/systemd, as systemd itself judges them."""

import os
import re
import shutil
import subprocess

import pytest
from stack import DISTRO

UNITS = sorted((DISTRO / "systemd").glob("*.service"))


def analyze(*arguments) -> subprocess.CompletedProcess:
    program = shutil.which("systemd-analyze")
    if not program:
        raise FileNotFoundError("systemd-analyze is not installed: run script/bootstrap test")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def test_the_units_are_understood(folder, binary):
    """Every key and value; the program is where the units look for it."""
    for unit in [*UNITS, *(DISTRO / "systemd").glob("*.timer")]:
        text = unit.read_text().replace("/usr/local/bin/dledger", str(binary))
        (folder / unit.name).write_text(text)
    os.chmod(folder, 0o755)
    done = analyze("verify", "--man=no", *sorted(folder.glob("dispatch-ledger*")))
    said = [line for line in done.stderr.splitlines() if str(folder) in line or "dispatch-ledger" in line]
    assert done.returncode == 0 and not said, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_units_are_locked_in(unit):
    done = analyze("security", "--offline=yes", "--threshold=20", unit)
    assert done.returncode == 0, done.stdout
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure and float(exposure[1]) <= 2.0, done.stdout


def test_each_secret_that_a_unit_names_is_a_credential():
    """No secret is in a unit's environment: what ends in _FILE leads to a credential that the unit loads."""
    for unit in UNITS:
        text = unit.read_text()
        loaded = set(re.findall(r"^LoadCredential=([\w.-]+):", text, re.MULTILINE))
        named = set(re.findall(r"^Environment=\w+FILE=%d/([\w.-]+)$", text, re.MULTILINE))
        assert loaded == named, unit.name
