"""Many connections in one other process, each posting a request every second, on an event loop."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import grpc.aio

from queries.store import records
from tests.bench.sender import EXPORT, LOCAL

Post = Callable[[bytes], Awaitable[None]]

EVERY_S = 1.0
CONNECTING_S = 3.0


@dataclass(frozen=True)
class SmallOrder:
    """What to send, over how many connections, and for how long."""

    protocol: str
    address: str
    file: Path
    connections: int
    for_s: float


def send_small(order: SmallOrder) -> list[float]:
    """Carries it out in another process; how long each answer took, in ms."""
    spawning = multiprocessing.get_context("spawn")
    with spawning.Pool(1) as pool:
        return pool.apply(_run, (order,))


def _run(order: SmallOrder) -> list[float]:
    return asyncio.run(_all(order))


async def _all(order: SmallOrder) -> list[float]:
    bodies = cycle(list(records(order.file.read_bytes())))
    connect = {"grpc": _grpc, "http": _http}[order.protocol]
    posts = [await connect(order.address) for _ in range(order.connections)]
    for post in posts:
        await post(b"")  # connected before it counts
    began = time.monotonic() + CONNECTING_S
    answers: list[float] = []

    async def one(number: int, post: Post) -> None:
        due = began + EVERY_S * number / order.connections  # spread over the second
        while due < began + order.for_s:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            started = time.perf_counter()
            await post(next(bodies))
            answers.append((time.perf_counter() - started) * 1000)
            due += EVERY_S

    await asyncio.gather(*(one(number, post) for number, post in enumerate(posts)))
    return answers


async def _grpc(address: str) -> Post:
    export = grpc.aio.insecure_channel(address, LOCAL).unary_unary(EXPORT, None, None)

    async def post(body: bytes) -> None:
        await export(body, timeout=60)

    return post


async def _http(address: str) -> Post:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\nContent-Length: "

    async def post(body: bytes) -> None:
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not answer.startswith(b"http/1.1 200"):
            raise AssertionError(answer.decode(errors="replace"))
        _, _, length = answer.partition(b"content-length:")
        await reader.readexactly(int(length.split(b"\r\n")[0]))

    return post
