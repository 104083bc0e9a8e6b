"""End to end: another process sends 512 spans a request and waits for each answer, which comes after fsync.

Counted is what was found loaded, from the first request until nothing waits to be loaded; set against the rate of
loading alone, measured before, between and after.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.engine import opened
from tests.bench.figures import Figure, Target, middle
from tests.bench.load import loading_rate
from tests.bench.scale import Scale
from tests.bench.sender import Order, Sent, send, write
from tests.bench.service import Watch, service
from tests.bench.shop import Telemetry, busy_shop, spans_in

RATE = Target(0.4, at_most=False)
MEMORY = Target(2.0)
BACKLOG = Target(1.2)  # GB; beyond 1 GB senders are asked to wait, but what is under way is still taken
PROTOCOLS = {"grpc": "gRPC", "http": "HTTP/protobuf"}


@dataclass(frozen=True)
class Run:
    """One protocol's: rates in spans a second, GB."""

    accepted: float
    loaded: float
    refused: int
    memory_gb: float
    backlog_gb: float


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Both protocols, each on a fresh service."""
    telemetry = busy_shop(scale.segment_spans * scale.segments, time.time() - 3600)
    rounds = replace(scale, rounds=1)
    alone = loading_rate(scratch / "alone-0", telemetry, rounds)
    runs = {}
    for number, protocol in enumerate(PROTOCOLS):
        runs[protocol] = _run(protocol, telemetry, scratch / f"e2e-{protocol}", scale)
        alone += loading_rate(scratch / f"alone-{number + 1}", telemetry, rounds)
    loading = middle("e2e", "loading alone, merges stopped", alone, "spans/s")
    yield loading
    for protocol, name in PROTOCOLS.items():
        yield from _figures(name, runs[protocol], loading.value)


def _figures(name: str, done: Run, loading: float) -> Iterator[Figure]:
    yield Figure("e2e", f"{name}: accepted", done.accepted, "spans/s", note=f"{done.refused} requests asked to wait")
    yield Figure("e2e", f"{name}: accepted and loaded", done.loaded, "spans/s")
    yield Figure("e2e", f"{name}: against loading alone", done.loaded / loading, "times", target=RATE)
    yield Figure("e2e", f"{name}: memory at most", done.memory_gb, "GB", target=MEMORY)
    yield Figure("e2e", f"{name}: backlog at most", done.backlog_gb, "GB", target=BACKLOG)


def _run(protocol: str, telemetry: Telemetry, home: Path, scale: Scale) -> Run:
    bodies = telemetry.records["traces"]
    with service(home) as running:
        file = write(bodies, home / "requests")
        address = running.grpc if protocol == "grpc" else running.http
        with Watch(running) as watch:
            sent = send(Order(protocol, address, file, scale.connections, scale.sending_s))
            running.wait_until_loaded()
            loaded_s = time.time()
    spans = _found(home / "triage-data" / "clickhouse")
    _check(spans, sent, bodies)
    return Run(
        accepted=spans / (sent.ended_s - sent.began_s),
        loaded=spans / (loaded_s - sent.began_s),
        refused=sent.refused,
        memory_gb=watch.memory / 1e9,
        backlog_gb=watch.backlog / 1e9,
    )


def _found(directory: Path) -> int:
    with opened(directory, handles=1) as store:
        return int(store.select("SELECT count() AS spans FROM otel_traces")["spans"][0])


def _check(found: int, sent: Sent, bodies: list[bytes]) -> None:
    """What was acknowledged is there, and once."""
    acknowledged = sum(times * spans_in(bodies[place]) for place, times in sent.taken.items())
    if found != acknowledged:
        raise AssertionError(f"{acknowledged:,} spans were acknowledged, {found:,} are there")
