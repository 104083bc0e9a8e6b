"""What changes a view of tables that are in use: nothing of what is loaded meanwhile or again is lost or doubled."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from queries import schema
from queries.store import Store, Value
from tests.integration.conftest import LIMITS, HttpEngine
from tests.integration.otlp import segment, traces
from tests.integration.tables import counts
from tests.integration.test_landing_once import shopping

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
BROKEN_OFF = """
import os, signal, sys
from queries import schema
from queries.store import Store
from tests.integration.test_schema_upgrade import load

def dying(store, statement, **parameters):
    if statement.startswith("ATTACH"):
        os.kill(os.getpid(), signal.SIGKILL)
    command(store, statement, **parameters)

store = Store.open(sys.argv[1])
schema.apply(store)
load(store, 1)
store.command("TRUNCATE TABLE schema_applied")
command, Store.command = Store.command, dying
schema.apply(store)
"""


def load(store: Store, number: int) -> None:
    """A segment of a trace that ends in every rollup of spans."""
    store.insert("traces", segment(traces(*shopping(number))), f"segment {number}")


def test_what_a_server_is_sent_meanwhile_ends_in_every_table(http_engine: HttpEngine, monkeypatch: pytest.MonkeyPatch):
    """Collectors of other processes go on loading while the tables are brought up to date."""
    command, loaded = Store.command, 1

    def loading(store: Store, statement: str, **parameters: Value) -> None:
        nonlocal loaded
        if re.match(r"(ALTER|DETACH|ATTACH) TABLE \w+_to_", statement):  # a view
            loaded += 1
            load(store, loaded)
        command(store, statement, **parameters)

    with closing(Store.open(http_engine.dsn, database="upgraded", handles=2, limits=LIMITS)) as store:
        schema.apply(store)
        load(store, 1)
        once = counts(store)
        first, *later = [path.stem for path in schema.files()]
        store.command("DELETE FROM schema_applied WHERE NOT startsWith(Name, {first:String})", first=first)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "command", loading)
            assert schema.apply(store) == later
        assert counts(store) == {table: n if table == "services" else loaded * n for table, n in once.items()}
        store.command("DROP DATABASE upgraded")


def test_an_embedded_engine_that_is_killed_in_the_middle_goes_on_at_its_next_start(tmp_path: Path):
    """Every view is there again, and knows what it had loaded."""
    dsn = f"chdb://{tmp_path}/clickhouse"
    killed = subprocess.run([sys.executable, "-c", BROKEN_OFF, dsn], cwd=ROOT, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(Store.open(dsn, limits=LIMITS)) as store:
        once = counts(store)
        assert schema.apply(store)
        load(store, 1)
        assert counts(store) == once
        load(store, 2)
        assert counts(store) == {table: n if table == "services" else 2 * n for table, n in once.items()}
