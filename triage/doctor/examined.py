"""The telemetry of a window, as it is examined for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import ceil

import polars as pl

from queries.store import Store, Value
from triage.entries import entry_services
from triage.window import EARLIEST, Window

STEP = timedelta(seconds=10)
"""Spans are counted by so much time (the table `red`)."""

SAMPLE_SPANS = 100_000
SAMPLE_TIME = timedelta(hours=1)
RECENT_SPANS = 50_000


@dataclass(frozen=True)
class Sent:
    """What a service sent ("" for spans that name none): spans, and of those roots, without a version, sampled."""

    service: str
    spans: int
    roots: int
    without_version: int
    sampled: int


@dataclass(frozen=True)
class Keys:
    """The attributes that name a customer, an order, its amount and its currency; each best first."""

    customer: tuple[str, ...]
    order: tuple[str, ...]
    amount: tuple[str, ...]
    currency: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """The traces that are looked at where span must be compared with span: one in so many of a window."""

    window: Window
    one_in: int


@dataclass(frozen=True)
class Examined:
    """What every check may need to know, and whom to ask for more."""

    store: Store
    window: Window
    services: tuple[Sent, ...]
    log_records: int
    data_points: int
    keys: Keys
    recent: Window
    """The end of the window with some ten thousand spans, whose attributes are looked at."""

    @property
    def spans(self) -> int:
        """Of all services."""
        return sum(sent.spans for sent in self.services)

    @property
    def sample(self) -> Sample:
        """The window's last hour, thinned out to some hundred thousand spans."""
        window = Window(max(self.window.from_, self.window.to - SAMPLE_TIME), self.window.to)
        expected = self.spans * (window.length / self.window.length)
        return Sample(window, max(1, ceil(expected / SAMPLE_SPANS)))

    @cached_property
    def entry_services(self) -> list[str]:
        """The services that phones and browsers called at the window's end. Raises StoreError."""
        return entry_services(self.store.ask, self.window.to)

    def ask(self, question: str, **parameters: Value) -> pl.DataFrame:
        """The answer of `queries/doctor/<question>.sql` for the window."""
        return ask(self.store, question, self.window, **parameters)

    def ask_recent(self, question: str, **parameters: Value) -> pl.DataFrame:
        """The same for the spans whose attributes are looked at."""
        return ask(self.store, question, self.recent, **parameters)

    def ask_sample(self, question: str) -> pl.DataFrame:
        """The same for the traces that are looked at."""
        return ask(self.store, question, self.sample.window, one_in=self.sample.one_in)


def ask(store: Store, question: str, window: Window, **parameters: Value) -> pl.DataFrame:
    """The answer of `queries/doctor/<question>.sql` for a window."""
    return store.ask(f"doctor/{question}", **{"from": window.from_}, to=window.to, **parameters)


def examined(store: Store, window: Window) -> Examined:
    """What is there in the window, widened to whole steps so that all counts are of the same. Raises StoreError."""
    window = Window(window.from_ - (window.from_ - EARLIEST) % STEP, window.to + (EARLIEST - window.to) % STEP)
    services = tuple(
        Sent(row["service"], row["spans"], row["roots"], row["without_version"], row["sampled"])
        for row in ask(store, "services", window).iter_rows(named=True)
    )
    heard = ask(store, "heard", window).row(0, named=True)
    keys = store.ask("doctor/keys").row(0, named=True)
    since = ask(store, "recent", window, spans=RECENT_SPANS).item()
    return Examined(
        store=store,
        window=window,
        services=services,
        log_records=heard["log_records"],
        data_points=heard["data_points"],
        keys=Keys(tuple(keys["customer"]), tuple(keys["order"]), tuple(keys["amount"]), tuple(keys["currency"])),
        recent=Window(since, window.to),
    )
