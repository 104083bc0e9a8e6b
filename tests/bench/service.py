"""The whole service in a process of its own, watched from outside: its memory, its backlog, its answers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import httpx

from tests.integration.command import Up, up

EVERY_S = 0.25


@dataclass(frozen=True)
class Service:
    """A service that runs, with its data in `data`."""

    up: Up
    data: Path
    client: httpx.Client

    @property
    def grpc(self) -> str:
        found = re.search(r"OTLP/gRPC +(\S+)", self.up.said)
        assert found, self.up.said
        return found[1]

    @property
    def http(self) -> str:
        """HOST:PORT of OTLP/HTTP."""
        return self.up.otlp_http.removeprefix("http://")

    def gauge(self, name: str) -> float:
        """A figure of its /metrics."""
        found = re.search(rf"^{name} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        assert found, name
        return float(found[1])

    def affected(self, **asked: str) -> httpx.Response:
        """The answer of the JSON API."""
        return self.client.get("/api/v1/affected", params=asked).raise_for_status()

    def memory_bytes(self) -> int:
        """Resident at this moment."""
        text = Path(f"/proc/{self.up.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found, text
        return int(found[1]) * 1024

    def wait_until_loaded(self) -> None:
        """Returns once nothing that was accepted waits to be loaded."""
        while self.gauge("triage_backlog_bytes"):
            time.sleep(0.02)


@contextmanager
def service(home: Path) -> Iterator[Service]:
    """A fresh one, ready to take data; it is stopped in order."""
    home.mkdir(parents=True)
    with (
        up("--log-level", "warning", cwd=home) as running,
        httpx.Client(base_url=running.url, timeout=60, trust_env=False) as client,
    ):
        yield Service(running, home / "triage-data", client)
        running.stop()


@dataclass
class Watch:
    """Notes the greatest memory and backlog of a service while it lasts; in bytes."""

    service: Service
    memory: int = 0
    backlog: float = 0
    _over: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with httpx.Client(base_url=self.service.up.url, timeout=60, trust_env=False) as client:
            own = Service(self.service.up, self.service.data, client)
            while not self._over.wait(EVERY_S):
                self.memory = max(self.memory, own.memory_bytes())
                self.backlog = max(self.backlog, own.gauge("triage_backlog_bytes"))
