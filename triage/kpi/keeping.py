"""Keeps the business figures' values by minute, for longer than the telemetry that they are made from.

What is kept is what is measured: of the last two hours each minute, and, once an hour and at the start, of every hour
of which telemetry arrived since the figure was last kept whole. When that was is marked as it ends, so an interrupted
filling begins again. So late data counts, a restart loses nothing, a figure that is new or made differently is filled
from all telemetry that there is, and two that keep write the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from queries import kpi_tables
from queries.errors import StoreError
from queries.store import Store
from triage.kpi.figures import Kpi, Signal
from triage.kpi.named import kpis_of, write_down
from triage.kpi.values import MINUTE_S, measured
from triage.live import LiveFile
from triage.symptom import Ask
from triage.window import Window

RECENT = timedelta(hours=2)
LAG = timedelta(seconds=10)
"""How long after its end a minute is measured for the first time."""
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=1)
"""What is measured at a time."""
EVERY_S, RELOAD_S, STOP_WITHIN_S = 60.0, 5.0, 30.0
AGAIN_S = 60.0
"""How long after a figure could not be filled it is tried again."""
DAY = timedelta(days=1)
"""Of what arrived this long before, all is there, whatever the time zone that days of arrival are told in."""
BEGINNING = date(1970, 1, 1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Whole:
    """For how long the telemetry is whole, by signal: hours before may have lost some, and are left as they are."""

    metric: timedelta = timedelta(days=28)
    span: timedelta = timedelta(days=12)
    log: timedelta = timedelta(days=12)

    def since(self, kpi: Kpi, now: datetime) -> datetime:
        """The first hour from which the figure can be measured."""
        kept: Iterable[timedelta] = (getattr(self, source.signal) for source in kpi.sources)
        return now - min(kept)


def keep_recent(store: Store, kpis: Iterable[Kpi], now: datetime) -> int:
    """Keeps the last two hours; how many minutes were written. Raises StoreError."""
    to = _minute(now - LAG)
    return sum(_fill(store, kpi, Window(to - RECENT, to)) for kpi in kpis)


def keep_arrived(store: Store, kpis: Sequence[Kpi], now: datetime, whole: Whole) -> int:
    """Keeps every hour of which telemetry arrived since each was kept whole; how many minutes. Raises StoreError."""
    rows = store.ask("kpi/kept_until", kpis=[kpi.digest for kpi in kpis]).iter_rows()
    marks = {digest: day for digest, _, day in rows}
    each = {kpi.digest: kpi for kpi in kpis}.values()
    return sum(_keep_whole(store, kpi, now, whole, marks.get(kpi.digest, BEGINNING)) for kpi in each)


def _keep_whole(store: Store, kpi: Kpi, now: datetime, whole: Whole, mark: date) -> int:
    """Keeps what arrived from the day of the mark on, and only then moves the mark."""
    minutes = _keep(store, kpi, now, whole.since(kpi, now), mark)
    if (day := now.date() - DAY) > mark:
        kpi_tables.mark(store, kpi.digest, day)
    return minutes


def keep_again(store: Store, kpis: Sequence[Kpi], now: datetime, whole: Whole, from_: datetime | None = None) -> int:
    """Keeps every hour from then on of which the telemetry is whole; how many minutes changed. Raises StoreError."""
    each = {kpi.digest: kpi for kpi in kpis}.values()
    firsts = {kpi.digest: max(whole.since(kpi, now), from_ or whole.since(kpi, now)) for kpi in each}
    return sum(_keep(store, kpi, now, firsts[kpi.digest], BEGINNING) for kpi in each)


def _keep(store: Store, kpi: Kpi, now: datetime, first: datetime, arrived: date) -> int:
    """Keeps the hours from `first` on of which telemetry arrived on that day or later."""
    windows = _windows(_arrived(store.ask, kpi, arrived), first, _minute(now - LAG))
    return sum(_fill(store, kpi, window) for window in windows)


def _arrived(ask: Ask, kpi: Kpi, since: date) -> list[datetime]:
    of = {signal: [source for source in kpi.sources if source.signal is signal] for signal in Signal}
    frame = ask(
        "kpi/arrived",
        since=since.isoformat(),
        metrics=[source.name for source in of[Signal.METRIC]],
        services=[source.service for source in of[Signal.SPAN]],
        logs=bool(of[Signal.LOG]),
    )
    return [datetime.fromtimestamp(hour, UTC) for (hour,) in frame.iter_rows()]


def _windows(hours: Iterable[datetime], first: datetime, last: datetime) -> Iterator[Window]:
    """What to measure again: these hours, each with the next: a late point changes what the one after it grew by."""
    begun: datetime | None = None
    ends = last
    for hour in hours:
        if hour < first or hour >= last:
            continue
        if begun is not None and (hour > ends or ends - begun >= LONGEST):
            yield Window(begun, min(ends, last))
            begun = None
        begun, ends = begun or hour, hour + 2 * HOUR
    if begun is not None:
        yield Window(begun, min(ends, last))


def _fill(store: Store, kpi: Kpi, window: Window) -> int:
    """Writes the minutes that are not kept as they are measured; how many."""
    rows = store.ask("kpi/kept", kpis=[kpi.digest], **{"from": window.from_}, to=window.to).iter_rows()
    kept = {minute: (part, of) for _, minute, part, of in rows}
    now = measured(store.ask, kpi, window)
    new = [(minute, *parts) for minute, parts in now.items() if kept.get(minute) != parts]
    kpi_tables.keep(store, kpi.digest, new)
    return len(new)


def _minute(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // MINUTE_S * MINUTE_S, UTC)


def _part(kpi: Kpi) -> str:
    return f"kpis: {kpi.name}"


class KeepingThread:
    """Follows the file of the figures, and keeps their values, until stopped.

    `note` takes note of what went wrong and gives it back in words; where the store gives no answer about one figure,
    the others are kept.
    """

    def __init__(
        self, store: Store, file: LiveFile[tuple[Kpi, ...]], whole: Whole, note: Callable[[str, Exception], str]
    ) -> None:
        self._store, self._file, self._whole, self._note = store, file, whole, note
        self._failing: dict[tuple[str, str], str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kpis", daemon=True)
        self._written: tuple[Kpi, ...] | None = None
        self._due: dict[str, float] = {}
        self._recent_at = 0.0

    @property
    def problems(self) -> dict[str, str]:
        """What failed when it was last tried, in words, by its part."""
        return {part: words for (part, _), words in dict(self._failing).items()}

    def start(self) -> None:
        """Begins with what arrived while nobody kept anything."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for the writing under way."""
        self._stop.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while True:
            try:
                with self._noting("kpis", "pass"):
                    self._pass()
            except Exception as error:
                self._failing["kpis", "pass"] = self._note("kpis", error)
                log.exception("the business figures could not be kept; the next time is not held up")
            if self._stop.wait(RELOAD_S):
                return

    @contextmanager
    def _noting(self, part: str, step: str) -> Iterator[None]:
        """Has a step whose question the store does not answer among the problems until it succeeds."""
        try:
            yield
        except StoreError as error:
            self._failing[part, step] = self._note(part, error)
        else:
            self._failing.pop((part, step), None)

    def _pass(self) -> None:
        """Keeps what is due: what arrived first, for values are read as kept up to the latest that is."""
        changed = self._follow()
        kpis = {kpi.digest: kpi for kpi in kpis_of(self._store.ask)}.values()
        parts = {"kpis", *map(_part, kpis)}
        self._failing = {step: words for step, words in self._failing.items() if step[0] in parts}
        for kpi in kpis:
            if time.monotonic() >= self._due.get(kpi.digest, 0.0) and not self._stop.is_set():
                self._catch_up(kpi)
        if changed or time.monotonic() >= self._recent_at:
            self._recent_at = time.monotonic() + EVERY_S
            for kpi in kpis:
                self._keep_recent(kpi)

    def _catch_up(self, kpi: Kpi) -> None:
        wait_s = AGAIN_S
        try:
            with self._noting(_part(kpi), "arrived"):
                keep_arrived(self._store, [kpi], datetime.now(UTC), self._whole)
                wait_s = HOUR.total_seconds()
        finally:
            self._due[kpi.digest] = time.monotonic() + wait_s

    def _keep_recent(self, kpi: Kpi) -> None:
        with self._noting(_part(kpi), "recent"):
            keep_recent(self._store, [kpi], datetime.now(UTC))

    def _follow(self) -> bool:
        """Writes down what the file says where it says something new; whether it did."""
        told = self._file.current
        if told == self._written:
            return False
        changed = write_down(self._store, told)
        self._written = told
        return changed
