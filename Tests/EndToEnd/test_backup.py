"""A backup made beside a server, brought up to date, damaged, killed; and what is restored from it."""

import hashlib
import json
import random
import shutil

import fold
import pytest
from journals import MadeJournal, logs
from processes import wait_until
from test_rebuild import SUMS, killed_at_random_moments
from traffic import Load


@pytest.fixture
def stopped(make_ledger):
    """A ledger that is not running, with a journal of four days, two of them in several files."""
    ledger = make_ledger(start=False)
    made = ledger.made = MadeJournal(ledger.origin)
    made.days(2, 10)
    made.next_segment()
    made.days(1, 10)
    for _ in range(11):
        made.call("user-0")
        made.next_segment()
    made.call("user-1")
    made.write(ledger.home)
    return ledger


def copied(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "logs").iterdir()}


def backup(ledger, folder, *words) -> dict:
    return json.loads(ledger.run("backup", folder, "--json", *words).stdout)


def test_a_backup_is_the_journal_byte_for_byte(stopped):
    folder = stopped.folder / "backup"
    said = backup(stopped, folder)
    assert copied(folder) == logs(stopped.home) and len(copied(folder)) > 10
    assert (said["position"], said["copiedEvents"]) == (stopped.made.position,) * 2
    assert said["chain"] == stopped.made.chain.hex()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["origin"], manifest["position"]) == (stopped.origin, stopped.made.position)
    assert manifest["chain"] == stopped.made.chain.hex()
    for file in manifest["files"]:
        data = copied(folder)[file["name"]]
        assert file["bytes"] == len(data) and file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["lines"] == data.count(b"\n")
    assert "all holds" in stopped.run("backup", folder, "--check").stdout


def test_a_second_run_copies_only_what_was_appended(stopped):
    folder = stopped.folder / "backup"
    first = backup(stopped, folder)
    assert backup(stopped, folder)["copiedBytes"] == 0
    inodes = {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (folder / "logs").iterdir()
    }
    for _ in range(3):
        stopped.made.call("user-2")
        stopped.made.time = stopped.made.time.replace(hour=3)
        stopped.made.time = stopped.made.time.replace(day=stopped.made.time.day + 1)
    stopped.made.write(stopped.home)
    second = backup(stopped, folder)
    assert copied(folder) == logs(stopped.home)
    assert second["copiedEvents"] == 6 == second["position"] - first["position"]
    assert second["copiedBytes"] == second["bytes"] - first["bytes"]
    changed = [
        name
        for name, state in inodes.items()
        if state != ((folder / "logs" / name).stat().st_ino, (folder / "logs" / name).stat().st_mtime_ns)
    ]
    assert changed == [stopped.made.segment.partition(".")[0] + ".jsonl"] or len(changed) <= 1
    assert "all holds" in stopped.run("backup", folder, "--check").stdout


def test_a_torn_tail_is_left_out_until_it_is_whole(stopped):
    folder = stopped.folder / "backup"
    segment = fold.segments(stopped.home)[-1]
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    assert backup(stopped, folder)["position"] == stopped.made.position - 1
    segment.write_bytes(whole)
    assert backup(stopped, folder)["position"] == stopped.made.position
    assert copied(folder) == logs(stopped.home)


@pytest.mark.slow
def test_backups_beside_a_server_under_load_are_beginnings_of_its_journal(ledger, make_ledger, cluster):
    folder = ledger.folder / "backup"
    positions = []
    with Load(ledger, ledger.mint_key("alice"), clients=8) as load:
        for _ in range(6):
            seen = len(load.complete)
            wait_until(lambda seen=seen: len(load.complete) > seen + 20, 30, "calls", every=0.01)
            said = backup(ledger, folder)
            positions.append(said["position"])
            assert said["position"] <= len(ledger.lines())
            assert (folder / "logs").exists()
    assert positions == sorted(set(positions)), "each copies what came since"
    held = [line for path in sorted(copied(folder)) for line in copied(folder)[path].splitlines()]
    assert held == ledger.lines()[: positions[-1]]

    # The restored copy serves, and gives the same sums as the database that the server filled.
    ledger.wait_ingested()
    ledger.stop()
    backup(ledger, folder)
    again = make_ledger(postgres_url=cluster.create_database(), start=False)
    again.run("restore", folder)
    assert logs(again.home) == logs(ledger.home)
    again.run("rebuild", "postgres", "--yes")
    assert again.sql(SUMS) == ledger.sql(SUMS)
    again.start()
    assert again.usage() == ledger.usage()
    assert again.run("verify", "--postgres").returncode == 0


def test_a_restored_journal_goes_on(stopped):
    folder = stopped.folder / "backup"
    backup(stopped, folder)
    shutil.rmtree(stopped.home / "system")
    said = stopped.run("restore", folder).stdout
    assert "every hash and every chain link holds" in said
    assert logs(stopped.home) == copied(folder)
    stopped.start()
    stopped.stop()
    assert stopped.lines()[: stopped.made.position] == [
        line for path in stopped.made.segments.values() for line in b"".join(path).splitlines()
    ]
    assert stopped.run("verify").returncode == 0
    # The backup goes on with it.
    assert backup(stopped, folder)["position"] == len(stopped.lines())


def test_a_restore_says_when_the_origin_is_another(stopped):
    backup(stopped, stopped.folder / "backup")
    stopped.environment["LEDGER_ORIGIN"] = "new-machine"
    done = stopped.run("restore", stopped.folder / "backup", "--home", stopped.folder / "new")
    assert f"LEDGER_ORIGIN={stopped.origin}" in done.stderr


def flip(path, place: float) -> None:
    data = bytearray(path.read_bytes())
    at = int(len(data) * place)
    data[at] = data[at] ^ 1
    path.write_bytes(data)


def middle(folder):
    return sorted((folder / "logs").iterdir())[1]


DAMAGES = {
    "a byte in the middle": lambda folder: flip(middle(folder), 0.5),
    "a byte at the end": lambda folder: flip(sorted((folder / "logs").iterdir())[-1], 0.99),
    "a file is gone": lambda folder: middle(folder).unlink(),
    "a file is shorter": lambda folder: middle(folder).write_bytes(middle(folder).read_bytes()[:-900]),
    "a file is longer": lambda folder: middle(folder).write_bytes(middle(folder).read_bytes() + b"{}\n"),
    "another hash": lambda folder: rewrite(folder, lambda m: m["files"][1].update(sha256="0" * 64)),
    "another chain": lambda folder: rewrite(folder, lambda m: m.update(chain="0" * 64)),
    "another position": lambda folder: rewrite(folder, lambda m: m.update(position=m["position"] - 1)),
    "another origin": lambda folder: rewrite(folder, lambda m: m.update(origin="somebody")),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": lambda folder: (folder / "manifest.json").write_text('{"format":'),
}


def rewrite(folder, change) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_backup_is_not_restored(stopped, name):
    folder = stopped.folder / "backup"
    backup(stopped, folder)
    DAMAGES[name](folder)
    new = stopped.folder / "new"
    for words in (["restore", folder, "--home", new], ["backup", folder, "--check"]):
        done = stopped.run(*words, check=False)
        assert done.returncode == 65, done.stdout + done.stderr
        assert str(folder) in done.stderr, done.stderr
    assert not list((new / "system" / "logs").glob("*.jsonl"))


def test_a_changed_line_is_named(stopped):
    folder = stopped.folder / "backup"
    backup(stopped, folder)
    path = middle(folder)
    path.write_bytes(path.read_bytes().replace(b'"tokensIn":12', b'"tokensIn":99', 1))
    done = stopped.run("restore", folder, "--home", stopped.folder / "new", check=False)
    assert done.returncode == 65 and f"{path}, line 2" in done.stderr


def test_a_damaged_last_file_is_not_added_to(stopped):
    folder = stopped.folder / "backup"
    backup(stopped, folder)
    last = folder / "logs" / fold.segments(stopped.home)[-1].name
    flip(last, 0.5)
    done = stopped.run("backup", folder, check=False)
    assert done.returncode == 65 and last.name in done.stderr and "SHA-256" in done.stderr
    middle(folder).write_bytes(b"")
    assert stopped.run("backup", folder, check=False).returncode == 65


def test_nothing_else_is_overwritten(stopped):
    folder = stopped.folder / "backup"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear")
    done = stopped.run("backup", folder, check=False)
    assert done.returncode == 73 and "nothing is overwritten" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    (folder / "letter.txt").unlink()
    backup(stopped, folder)
    done = stopped.run("restore", folder, check=False)
    assert done.returncode == 73 and "is not empty" in done.stderr
    assert stopped.run("backup", check=False).returncode == 64
    assert stopped.run("restore", stopped.folder / "nothing", check=False).returncode == 65


def test_a_backup_goes_on_only_with_its_own_journal(stopped, make_ledger):
    folder = stopped.folder / "backup"
    backup(stopped, folder)
    before = copied(folder)
    # Another origin; the same origin with another history, longer and shorter.
    other = make_ledger(start=False, environment={"LEDGER_ORIGIN": "somebody-else"})
    MadeJournal("somebody-else").days(1, 3).write(other.home)
    done = other.run("backup", folder, check=False)
    assert done.returncode == 73 and "somebody-else" in done.stderr
    for days in (1, 30):
        twin = make_ledger(start=False)
        MadeJournal(twin.origin, start="2026-01-31").days(days, 10).write(twin.home)
        done = twin.run("backup", folder, check=False)
        assert done.returncode == 65 and "does not go on from this backup" in done.stderr
    assert copied(folder) == before


@pytest.mark.slow
def test_a_backup_and_a_restore_killed_anywhere_can_be_run_again(make_ledger):
    ledger = make_ledger(start=False)
    made = MadeJournal(ledger.origin)
    folder = ledger.folder / "backup"
    chance = random.Random(7)
    for _ in range(3):
        made.days(2, 2_000).write(ledger.home)
        killed_at_random_moments(ledger, ["backup", folder], 4, seconds=0.5)
        # Whatever was begun, what the manifest speaks of is there.
        if (folder / "manifest.json").exists() and json.loads((folder / "manifest.json").read_text())[
            "files"
        ]:
            assert ledger.run("backup", folder, "--check").returncode == 0
        if chance.random() < 0.5:
            backup(ledger, folder)
    backup(ledger, folder)
    assert copied(folder) == logs(ledger.home)
    new = ledger.folder / "new"
    killed_at_random_moments(
        ledger,
        ["restore", folder, "--home", new],
        seconds=0.5,
        until=lambda: any((new / "system").glob("logs/*.jsonl")),
    )
    if not any((new / "system").glob("logs/*.jsonl")):
        ledger.run("restore", folder, "--home", new)
    assert logs(new) == logs(ledger.home)
