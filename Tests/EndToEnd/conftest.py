"""Fixtures: the program, PostgreSQL, ledgers, a simulator, a Prometheus. Nothing is mocked or skipped."""

import itertools
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from cluster import PostgresCluster
from engine import Engine
from ledger import Ledger, Prometheus, Simulator
from pricing import PriceBook
from provider import Provider

ROOT = Path(__file__).resolve().parents[2]
pytest_plugins = ["browser"]


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test: DLEDGER_BINARY, else what a build has left."""
    named = os.environ.get("DLEDGER_BINARY")
    places = [Path(named)] if named else [ROOT / ".build" / kind / "dledger" for kind in ("release", "debug")]
    for place in places:
        if place.is_file():
            return place.resolve()
    pytest.fail(f"no program at {' or '.join(map(str, places))}: run script/test, or swift build first")


@pytest.fixture(scope="session")
def cluster():
    """One PostgreSQL for the whole run; each test has a database of its own in it."""
    cluster = PostgresCluster().start()
    yield cluster
    cluster.destroy()


@pytest.fixture
def own_cluster():
    """A PostgreSQL that this test may stop, kill and start again."""
    cluster = PostgresCluster().start()
    yield cluster
    cluster.destroy()


@pytest.fixture
def folder(request):
    """This test's folder; kept, and named in the report, when the test fails."""
    name = re.sub(r"\W+", "-", request.node.name)[:40]
    path = Path(tempfile.mkdtemp(prefix=f"dledger-{name}-", dir="/tmp"))
    yield path
    if not failed(request.node):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def engine():
    """One dockerd for the whole run, with the image `engine.IMAGE`; each test removes its containers."""
    folder = Path(tempfile.mkdtemp(prefix="dledger-engine-", dir="/tmp"))
    engine = Engine(folder).start()
    try:
        engine.make_image()
        yield engine
    finally:
        engine.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_engine():
    """A dockerd that this test may restart, pause and break."""
    # Its sockets' paths must be short: not in the test's own folder.
    folder = Path(tempfile.mkdtemp(prefix="dle-", dir="/tmp"))
    engine = Engine(folder).start()
    try:
        engine.make_image()
        yield engine
    finally:
        engine.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def simulator(binary, folder):
    simulator = Simulator(binary, folder).start()
    yield simulator
    simulator.process.stop()


@pytest.fixture
def provider():
    """A model API whose every answer the test decides."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def make_ledger(request, binary, folder, simulator):
    """Makes ledgers: `make_ledger(postgres_url=…, environment={…})`; all end with the test."""
    made = []

    def make(start: bool = True, migrate: bool = True, **options) -> Ledger:
        place = folder / f"ledger-{len(made) + 1}"
        place.mkdir()
        options.setdefault("simulator", simulator)
        ledger = Ledger(binary, place, **options)
        made.append(ledger)
        request.node.ledgers = made
        if migrate and ledger.postgres_url:
            ledger.migrate()
        return ledger.start() if start else ledger

    yield make
    for ledger in made:
        ledger.process.kill9() if failed(request.node) else ledger.stop()


@pytest.fixture
def make_proxies(make_ledger, cluster):
    """Makes Proxies that share limits: each with a journal of its own, one database, one secret for keys."""
    url = cluster.create_database()
    numbers = itertools.count(1)

    def make(count: int, policy: str = "closed") -> list[Ledger]:
        environment = {"LEDGER_SHARED_BUDGETS": policy, "LEDGER_KEY_SECRET": "k" * 32}
        return [
            make_ledger(
                postgres_url=url,
                services=("proxy",),
                environment=environment | {"LEDGER_ORIGIN": f"proxy-{next(numbers)}"},
            )
            for _ in range(count)
        ]

    return make


@pytest.fixture
def ledger(make_ledger, cluster) -> Ledger:
    """A running ledger with all three services and a PostgreSQL database."""
    return make_ledger(postgres_url=cluster.create_database())


@pytest.fixture
def journal_ledger(make_ledger) -> Ledger:
    """A running ledger without PostgreSQL."""
    return make_ledger()


@pytest.fixture
def prometheus(ledger, folder):
    """A Prometheus that scrapes `ledger`."""
    targets = {name: ledger.ports[name] for name in ledger.services}
    prometheus = Prometheus(folder / "prometheus", targets).start()
    yield prometheus
    prometheus.stop()


@pytest.fixture(scope="session")
def price_book() -> PriceBook:
    return PriceBook()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the ends of the programs' logs, and the folder that keeps all, to a failed test's report."""
    outcome = yield
    report = outcome.get_result()
    if report.when in ("setup", "call"):
        item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    if report.failed:
        for ledger in getattr(item, "ledgers", []):
            report.sections.append((f"ledger {ledger.folder.name}", ledger.report()))


FAILED = pytest.StashKey[bool]()


def failed(node) -> bool:
    return node.stash.get(FAILED, False)
