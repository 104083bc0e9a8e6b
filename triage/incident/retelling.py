"""The timeline as a person reads it: what happened in full, and figures that were only brought up to date in short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from triage.incident.model import Kind
from triage.incident.wire import EventJson

FIGURES = frozenset({Kind.SYMPTOM, Kind.NAMED})
"""Kinds of events that come again and again while an incident lasts."""


@dataclass(frozen=True)
class Passage:
    """Some of the timeline: `events` to be told, and the `figures` that followed and only moved."""

    events: tuple[EventJson, ...]
    figures: tuple[EventJson, ...] = ()


def passages(timeline: Sequence[EventJson]) -> Iterator[Passage]:
    """The whole timeline in order. Of figures that come one after another the first is told."""
    for is_figure, each in groupby(timeline, key=lambda event: event.kind in FIGURES):
        first, *others = each
        yield Passage((first,), tuple(others)) if is_figure else Passage((first, *others))
