"""Listeners, and the threads with an event loop that they run on."""

import resource
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from triage import connections
from triage.connections import LARGEST_HEAD, raise_open_files
from triage.listening import CannotListen, HttpListener, LoopThread, address_of, bound
from triage.setting_types import Address

pytestmark = pytest.mark.integration
FREE = Address("127.0.0.1", 0)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})


def test_an_app_is_served_until_it_is_stopped() -> None:
    """And the port is free again then."""
    listener = bound("web", FREE)
    where = address_of(listener)
    with LoopThread("web") as loop:
        http = HttpListener(hello, listener, loop)
        assert httpx.get(f"http://{where}/", trust_env=False).text == "hello"
        http.stop()
    listener.close()
    bound("web", where).close()


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    """It names the setting and the address, and says what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(
            CannotListen, match=f"^web: cannot listen on {taken}: another program listens there already"
        ):
            bound("web", taken)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.0.2.1", "this machine has no such address"),
        ("no-such-host.invalid", "this name leads to no address|Temporary failure in name resolution"),
    ],
)
def test_an_address_that_is_not_ours_is_told_in_a_sentence(host: str, why: str) -> None:
    """Another machine's address, and a name that leads nowhere."""
    with pytest.raises(CannotListen, match=f"^otlp_http: cannot listen on {host}:0: ({why})$"):
        bound("otlp_http", Address(host, 0))


def test_ipv6_works_where_the_machine_has_it() -> None:
    """[::1] is loopback as well."""
    if not socket.has_ipv6:
        return
    with bound("web", Address("::1", 0)) as listener:
        assert str(address_of(listener)).startswith("[::1]:")


@pytest.fixture
def served() -> Iterator[Address]:
    with LoopThread("web") as loop, bound("web", FREE) as listener:
        http = HttpListener(hello, listener, loop)
        yield address_of(listener)
        http.stop()


def connected(where: Address) -> socket.socket:
    return socket.create_connection((where.host, where.port), timeout=10)


def ended(client: socket.socket, dribbled: bytes = b"") -> bool:
    """Whether the other side ends the connection while some bytes are sent to it now and then."""
    until = time.monotonic() + 10
    client.settimeout(0.05)
    while time.monotonic() < until:
        try:
            client.sendall(dribbled)
            if not client.recv(1000):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize("dribbled", [b"", b"X-A: b\r\n", b"\r\n"])
def test_a_head_that_stays_out_is_not_waited_for_for_ever(
    served: Address, monkeypatch: pytest.MonkeyPatch, dribbled: bytes
) -> None:
    """Neither by silence, nor a header at a time, nor by the empty lines that may stand before a request."""
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.3)
    first = b"" if dribbled == b"\r\n" else b"GET / HTTP/1.1\r\n"
    with connected(served) as client:
        client.sendall(first)
        assert ended(client, dribbled)


def test_a_second_head_has_no_longer_than_the_first(served: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was answered once may not dribble either."""
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.3)
    with connected(served) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert ended(client, b"X-A: b\r\n")


@pytest.mark.parametrize(
    "endless", [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"]
)
@pytest.mark.parametrize("piece", [b"X-A: %s\r\n" % (b"b" * 1000), b"b" * 1000])
def test_a_head_without_end_is_not_kept(served: Address, endless: bytes, piece: bytes) -> None:
    """Nor are the headers that may follow a body."""
    with connected(served) as client:
        client.sendall(endless + (b"" if piece.startswith(b"X") else b"X-A: "))
        with pytest.raises(ConnectionError):
            client.sendall(piece * (50 * LARGEST_HEAD // len(piece)))


def test_connections_without_end_leave_room(served: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is answered, however many are open and silent."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)
    silent = [connected(served) for _ in range(20)]
    try:
        assert httpx.get(f"http://{served}/", trust_env=False).text == "hello"
        assert sum(ended(client) for client in silent[:10]) == 10
    finally:
        for client in silent:
            client.close()


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    """Connections and the engine's files come out of one purse."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1000), hard))
        raise_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 1000 or hard == 1000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
