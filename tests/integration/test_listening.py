"""Listeners, and the threads with an event loop that they run on."""

import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send

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


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_told_in_a_sentence(host: str) -> None:
    """Another machine's address, and a name that leads nowhere."""
    with pytest.raises(CannotListen, match=f"^otlp_http: cannot listen on {host}:0: "):
        bound("otlp_http", Address(host, 0))


def test_ipv6_works_where_the_machine_has_it() -> None:
    """[::1] is loopback as well."""
    if not socket.has_ipv6:
        return
    with bound("web", Address("::1", 0)) as listener:
        assert str(address_of(listener)).startswith("[::1]:")
