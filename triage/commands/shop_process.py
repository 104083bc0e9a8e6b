"""The simulated shop in a process of its own, so that the service keeps its own processor."""

import contextlib
import multiprocessing
import signal
import threading
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path

from triage.commands.shop import shop_failure
from triage.commands.status import Failure, Status
from triage.demo.command import Progress, Report, ShopRun
from triage.demo.errors import ShopError
from triage.demo.post import Secrets
from triage.demo.stream import UNSIGNED

PATIENCE_S = 75
"""Longer than the SDK and then the herald take at most to send what they have."""


@dataclass(frozen=True)
class Order:
    """What the shop is to do; durations in seconds, `rate` in requests a second."""

    otlp: str
    scenario: str
    seed: int
    rate: float
    history_s: float
    for_s: float = inf
    truth: Path | None = None
    token: str = ""
    hooks: str = ""
    secrets: Secrets = UNSIGNED


class ShopProcess:
    """Runs from its making until `stop`, or until its time is over."""

    def __init__(self, order: Order) -> None:
        spawning = multiprocessing.get_context("spawn")  # the engine does not outlive a fork
        self._told, telling = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_run, args=(order, telling), name="shop", daemon=True)
        self._process.start()
        telling.close()
        self._latest: Progress | None = None

    def progress(self, wait_s: float) -> Progress | None:
        """How far it is, after at most so long; None before it has begun. Raises Failure if it can't go on."""
        self._hear(wait_s)
        if not self._process.is_alive() and self._process.exitcode:
            raise Failure(Status.UNREACHABLE, f"the shop has ended by itself (status {self._process.exitcode})")
        return self._latest

    def stop(self) -> None:
        """Lets it send what it has, and ends it. Raises Failure if not all of that was taken."""
        with self._told:
            self._process.terminate()
            self._process.join(PATIENCE_S)
            self._process.kill()
            self._hear(0)

    def _hear(self, wait_s: float) -> None:
        with contextlib.suppress(EOFError):
            while self._told.poll(wait_s):
                news = self._told.recv()
                if isinstance(news, Failure):
                    raise news
                self._latest, wait_s = news, 0


def check(order: Order) -> None:
    """Raises Failure if the order can't be carried out."""
    try:
        _shop(order, lambda _: None, threading.Event())
    except ShopError as error:
        raise shop_failure(error) from None


def _run(order: Order, telling: Connection) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the service says when to stop
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(BrokenPipeError):  # the service is gone, and the shop goes too
        try:
            _shop(order, telling.send, stop).run()
        except ShopError as error:
            telling.send(shop_failure(error))


def _shop(order: Order, report: Report, stop: threading.Event) -> ShopRun:
    return ShopRun(
        order.otlp,
        scenario=order.scenario,
        seed=order.seed,
        rate=order.rate,
        for_s=order.for_s,
        history_s=order.history_s,
        truth=order.truth,
        token=order.token,
        hooks=order.hooks,
        secrets=order.secrets,
        stop=stop,
        report=report,
    )
