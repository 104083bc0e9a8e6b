"""Senders in a process of their own, each on its own connection, waiting for each answer."""

from __future__ import annotations

import http.client
import multiprocessing
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import grpc

from queries.store import records, varint

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PAUSE_S = 0.5  # after being told to come again
LOCAL = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1))

Post = Callable[[bytes], bool]
"""Posts one request; whether it was taken."""


@dataclass(frozen=True)
class Order:
    """What to send: requests (as a segment holds them) again and again, for so long or once each."""

    protocol: str
    address: str
    file: Path
    connections: int
    for_s: float | None


@dataclass(frozen=True)
class Sent:
    """How many requests of which place in the file were taken, how many were refused, and when it began and ended."""

    taken: dict[int, int]
    refused: int
    began_s: float
    ended_s: float


def write(records: Sequence[bytes], file: Path) -> Path:
    """A file for an order."""
    file.write_bytes(b"".join(varint(len(record)) + record for record in records))
    return file


def send(order: Order) -> Sent:
    """Carries it out in another process."""
    spawning = multiprocessing.get_context("spawn")  # the engine does not outlive a fork
    with spawning.Pool(1) as pool:
        return pool.apply(_send, (order,))


def _send(order: Order) -> Sent:
    bodies = list(records(order.file.read_bytes()))
    end = time.monotonic() + order.for_s if order.for_s is not None else float("inf")
    places: queue.SimpleQueue[int] = queue.SimpleQueue()
    numbers = count()
    for place in range(len(bodies)):
        places.put(place)

    def next_place() -> int | None:
        if time.monotonic() >= end:
            return None
        if order.for_s is not None:
            return next(numbers) % len(bodies)
        try:
            return places.get_nowait()
        except queue.Empty:
            return None

    began = time.time()
    with ThreadPoolExecutor(order.connections) as pool:
        parts = [pool.submit(_connection, order, bodies, next_place) for _ in range(order.connections)]
        done = [part.result() for part in parts]
    taken: dict[int, int] = {}
    for places_taken, _ in done:
        for place in places_taken:
            taken[place] = taken.get(place, 0) + 1
    return Sent(taken, sum(refused for _, refused in done), began, time.time())


def _connection(order: Order, bodies: list[bytes], next_place: Callable[[], int | None]) -> tuple[list[int], int]:
    """The places of what was taken, and how often it was refused."""
    post = {"grpc": grpc_post, "http": http_post}[order.protocol](order.address)
    taken, refused = list[int](), 0
    while (place := next_place()) is not None:
        while not post(bodies[place]):
            refused += 1
            time.sleep(PAUSE_S)
        taken.append(place)
    return taken, refused


def grpc_post(address: str) -> Post:
    """Over a channel of its own."""
    export = grpc.insecure_channel(address, LOCAL).unary_unary(EXPORT, None, None)

    def post(body: bytes) -> bool:
        try:
            export(body, timeout=60)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                return False
            raise
        return True

    return post


def http_post(address: str) -> Post:
    """Over a connection that is kept."""
    connection = http.client.HTTPConnection(address, timeout=60)

    def post(body: bytes) -> bool:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 503:
            return False
        if answer.status != 200:
            raise AssertionError(f"HTTP {answer.status}: {text[:300]!r}")
        return True

    return post
