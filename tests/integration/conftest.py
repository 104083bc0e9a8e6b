"""A store with our tables, on every kind of engine that it must work with."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from queries import schema
from queries.store import Limits, Store
from tests.loading import empty

SERVER = Path(__file__).parents[1] / "clickhouse_http.py"
REAL = os.environ.get("TRIAGE_TEST_CLICKHOUSE", "")
ENGINES = ("embedded", "http", *(["server"] if REAL else []))
LIMITS = Limits(memory_bytes=1_500_000_000, time_s=60)


class HttpEngine:
    """ClickHouse's HTTP interface in a process of its own, on a directory and a port that outlive it."""

    def __init__(self, directory: Path, password: str = "", config: str = "") -> None:
        self.directory = directory
        self.password = password
        self.config = config
        self.port = 0
        self.start()

    @property
    def dsn(self) -> str:
        return f"http://default:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        options = [f"--port={self.port}", f"--password={self.password}", f"--config={self.config}"]
        command = [sys.executable, str(SERVER), str(self.directory), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self.directory.parent)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def http_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpEngine]:
    """One such process for all tests; each module has a database of its own in it."""
    engine = HttpEngine(tmp_path_factory.mktemp("http") / "clickhouse")
    yield engine
    engine.kill()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Over HTTP a module runs whole, or in CI only those tests that it names in `OVER_HTTP`."""
    if "dsn" in metafunc.fixturenames:
        chosen = getattr(metafunc.module, "OVER_HTTP", None)
        late = chosen is not None and metafunc.function.__name__ not in chosen
        engines = [pytest.param(name, marks=[pytest.mark.full] if name == "http" and late else []) for name in ENGINES]
        metafunc.parametrize("dsn", engines, indirect=True, scope="module")


@pytest.fixture(scope="session")
def embedded_dsn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory for all tests: a module that opens it finds the tables made."""
    return f"chdb://{tmp_path_factory.mktemp('embedded')}/clickhouse"


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The name of a database that only this run has."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    if REAL:
        with closing(Store.open(REAL, database=name, handles=1)) as store:
            store.command(f"DROP DATABASE `{name}` SYNC")


@pytest.fixture(scope="module")
def dsn(request: pytest.FixtureRequest) -> str:
    """Where an engine is: embedded, behind HTTP, and the server that TRIAGE_TEST_CLICKHOUSE names."""
    if request.param == "http":
        engine: HttpEngine = request.getfixturevalue("http_engine")
        return engine.dsn
    return REAL if request.param == "server" else str(request.getfixturevalue("embedded_dsn"))


@pytest.fixture(scope="module")
def store(dsn: str, database: str) -> Iterator[Store]:
    """A store with our tables, empty; closed after the module, so that another directory may be opened."""
    with closing(Store.open(dsn, database=database, handles=2, limits=LIMITS)) as store:
        schema.apply(store)
        empty(store)
        yield store


@pytest.fixture(scope="module")
def own_store(embedded_dsn: str) -> Iterator[Store]:
    """An embedded store with our tables, empty and as settings have them: for what no engine does another way."""
    with closing(Store.open(embedded_dsn)) as store:
        schema.apply(store)
        empty(store)
        yield store
