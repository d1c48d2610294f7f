"""A disk that is full, broken, slow or gone, and signals under load: what was acknowledged stays."""

import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import fold
import pytest
import requests
from disks import SmallDisk, injected
from pricing import when
from processes import wait_until
from test_hostile_money import GOOD, post
from traffic import Load


@pytest.fixture
def disk(folder):
    disk = SmallDisk(folder)
    yield disk
    disk.unmount()


@pytest.fixture
def disk_ledger(disk, make_ledger):
    """A ledger whose home is the small disk."""
    ledger = make_ledger(start=False)
    ledger.home = disk.path / "home"
    ledger.environment["LEDGER_HOME"] = str(ledger.home)
    yield ledger.start()
    ledger.process.kill9()


def judge(ledger, simulator, price_book, load: Load, acknowledged: list | None = None) -> None:
    """I1 to I4, from what the clients and the provider wrote down; the ledger has ended.

    `acknowledged` limits the judgement to these calls of the load.
    """
    journal = ledger.lines()
    events = [fold.parse(line) for line in journal]
    assert fold.broken_links(journal, ledger.origin) == []
    settled = {event["sessionId"]: event for event in events if event["type"] == "call.settled"}
    for call in load.complete if acknowledged is None else acknowledged:
        assert call.session in settled, f"the call {call} is lost"
        assert settled[call.session]["providerRequestId"] == call.answer_id
        if not call.streamed:
            assert int(call.headers["x-ledger-position"]) == settled[call.session]["position"]
    state = fold.fold(events)
    assert state.violations == [] and state.problems == []
    assert ledger.run("verify").returncode == 0
    if acknowledged is not None:
        return
    held = sum((call.reserved for call in state.open.values()), Decimal(0))
    true = sum((price_book.bill(record, when(record)).cost for record in simulator.records()), Decimal(0))
    assert state.by_user["alice"].cost + held >= true, "served, but not counted"


def health(ledger, service: str = "proxy") -> tuple[int, dict]:
    answer = requests.get(f"{ledger.url(service)}/health", timeout=1)
    return answer.status_code, answer.json()


def test_a_full_disk_refuses_calls_until_there_is_space_again(disk, disk_ledger, simulator, price_book):
    ledger = disk_ledger
    key = ledger.mint_key("alice")
    with Load(ledger, key, clients=4) as load:
        wait_until(lambda: len(load.complete) > 20, 20, "calls", ledger.process)
        disk.fill(leaving=64 << 10)
        wait_until(lambda: any(call.status == 503 for call in load.calls), 20, "a 503", ledger.process)
        status, body = health(ledger)
        assert body["status"] != "ok" and status >= 500
        time.sleep(1.5)
        served, refused = len(simulator.records()), post(ledger, GOOD, key)
        assert refused.status_code == 503 and refused.json()["type"] == "error"
        disk.give_back()
        began = time.monotonic()
        wait_until(lambda: health(ledger)[1]["status"] == "ok", 10, "recovery", ledger.process)
        print(f"writable again after {time.monotonic() - began:.1f} s; {served} served before")
        done = len(load.complete)
        wait_until(lambda: len(load.complete) > done + 20, 20, "calls", ledger.process)
    # What was served while nothing could be written is recorded as soon as it can.
    wait_until(lambda: fold.fold(ledger.events()).open == {}, 15, "the settlements", ledger.process)
    assert ledger.stop() == 0
    judge(ledger, simulator, price_book, load)


def test_a_full_disk_heals_without_any_caller(disk, disk_ledger):
    ledger = disk_ledger
    key = ledger.mint_key("alice")
    disk.fill(leaving=0)
    wait_until(lambda: post(ledger, GOOD, key).status_code == 503, 10, "a 503", ledger.process)
    disk.give_back()
    wait_until(lambda: health(ledger)[1]["status"] == "ok", 10, "recovery", ledger.process)
    assert post(ledger, GOOD, key).status_code == 200


def test_a_sync_that_fails_is_never_tried_again_on_the_same_file(
    journal_ledger, simulator, price_book, folder
):
    ledger = journal_ledger
    key = ledger.mint_key("alice")
    with Load(ledger, key, clients=4) as load:
        wait_until(lambda: len(load.complete) > 10, 20, "calls", ledger.process)
        with injected(ledger, "fdatasync", "error=EIO:when=10+25", folder) as log:
            wait_until(lambda: log.read_text().count("(INJECTED)") >= 3, 20, "errors", ledger.process)
        done = len(load.complete)
        wait_until(lambda: len(load.complete) > done + 20, 20, "calls", ledger.process)
    wait_until(lambda: fold.fold(ledger.events()).open == {}, 15, "the settlements", ledger.process)
    assert any(call.status == 503 for call in load.calls)
    # The descriptor whose sync failed is not synced again: the next one is of another file.
    syncs = re.findall(r"fdatasync\((\d+)\)\s+= (\S+)", log.read_text())
    assert len(fold.segments(ledger.home)) >= 2
    assert len(syncs) > 10
    assert ledger.stop() == 0
    judge(ledger, simulator, price_book, load)


def test_a_slow_disk_makes_larger_batches_and_health_answers_at_once(journal_ledger, folder):
    ledger = journal_ledger
    key = ledger.mint_key("alice")
    with injected(ledger, "fdatasync", "delay_exit=200000", folder) as log:
        with Load(ledger, key, clients=32) as load:
            for _ in range(12):
                began = time.monotonic()
                assert health(ledger)[0] == 200
                assert time.monotonic() - began < 1
                time.sleep(0.25)
        syncs = log.read_text().count("fdatasync(")
    events = len(ledger.events()) - 1
    worst = max(load.latencies)
    print(f"{len(load.complete)} calls, {events / syncs:.1f} events a sync of 200 ms, slowest {worst:.2f} s")
    assert events / syncs > 4
    assert worst < 3


def test_after_the_power_is_cut_everything_acknowledged_is_there(disk, disk_ledger, simulator, price_book):
    ledger = disk_ledger
    with Load(ledger, ledger.mint_key("alice"), clients=4) as load:
        wait_until(lambda: len(load.complete) > 40, 20, "calls", ledger.process)
        # The kernel may say yes to a sync that is under way now, and lose it: only those before count.
        acknowledged = load.complete
        disk.cut_power()
        wait_until(lambda: any(call.status == 503 for call in load.calls), 20, "a 503", ledger.process)
        assert health(ledger)[1]["status"] != "ok"
    ledger.kill9()
    disk.unmount()
    disk.mount()
    ledger.start()
    assert ledger.stop() == 0
    assert len(acknowledged) > 40
    judge(ledger, simulator, price_book, load, acknowledged)


def test_a_disk_that_may_only_be_read_is_named_at_the_start(disk, make_ledger):
    disk.unmount()
    disk.mount("loop,ro")
    ledger = make_ledger(start=False)
    ledger.environment["LEDGER_HOME"] = str(disk.path / "home")
    done = ledger.run("serve", check=False, seconds=20)
    assert done.returncode == 73
    assert "Read-only file system" in done.stderr or "read-only" in done.stderr.lower()


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_journal_taken_away_under_the_writer_is_noticed_before_anything_is_acknowledged(
    journal_ledger, simulator, how
):
    ledger = journal_ledger
    key = ledger.mint_key("alice")
    assert post(ledger, GOOD, key).status_code == 200
    logs = ledger.home / "system" / "logs"
    if how == "deleted":
        shutil.rmtree(logs)
    else:
        logs.rename(logs.with_name("gone"))
    if how == "replaced":
        shutil.copytree(logs.with_name("gone"), logs)
    acknowledged = 0
    for _ in range(3):
        acknowledged += post(ledger, GOOD, key).status_code == 200
    on_disk = [event for event in ledger.events("call.settled")] if logs.exists() else []
    if how == "replaced":
        # The same bytes under the same name are the same journal; what is acknowledged must be in it.
        assert len(on_disk) == 1 + acknowledged
    else:
        assert acknowledged == 0, "acknowledged, but written where nobody will find it"
        assert health(ledger)[1]["status"] != "ok"


def test_a_second_server_is_refused_by_the_number_of_the_first(make_ledger, journal_ledger):
    second = make_ledger(start=False)
    second.environment["LEDGER_HOME"] = str(journal_ledger.home)
    done = second.run("serve", check=False, seconds=20)
    assert done.returncode not in (0, -9) and str(journal_ledger.process.pid) in done.stderr
    assert health(journal_ledger)[0] == 200


# Signals

SLOW = {"x-simulate-chunk-delay-ms": "40"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_lets_streams_end_and_settles_all(journal_ledger, simulator, price_book, number):
    ledger = journal_ledger
    with Load(ledger, ledger.mint_key("alice"), clients=8, headers=SLOW) as load:
        wait_until(lambda: len(ledger.events("call.reserved")) >= 16, 20, "calls", ledger.process)
        began = time.monotonic()
        assert ledger.process.stop(12, number) == 0
        took = time.monotonic() - began
    print(f"ended in {took:.2f} s")
    assert took < 10
    assert fold.fold(ledger.events()).open == {}
    judge(ledger, simulator, price_book, load)


def test_asked_twice_it_leaves_at_once_and_the_next_start_ends_what_was_open(
    journal_ledger, simulator, price_book
):
    ledger = journal_ledger
    with Load(ledger, ledger.mint_key("alice"), clients=4, headers={"x-simulate-fault": "hang"}) as load:
        wait_until(lambda: len(ledger.events("call.reserved")) >= 4, 20, "calls", ledger.process)
        ledger.process.signal(signal.SIGTERM)
        time.sleep(0.3)
        began = time.monotonic()
        ledger.process.signal(signal.SIGTERM)
        code = ledger.process.wait(5)
        took = time.monotonic() - began
    print(f"left in {took:.2f} s with {code}")
    assert took < 1
    ledger.start()
    assert ledger.stop() == 0
    assert fold.fold(ledger.events()).open == {}
    judge(ledger, simulator, price_book, load)


def test_a_hang_up_signal_and_a_pause_change_nothing(journal_ledger, simulator, price_book):
    ledger = journal_ledger
    with Load(ledger, ledger.mint_key("alice"), clients=4) as load:
        wait_until(lambda: len(load.complete) > 20, 20, "calls", ledger.process)
        ledger.process.signal(signal.SIGHUP)
        ledger.process.signal(signal.SIGPIPE)
        ledger.process.signal(signal.SIGSTOP)
        time.sleep(2)
        ledger.process.signal(signal.SIGCONT)
        done = len(load.complete)
        wait_until(lambda: len(load.complete) > done + 20, 20, "calls", ledger.process)
    assert ledger.process.is_running
    assert not [call for call in load.calls if call.outcome == "failed"]
    assert ledger.stop() == 0
    judge(ledger, simulator, price_book, load)


def test_more_than_one_write_can_hold_is_recorded_in_several(make_ledger, folder):
    ledger = make_ledger(environment={"LEDGER_PROMPTS": "truncate:10000"})
    key = ledger.mint_key("alice")
    # Each line is 60 kB, escaped; 320 of them are settled while one sync lasts.
    body = GOOD | {"messages": [{"role": "user", "content": "\x01" * 10_000}]}
    with ThreadPoolExecutor(320) as pool, injected(ledger, "fdatasync", "delay_exit=1500000", folder):
        answers = [pool.submit(post, ledger, body, key) for _ in range(320)]
        codes = [answer.result().status_code for answer in answers]
    assert codes == [200] * 320
    assert "journal append failed" not in ledger.process.log.read_text()
    assert ledger.run("verify").returncode == 0
