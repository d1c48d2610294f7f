"""The line to PostgreSQL in trouble, by the fault matrix (F26–F29): a relay cuts, holds and slows it."""

import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from cluster import PostgresCluster
from processes import wait_until
from relay import CLIENT, CUT_BEFORE, PASS, SERVER, Relay
from trouble import (
    assert_serves,
    assert_whole,
    change_something,
    position_in,
    reaches,
    says,
    undisturbed,
    wait_idle,
)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL that these tests may stop and kill."""
    cluster = PostgresCluster().start()
    cluster.configure(fsync="off")
    yield cluster
    cluster.destroy()


@contextmanager
def relayed_database(server):
    """A relay to a new database."""
    server.create_database(name := f"relayed_{time.monotonic_ns()}")
    relay = Relay(server.folder / ".s.PGSQL.5432", name)
    relay.direct_url = server.url(name)
    try:
        yield relay
    finally:
        relay.close()


def relayed_ledger(make_ledger, relay):
    """A ledger that reaches PostgreSQL through the relay; its tests look at the server directly."""
    ledger = make_ledger(postgres_url=relay.url + "&tcp_user_timeout=2000&connect_timeout=2")
    ledger.postgres_url = relay.direct_url
    return ledger


@pytest.fixture
def relay(server):
    with relayed_database(server) as relay:
        yield relay


@pytest.fixture
def relayed(make_ledger, relay):
    return relayed_ledger(make_ledger, relay)


def test_the_server_dies_in_the_middle_of_a_copy(relayed, relay, server):
    """F26: killed or stopped at once, while rows are on their way."""
    reached, go_on = threading.Event(), threading.Event()

    def hold_copies(message):
        if message.sender == CLIENT and message.kind == "d" and not go_on.is_set():
            reached.set()
            go_on.wait(30)
        return PASS

    with undisturbed(relayed, clients=2):
        for turn in range(6):
            reached.clear()
            go_on.clear()
            relay.rule = hold_copies
            assert reached.wait(30), "no copy began"
            server.kill9() if turn % 2 else server.stop("immediate")
            go_on.set()
            server.start()
    assert_whole(relayed)


def conversation(relayed, relay) -> list[tuple[str, int, str]]:
    """Every message of a connection, up to the answer to its first COMMIT."""
    found = []

    def record(message):
        found.append(message)
        return PASS

    wait_idle(relayed)
    relay.drop()
    relay.rule = record
    change_something(relayed)
    wait_idle(relayed)
    relay.rule = lambda message: PASS
    of_one = [message for message in found if message.connection == found[0].connection]
    kinds = [message.data[5:] for message in of_one]
    end = kinds.index(b"COMMIT\0") + 2
    return [(message.sender, message.number, message.kind) for message in of_one[:end]]


@pytest.mark.slow
def test_a_connection_cut_at_any_message_stores_each_event_once(relayed, relay):
    """F27: before each message of a whole session, from the greeting to the answer to its COMMIT."""
    messages = conversation(relayed, relay)
    kinds = {(sender, kind) for sender, _, kind in messages}
    assert {(CLIENT, "d"), (CLIENT, "c"), (SERVER, "G"), (SERVER, "C"), (SERVER, "Z")} <= kinds
    for sender, number, kind in messages:
        cut = threading.Event()

        def cut_once(message, sender=sender, number=number, kind=kind, cut=cut):
            if cut.is_set() or (message.sender, message.number) != (sender, number):
                return PASS
            assert message.kind == kind
            cut.set()
            return CUT_BEFORE

        relay.drop()
        relay.rule = cut_once
        change_something(relayed)
        assert cut.wait(20), f"no connection came to {sender}'s message {number}, {kind}"
        # A COMMIT whose answer is still on its way would make the next session another one.
        wait_idle(relayed)
    assert_whole(relayed)
    print(f"{len(messages)} messages")


@pytest.mark.slow
def test_a_line_that_falls_silent_is_given_up(make_ledger, server):
    """F28: a black hole, and a server that is gone without a word; both are waited for at the same time.

    A statement may take a minute; what says nothing for a quarter of a minute more is lost.
    """
    with ExitStack() as relays, ExitStack() as loads:
        pairs = []
        for fault in ("freeze", "half_open"):
            relay = relays.enter_context(relayed_database(server))
            ledger = relayed_ledger(make_ledger, relay)
            loads.enter_context(undisturbed(ledger, clients=1))
            wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
            getattr(relay, fault)()
            known = len(ledger.lines())
            pairs.append((relay, ledger))
        (frozen, unheard), (half_open, _) = pairs
        wait_until(partial(says, unheard, "has not answered"), 120, "the end of its patience")
        assert_serves(unheard)
        frozen.thaw()
        # Here the lost answer may be a COMMIT's, which is no failure: only new lines show another session.
        wait_until(partial(reaches, half_open.direct_url, known), 120, "another session")
        loads.close()
        for _, ledger in pairs:
            assert_whole(ledger)


@pytest.mark.parametrize("fault", ["freeze", "half_open"])
def test_a_silent_line_does_not_keep_the_program_from_ending(relayed, relay, fault):
    """F28 and F12: asked to end while it waits for an answer."""
    with undisturbed(relayed, clients=2):
        wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
        getattr(relay, fault)()
        time.sleep(1)
    began = time.monotonic()
    assert relayed.stop() == 0
    assert time.monotonic() - began < 12
    relay.thaw()
    relayed.start()
    assert_whole(relayed)


def test_a_commit_whose_answer_is_lost_is_looked_up_and_said(relayed, relay):
    """F27: the batch is in; it is not sent again, and the log says what became of it."""
    wait_idle(relayed)
    cut = threading.Event()

    def cut_answer(message):
        is_answer = message.sender == SERVER and message.kind == "C" and message.data[5:] == b"COMMIT\0"
        if not is_answer or cut.is_set():
            return PASS
        cut.set()
        return CUT_BEFORE

    relay.rule = cut_answer
    change_something(relayed)
    assert cut.wait(20), "no COMMIT"
    wait_until(partial(says, relayed, "a commit whose answer was lost was done"), 20, "the log to say so")
    assert_whole(relayed)
    assert relayed.sample("ledger_postgres_failures_total", reason="connection") == 0


def test_a_server_that_does_not_greet_does_not_keep_the_program_from_ending(make_ledger, relay):
    """F28 and F12: asked to end while it connects, for which libpq waits longer than an end may take."""
    ledger = make_ledger(postgres_url=relay.direct_url, start=False)
    ledger.process.environment["LEDGER_POSTGRES_URL"] = relay.url + "&connect_timeout=60"
    relay.freeze()
    ledger.start()
    time.sleep(1)
    began = time.monotonic()
    assert ledger.stop() == 0
    assert time.monotonic() - began < 12
    relay.thaw()


def test_a_slow_line_delays_the_copy_and_nothing_else(relayed, relay):
    """F29: 200 ms for each message, 100 KB a second."""
    with undisturbed(relayed):
        wait_until(partial(reaches, relay.direct_url, 20), 20, "events")
        relay.bytes_per_second = 100_000
        relay.delay_seconds = 0.2
        mark = position_in(relay.direct_url)
        wait_until(lambda: position_in(relay.direct_url) > mark, 60, "the copy to go on, slowly")
        time.sleep(2)
    relay.bytes_per_second, relay.delay_seconds = None, 0
    assert_whole(relayed)
