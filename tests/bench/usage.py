"""What a piece of work takes: processor time of this process, and time by the clock."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Seconds, for so many rows."""

    rows: int
    cpu_s: float
    clock_s: float

    @property
    def cpu_s_per_million(self) -> float:
        return self.cpu_s / self.rows * 1e6

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.clock_s


def cpu_s() -> float:
    """Of all threads of this process so far, the engine's among them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(rows: int, work: Callable[[], None]) -> Usage:
    """What the work takes."""
    started, spent = time.perf_counter(), cpu_s()
    work()
    return Usage(rows, cpu_s() - spent, time.perf_counter() - started)


def in_threads(threads: int, jobs: Sequence[Callable[[], None]]) -> None:
    """Does all the jobs, so many at a time."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()
