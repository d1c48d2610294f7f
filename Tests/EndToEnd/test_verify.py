"""An edited line is found: by the program, by a start, and by a few lines of Python without the program."""

import subprocess
import sys
from pathlib import Path

import fold
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify_chain.py"


@pytest.fixture
def stopped(journal_ledger):
    """A ledger with some calls in its journal, stopped."""
    client = journal_ledger.anthropic(journal_ledger.mint_key("alice"))
    for _ in range(3):
        client.messages.create(
            model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
        )
    journal_ledger.stop()
    return journal_ledger


def edit(ledger, change) -> Path:
    (segment,) = fold.segments(ledger.home)
    segment.write_bytes(change(segment.read_bytes()))
    return segment


def chain_script(ledger) -> subprocess.CompletedProcess:
    logs = ledger.home / "system" / "logs"
    return subprocess.run(
        [sys.executable, SCRIPT, logs, ledger.origin], capture_output=True, text=True, timeout=30
    )


def test_an_untouched_journal_holds(stopped):
    done = stopped.run("verify")
    assert done.returncode == 0 and str(len(stopped.lines())) in done.stdout
    assert fold.broken_links(stopped.lines(), stopped.origin) == []
    assert chain_script(stopped).returncode == 0


EDITS = {
    "one byte": lambda text: text.replace(b'"alice"', b'"alicf"', 3).replace(b'"alicf"', b'"alice"', 2),
    "a line is gone": lambda text: b"\n".join(text.split(b"\n")[:2] + text.split(b"\n")[3:]),
    "a line is doubled": lambda text: b"\n".join(text.split(b"\n")[:3] + text.split(b"\n")[2:]),
    "two lines are swapped": lambda text: b"\n".join(
        (parts := text.split(b"\n"))[:2] + [parts[3], parts[2]] + parts[4:]
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_journal_is_refused_and_the_line_is_named(stopped, name):
    segment = edit(stopped, EDITS[name])
    done = stopped.run("verify", check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    # Line 3 carries the change; where a line is gone, doubled or swapped, the first wrong one is 3 or 4.
    assert segment.name in said and any(f":{n}" in said or f"line {n}" in said for n in (3, 4)), said
    assert chain_script(stopped).returncode == 1
    assert fold.broken_links(stopped.lines(), stopped.origin) != []


def test_a_torn_tail_is_kept_aside_and_cut(stopped):
    whole = stopped.lines()
    edit(stopped, lambda text: text + b'{"position":99,"type":"call.res')
    stopped.start()
    assert stopped.lines()[: len(whole)] == whole
    assert fold.broken_links(stopped.lines(), stopped.origin) == []
    kept = [p for p in stopped.home.rglob("*") if p.is_file() and b'{"position":99' in p.read_bytes()]
    assert kept and kept[0] not in fold.segments(stopped.home)


def test_damage_before_the_tail_refuses_to_start_and_says_what_to_run(stopped):
    # Without a snapshot a start reads every line; with one, the lines before it are `verify`'s to check.
    stopped.start()
    stopped.kill9()
    (stopped.home / "system" / "snapshot.jsonl").unlink(missing_ok=True)
    segment = edit(stopped, lambda text: text.replace(b'"alice"', b'"alicf"', 1))
    done = stopped.run("serve", check=False, seconds=20)
    assert done.returncode == 65
    assert segment.name in done.stderr and "verify" in done.stderr


def test_another_origin_does_not_take_the_journal(stopped):
    stopped.environment["LEDGER_ORIGIN"] = "somebody-else"
    assert stopped.run("serve", check=False, seconds=20).returncode == 65
