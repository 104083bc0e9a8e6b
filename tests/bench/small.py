"""Small senders: many connections, each with about ten spans every second, while somebody asks who was affected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

from tests.bench.figures import Figure, Target, middle, percentile
from tests.bench.scale import Scale
from tests.bench.sender import Order, send, write
from tests.bench.service import Service, service
from tests.bench.shop import busy_shop
from tests.bench.small_sender import SmallOrder, send_small

SPANS_EACH = 10
P99 = Target(100)
PROTOCOLS = {"grpc": "gRPC", "http": "HTTP/protobuf"}


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Both protocols, one after the other, on a service that knows some history."""
    with service(scratch / "small") as running:
        load_history(running, scale, scratch)
        needed = int(SPANS_EACH * scale.small_connections * scale.small_s)
        bodies = busy_shop(needed, time.time(), seed=2, spans_each=SPANS_EACH).records["traces"]
        file = write(bodies, scratch / "small-requests")
        for protocol, name in PROTOCOLS.items():
            address = running.grpc if protocol == "grpc" else running.http
            with Asking(running) as asking:
                answers = send_small(SmallOrder(protocol, address, file, scale.small_connections, scale.small_s))
            yield from _figures(name, answers, asking.answers_ms)


def load_history(running: Service, scale: Scale, scratch: Path) -> None:
    """The last minutes of a busy shop, sent and loaded."""
    telemetry = busy_shop(scale.history_spans, time.time() - 1800)
    file = write(telemetry.records["traces"], scratch / "history")
    send(Order("http", running.http, file, scale.connections, None))
    running.wait_until_loaded()


def _figures(name: str, answers_ms: list[float], asked_ms: list[float]) -> Iterator[Figure]:
    sent = f"{len(answers_ms):,} requests"
    for percent, target in ((50, None), (99, P99), (100, None)):
        what = f"{name}: {'slowest' if percent == 100 else f'p{percent}'} answer"
        yield Figure("small", what, percentile(answers_ms, percent), "ms", target=target, note=sent)
    yield middle("small", f"{name}: `affected` meanwhile", asked_ms, "ms", note=f"asked {len(asked_ms):,} times")


class Asking:
    """Asks for the affected customers of the last hour, again and again, while it lasts."""

    def __init__(self, running: Service) -> None:
        self.answers_ms: list[float] = []
        self._running, self._over = running, Event()
        self._thread = Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            started = time.perf_counter()
            self._running.affected()
            self.answers_ms.append((time.perf_counter() - started) * 1000)
