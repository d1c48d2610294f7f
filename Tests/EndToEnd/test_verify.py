"""An edited line is found: by the program, by a start, and by a few lines of Python without the program."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import fold
import pytest
from journals import MadeJournal, rechained, tamper

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
    assert segment.name in done.stderr
    for command in ("dledger restore BACKUP", "dledger rebuild journal --from-postgres"):
        assert f"{command} --home {stopped.home}" in done.stderr


def test_another_origin_does_not_take_the_journal(stopped):
    stopped.environment["LEDGER_ORIGIN"] = "somebody-else"
    assert stopped.run("serve", check=False, seconds=20).returncode == 65


# Thresholds, compared with the state before them


@pytest.fixture
def crossed(journal_ledger):
    """Four calls under a limit of four, half of which and all of which are crossings; stopped."""
    ledger = journal_ledger
    limit = {"measure": "requests", "window": "month", "limit": 4}
    ledger.set_quota("global", limits=[limit], thresholds=[50, 100])
    client = ledger.anthropic(ledger.mint_key("alice"))
    for _ in range(4):
        client.messages.create(
            model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
        )
    ledger.wait_settled(4)
    ledger.stop()
    return ledger


def forge(ledger, change) -> dict:
    """Lets `change` edit the journal's lines, chains them anew and says what `verify` finds."""
    lines = ledger.lines()
    change(lines)
    (segment,) = fold.segments(ledger.home)
    segment.write_bytes(rechained(lines, ledger.origin))
    (ledger.home / "system" / "snapshot.jsonl").unlink(missing_ok=True)
    assert fold.broken_links(ledger.lines(), ledger.origin) == []
    done = ledger.run("verify", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["holds"] else 1) and report["holds"] == (not report["findings"])
    return report


def at(ledger, threshold: int) -> int:
    """The index of the line that records this crossing."""
    marks = (b'"type":"threshold.crossed"', b'"threshold":%d,' % threshold)
    (index,) = (number for number, line in enumerate(ledger.lines()) if all(mark in line for mark in marks))
    return index


def replaced(index: int, old: bytes, new: bytes):
    def change(lines: list[bytes]) -> None:
        assert old in lines[index]
        lines[index] = lines[index].replace(old, new, 1)

    return change


def test_crossings_as_the_ledger_records_them_hold(crossed):
    report = forge(crossed, lambda lines: None)
    assert report["holds"] and report["remarks"] == []


def test_a_crossing_that_is_missing_is_found_with_its_position(crossed):
    half, whole = at(crossed, 50), at(crossed, 100)
    kept = crossed.lines()
    # The fourth call is the next one that the limit counts: it would have recorded the half again.
    report = forge(crossed, lambda lines: lines.pop(half))
    assert [f"(position {half})" in finding for finding in report["findings"]].count(True) == 1
    assert "50 % of global's requests a month is crossed by this, and not recorded" in report["findings"][0]
    # The last one may have been cut off by a crash: that is said, and not held against the journal.
    (segment,) = fold.segments(crossed.home)
    segment.write_bytes(rechained(kept, crossed.origin))
    report = forge(crossed, lambda lines: lines.pop(whole))
    assert report["holds"] and "100 % of global's" in report["remarks"][0]
    assert f"(position {whole})" in report["remarks"][0]
    assert "remark: " in crossed.run("verify").stdout


def test_a_ledger_that_lost_a_crossing_in_a_crash_goes_on_and_holds(crossed):
    half = at(crossed, 50)
    (segment,) = fold.segments(crossed.home)
    # The power went after the second call's end was written, and before its crossing was.
    segment.write_bytes(rechained(crossed.lines()[:half], crossed.origin))
    (crossed.home / "system" / "snapshot.jsonl").unlink(missing_ok=True)
    crossed.start()
    client = crossed.anthropic(crossed.mint_key("alice"))
    client.messages.create(
        model="claude-sonnet-4-6", max_tokens=20, messages=[{"role": "user", "content": "Hello"}]
    )
    crossed.wait_settled(3)
    crossed.stop()
    (event,) = crossed.events("threshold.crossed")
    assert (event["threshold"], event["used"]) == (50, 3)
    report = json.loads(crossed.run("verify", "--json").stdout)
    assert report["holds"] and report["remarks"] == []


FORGED = {
    "what is used": (b'"used":2', b'"used":3', "not the figures that the state before comes to"),
    "the window's start": (b'"windowStart":"20', b'"windowStart":"19', "not the figures"),
    "the window's end": (b'"windowEnd":"20', b'"windowEnd":"21', "is not crossed here"),
    "the limit": (b'"limit":4', b'"limit":5', "is not crossed here"),
    "the threshold": (b'"threshold":50', b'"threshold":49', "49 % of global's requests a month is not"),
    "the window": (b'"window":"month"', b'"window":"week"', "is not crossed here"),
    "the subject": (b'"subject":"global"', b'"subject":"group:red"', "50 % of group:red's requests"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_crossing_that_says_something_else_is_found(crossed, name):
    half = at(crossed, 50)
    old, new, said = FORGED[name]
    report = forge(crossed, replaced(half, old, new))
    (finding, *_) = report["findings"]
    assert f"(position {half + 1})" in finding and said in finding, report


MOVED = {
    "twice": (lambda lines, half: lines.insert(half, lines[half]), "is not crossed here"),
    "after the next call": (lambda lines, half: lines.insert(half + 2, lines.pop(half)), "is not recorded"),
    "before its cause": (lambda lines, half: lines.insert(half - 1, lines.pop(half)), "is not crossed here"),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_crossing_in_another_place_is_found(crossed, name):
    half = at(crossed, 50)
    move, said = MOVED[name]
    report = forge(crossed, lambda lines: move(lines, half))
    assert any(said in finding for finding in report["findings"]), report


# The database, compared with the journal


@pytest.fixture
def stored(make_ledger, cluster):
    """A journal of three days, all of it in PostgreSQL; no server runs."""
    ledger = make_ledger(postgres_url=cluster.create_database(), start=False)
    ledger.made = MadeJournal(ledger.origin)
    ledger.made.limit("user-0", 50)
    ledger.made.days(3, 10).write(ledger.home)
    ledger.run("rebuild", "postgres", "--yes")
    return ledger


TAMPERED = {
    "a line": "update ledger.events set line = replace(line, '\"tokensIn\":12', '\"tokensIn\":13') "
    "where position = 9",
    "a row's own chain": "update ledger.events set chain = sha256('x') where position = 9",
    "a row's cost": "update ledger.events set cost_usd = cost_usd + 0.000000000000000001 where position = 9",
    "a row's user": "update ledger.events set user_id = 'mallory' where position = 9",
    "a row": "delete from ledger.events where position = 9",
    "the last row": "delete from ledger.events where position = (select max(position) from ledger.events)",
    "all rows": "delete from ledger.events",
    "the first rows": "delete from ledger.events where position < 9",
    "an hourly sum": "update ledger.usage_hourly set cost_usd = cost_usd + 0.000000000000000001 "
    "where user_id = 'user-1'",
    "an hourly count": "update ledger.usage_hourly set cache_read_tokens = 1 where user_id = 'user-1'",
    "an hour": "update ledger.usage_hourly set bucket = bucket + interval '400 days' "
    "where user_id = 'user-1'",
    "a daily sum": "update ledger.usage_daily set output_tokens = output_tokens + 1 where user_id = 'user-2'",
    "a day": "delete from ledger.usage_daily where user_id = 'user-2'",
    "a user's day": "update ledger.usage_by_user_daily set held_usd = 1 where user_id = 'user-2'",
    "a user's month": "update ledger.usage_by_user_monthly set cost_usd = 0 where user_id = 'user-2'",
    "a model's day": "update ledger.usage_by_model_daily set calls = calls + 1",
    "a model's hour": "delete from ledger.usage_by_model_hourly",
    "a limit": "update ledger.quotas set daily_limit_usd = 5000",
    "all limits": "delete from ledger.quotas",
    "another's limit": "insert into ledger.quotas select 'mallory', 1, 1, 1, true, false, changed_at, 'x', "
    "origin, position from ledger.quotas",
    "the checkpoint's chain": "update ledger.checkpoints set chain = sha256('x')",
    "the checkpoint's position": "update ledger.checkpoints set position = position - 1",
    "a container": "insert into ledger.containers (origin, handle, user_id, container_id, image, status, "
    "changed_at, ooms) values ('end-to-end', 'h', 'u', 'c', 'i', 'running', now(), 0)",
}


def test_what_is_stored_holds_and_says_what_was_looked_at(stored):
    said = stored.run("verify", "--postgres").stdout
    assert f"postgres: {stored.made.position} rows up to position {stored.made.position}" in said
    assert "1 user's limits, 0 containers" in said and "all holds" in said
    report = json.loads(stored.run("verify", "--postgres", "--json").stdout)
    assert report["holds"] and report["findings"] == [] and report["chain"] == stored.made.chain.hex()
    assert report["postgres"] | {"hourlyRows": 0, "modelHourlyRows": 0} == {
        "position": stored.made.position,
        "lagEvents": 0,
        "rows": stored.made.position,
        "linesChecked": stored.made.position,
        "retiredEvents": 0,
        "sealedMonths": 0,
        "hourlyRows": 0,
        "dailyRows": 9,
        "userDailyRows": 9,
        "userMonthlyRows": 6,
        "modelHourlyRows": 0,
        "modelDailyRows": 3,
        "quotas": 1,
        "containers": 0,
    }


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_is_changed_in_the_database_is_found(stored, name):
    tamper(stored, TAMPERED[name])
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 1, done.stdout
    assert "all holds" not in done.stdout and done.stderr.count("dledger: ") > 0
    report = json.loads(stored.run("verify", "--postgres", "--json", check=False).stdout)
    assert not report["holds"] and report["findings"]


COLUMNS = {
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "id": "gen_random_uuid()",
    "type": "'call.expired'",
    "user_id": "''",
    "call_id": "null",
    "dispatch_id": "''",
    "session_id": "'s'",
    "source": "source || ' '",
    "provider": "upper(provider)",
    "model": "null",
    "result": "'error'",
    "cost_state": "'estimated'",
    "billing": "'direct'",
    "price_book": "'5f2b'",
    "provider_request_id": "'r'",
    "input_tokens": "input_tokens + 1",
    "output_tokens": "0",
    "duration_ms": "null",
    "cost_usd": "null",
    "details": "'{}'",
    "chain": "sha256('x')",
}


def test_any_column_of_any_row_that_was_changed_is_named(stored):
    columns = stored.sql(
        "select column_name from information_schema.columns"
        " where table_schema = 'ledger' and table_name = 'events'"
    )
    assert {name for (name,) in columns} == COLUMNS.keys() | {"origin", "position", "line"}
    tamper(stored, "create table kept as select * from ledger.events where position = 9")
    for column, value in COLUMNS.items():
        tamper(stored, f"update ledger.events set {column} = {value} where position = 9")
        done = stored.run("verify", "--postgres", check=False)
        assert done.returncode == 1
        assert f"events: position 9: {column} is not what the journal says" in done.stderr, done.stderr
        tamper(
            stored,
            "delete from ledger.events where position = 9",
            "insert into ledger.events select * from kept",
        )
    assert stored.run("verify", "--postgres").returncode == 0


ROWS = {
    "delete from ledger.events where position = 9": "position 9 is not there",
    "delete from ledger.events where position >= 50": "position 50 is not there",
    "update ledger.events set position = 1000 where position = 61": "position 61 is not there",
    "update ledger.checkpoints set position = position - 1, chain = (select chain from ledger.events e "
    "where e.position = checkpoints.position - 1)": "is beyond the checkpoint",
}


@pytest.mark.parametrize("statement", ROWS)
def test_a_row_too_few_or_too_many_is_named(stored, statement):
    tamper(stored, statement)
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 1 and ROWS[statement] in done.stderr, done.stderr


def test_a_row_that_stands_twice_is_named(stored):
    tamper(
        stored,
        "create temporary table twin as select * from ledger.events where position = 9",
        "update twin set recorded_at = recorded_at + interval '1 microsecond'",
        "insert into ledger.events select * from twin",
    )
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 1 and "events: position 9 stands twice" in done.stderr, done.stderr


def test_a_database_that_is_behind_is_compared_as_far_as_it_is(stored):
    at = stored.made.position
    stored.made.days(1, 5).write(stored.home)
    said = stored.run("verify", "--postgres").stdout
    assert f"postgres is 10 events behind; compared up to position {at}" in said
    report = json.loads(stored.run("verify", "--postgres", "--json").stdout)
    assert (report["position"], report["postgres"]["position"]) == (at + 10, at)
    assert report["postgres"]["lagEvents"] == 10


def test_another_journal_s_database_is_found(stored):
    MadeJournal(stored.origin, start="2026-01-31").days(3, 20).write(stored.home / "twin")
    done = stored.run("verify", "--postgres", "--home", stored.home / "twin", check=False)
    assert done.returncode == 1 and "is not the journal's" in done.stderr
    MadeJournal(stored.origin).days(1, 2).write(stored.home / "shorter")
    done = stored.run("verify", "--postgres", "--home", stored.home / "shorter", check=False)
    assert done.returncode == 1 and "beyond the journal's" in done.stderr


def test_sealed_months_are_the_journal_s(stored):
    stored.sql("select ledger.seal_month(%s, '2026-01-15Z')", stored.origin)
    assert "1 month sealed, 0 events retired" in stored.run("verify", "--postgres").stdout
    stored.sql("select ledger.drop_partitions('2026-02-01Z')")
    assert stored.run("verify", "--postgres").returncode == 0
    tamper(stored, "update ledger.sealed_months set chain = sha256('x')")
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 1 and "sealed_months: positions 1 to" in done.stderr
    tamper(stored, "delete from ledger.sealed_months")
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 1 and "were not sealed" in done.stderr


def test_a_database_that_is_away_or_has_no_schema_is_said(stored, cluster):
    stored.environment["LEDGER_POSTGRES_URL"] = cluster.create_database()
    done = stored.run("verify", "--postgres", check=False)
    assert done.returncode == 69 and "dledger migrate" in done.stderr
    stored.environment["LEDGER_POSTGRES_URL"] = "postgresql://127.0.0.1:1/none"
    assert stored.run("verify", "--postgres", check=False).returncode == 69
    del stored.environment["LEDGER_POSTGRES_URL"]
    assert stored.run("verify", "--postgres", check=False).returncode == 64


# The saved fold, compared with the journal's own


def test_the_snapshot_is_what_the_journal_folds_to(stopped):
    snapshot = stopped.home / "system" / "snapshot.jsonl"
    assert f"saved at position {len(stopped.lines())}" in stopped.run("verify").stdout
    # A changed sum under a right checksum: only a replay can tell.
    _, _, rest = snapshot.read_bytes().partition(b"\n")
    head, body = rest.split(b"\n", 1)
    changed = change_sum(body)
    rest = head + b"\n" + changed
    snapshot.write_bytes(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
    done = stopped.run("verify", check=False)
    assert done.returncode == 1 and "is not what the journal folds to" in done.stderr


def change_sum(body: bytes) -> bytes:
    """Another number of input tokens in the fold's own bytes, and their checksum made right again."""
    text, mark, _ = body.rpartition(b'{"checksum":')
    assert mark and b'"inputTokens":' in text
    text = re.sub(rb'"inputTokens":(\d+)', rb'"inputTokens":9\1', text)
    checksum = 0xCBF29CE484222325
    for byte in text:
        checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
    return text + b'{"checksum":%d}\n' % (checksum - 2**64 if checksum >= 2**63 else checksum)
