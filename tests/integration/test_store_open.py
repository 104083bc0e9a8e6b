"""Opening a store: addresses, directories and servers, and a clear sentence where there is none to be had."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from queries import schema
from queries.errors import StoreError, StoreLocked, StoreUnavailable
from queries.store import Limits, Store
from tests.integration.conftest import HttpEngine
from tests.integration.otlp import attributes, segment, span, traces
from tests.integration.tables import counts

pytestmark = pytest.mark.integration

NOWHERE = {
    "": "is no address of a store",
    "nonsense": "is no address of a store",
    "ftp://host": "is no address of a store",
    "http://": "is no address of a store",
    "http://host:port": "is no address of a store",
    "chdb://": "is no address of a store",
    "chdb://relative/path": "is no address of a store",
    "chdb:///data?config-file=/etc/passwd": "is no address of a store",
}


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_no_address_is_refused(address: str):
    """With the forms that there are."""
    with pytest.raises(ValueError, match=NOWHERE[address]) as error:
        Store.open(address)
    assert "chdb:///DIRECTORY" in str(error.value)


def test_a_database_must_be_a_name(tmp_path: Path):
    """It is part of statements, where nothing can be bound."""
    for name in ("", "a b", "a`b", "1a", "a;b", "a.b"):
        with pytest.raises(ValueError, match="is no database name"):
            Store.open(f"chdb://{tmp_path}/clickhouse", database=name)


UNREACHABLE = ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://u:se%40cret@127.0.0.1:9"]


@pytest.mark.parametrize("address", UNREACHABLE)
def test_a_server_that_is_not_there_is_named_in_one_line(address: str, caplog: pytest.LogCaptureFixture):
    """With why, and without its password; trying again may help. Nothing else is logged of it."""
    with pytest.raises(StoreUnavailable) as error:
        Store.open(address)
    text = str(error.value)
    assert "127.0.0.1:9 cannot be opened: " in text
    assert "\n" not in text
    assert not any(secret in text for secret in ("secret", "0x"))
    assert error.value.retryable
    assert not caplog.records


def test_an_https_address_is_spoken_to_over_tls(unused_tcp_listener: tuple[str, list[bytes]]):
    """A password never goes out in clear because a port is none of the usual."""
    address, heard = unused_tcp_listener
    with pytest.raises(StoreUnavailable):
        Store.open(f"https://u:secret@{address}")
    assert heard
    assert all(first[:1] == b"\x16" for first in heard)  # a TLS handshake


@pytest.fixture
def unused_tcp_listener() -> Iterator[tuple[str, list[bytes]]]:
    """Something that listens, notes what it hears first, and hangs up."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(16))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", heard
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


HOLD = "import sys, chdb; held = chdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_a_directory_that_another_process_holds_is_locked(tmp_path: Path):
    """The sentence says which process; when that has gone, the directory can be opened."""
    directory = tmp_path / "clickhouse"
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=rf"held by another process \({other.pid}\): stop it, or use another"):
            Store.open(f"chdb://{directory}")
        other.stdin.close()
        other.wait(30)
    Store.open(f"chdb://{directory}").close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path):
    """A file is in its place, or above it."""
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreUnavailable, match=rf"directory {directory} cannot be made: "):
            Store.open(f"chdb://{directory}")


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path):
    """Neither what is made, nor what an earlier program left open to all."""
    Store.open(f"chdb://{tmp_path}/clickhouse", handles=1).close()
    assert (tmp_path / "clickhouse").stat().st_mode & 0o777 == 0o700
    (tmp_path / "clickhouse").chmod(0o755)
    Store.open(f"chdb://{tmp_path}/clickhouse", handles=1).close()
    assert (tmp_path / "clickhouse").stat().st_mode & 0o777 == 0o700


def test_a_directory_may_be_called_anything(tmp_path: Path):
    """Blanks, quotes, and signs that mean something in an address."""
    directory = tmp_path / "a b" / "c'd\"e#f%20é"
    Store.open(f"chdb://{directory}", handles=1).close()
    assert any(directory.iterdir())


def test_what_was_kept_is_there_when_it_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Rows, tokens, views and the functions that they call; and the working directory is as it was."""
    dsn = f"chdb://{tmp_path}/clickhouse"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # it may be anyone's, and need not be writable
    body = segment(traces(span(attributes=attributes({"customer.id": "c-1", "list": [1, 2]}))))
    with closing(Store.open(dsn)) as store:
        assert schema.apply(store)
        store.insert("traces", body, "first")
    with closing(Store.open(dsn)) as store:
        assert schema.apply(store) == []
        store.insert("traces", body, "first")
        store.insert("traces", body, "second")
        found = counts(store)
        assert (found["otel_traces"], found["mentions"]) == (2, 2)
        lists = store.select("SELECT DISTINCT SpanAttributes['list'] AS list FROM otel_traces")
        assert lists["list"].to_list() == ["[1,2]"]
    assert list((tmp_path / "here").iterdir()) == []


def test_two_stores_may_share_a_directory_in_one_process(tmp_path: Path):
    """Each has its database; closing one leaves the other open."""
    dsn = f"chdb://{tmp_path}/clickhouse"
    with closing(Store.open(dsn, database="one", handles=1)) as one:
        Store.open(dsn, database="two", handles=1).close()
        assert one.select("SELECT currentDatabase() AS name")["name"][0] == "one"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpEngine]:
    """A server of the test's own, with a password."""
    engine = HttpEngine(tmp_path / "clickhouse", password="p@ss/word")
    yield engine
    engine.kill()


def test_a_wrong_password_is_said_without_repeating_it(server: HttpEngine):
    """And a right one may hold any sign, written as addresses write it."""
    with pytest.raises(StoreError, match="Authentication failed") as error:
        Store.open(f"http://default:wrong@127.0.0.1:{server.port}")
    assert "wrong" not in str(error.value)
    with closing(Store.open(f"http://default:p%40ss%2Fword@127.0.0.1:{server.port}")) as store:
        assert store.select("SELECT 1 AS n")["n"][0] == 1


def test_a_server_that_is_away_for_a_while_is_used_again(server: HttpEngine):
    """While it is away the store says so, and that it may be tried again; afterwards the same store goes on."""
    dsn = f"http://default:p%40ss%2Fword@127.0.0.1:{server.port}"
    body = segment(traces(span()))
    with closing(Store.open(dsn, handles=2, limits=Limits(wait_s=2))) as store:
        schema.apply(store)
        store.insert("traces", body, "before")
        server.kill()
        for _ in range(3):
            for use in (lambda: store.insert("traces", body, "during"), lambda: store.ask("now/service_names")):
                with pytest.raises(StoreUnavailable, match=r"cannot be (reached|opened)") as error:
                    use()
                assert error.value.retryable
        server.start()
        for name in ("before", "during"):
            store.insert("traces", body, name)
        assert counts(store)["otel_traces"] == 2
        assert store.ask("now/service_names").height == 1
