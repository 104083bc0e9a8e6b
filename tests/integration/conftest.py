"""A store with our tables, on every kind of engine that it must work with."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from queries import schema
from queries.store import Limits, Store

SERVER = Path(__file__).parents[1] / "clickhouse_http.py"
REAL = os.environ.get("TRIAGE_TEST_CLICKHOUSE", "")
ENGINES = ("embedded", "http", *(["server"] if REAL else []))
LIMITS = Limits(memory_bytes=1_500_000_000, time_s=60)


class HttpEngine:
    """ClickHouse's HTTP interface in a process of its own, on a directory and a port that outlive it."""

    def __init__(self, directory: Path, password: str = "") -> None:
        self.directory = directory
        self.password = password
        self.port = 0
        self.start()

    @property
    def dsn(self) -> str:
        return f"http://default:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = [str(self.directory), f"--port={self.port}", f"--password={self.password}"]
        command = [sys.executable, str(SERVER), *arguments]
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


@pytest.fixture(scope="module", params=ENGINES)
def dsn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where an engine is: embedded, behind HTTP, and the server that TRIAGE_TEST_CLICKHOUSE names."""
    if request.param == "http":
        engine: HttpEngine = request.getfixturevalue("http_engine")
        return engine.dsn
    return REAL if request.param == "server" else f"chdb://{tmp_path_factory.mktemp('embedded')}/clickhouse"


@pytest.fixture(scope="module")
def store(dsn: str) -> Iterator[Store]:
    """A store with our tables in a database of the module's own; closed after it, so that another may be opened."""
    store = Store.open(dsn, database=f"test_{secrets.token_hex(4)}", limits=LIMITS)
    schema.apply(store)
    yield store
    store.command(f"DROP DATABASE `{store.database}` SYNC")
    store.close()
