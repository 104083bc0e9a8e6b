"""What tests need that start others: a port for them, and patience."""

import socket
import time
from collections.abc import Callable

SOON_S = 90.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def soon(holds: Callable[[], bool], what: str, within_s: float = SOON_S) -> None:
    """Waits until it holds."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)
