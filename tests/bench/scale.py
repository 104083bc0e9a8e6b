"""How much is measured: the sizes of a run that counts, and of one that only shows that all works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True)
class Scale:
    """Sizes of all benchmarks; spans unless the name says otherwise."""

    segment_spans: int = 115_000  # what fits into the 32 MB that a segment may have
    segments: int = 8
    other_segment_bytes: int = 10_000_000
    rounds: int = 3
    handles: tuple[int, ...] = (1, 2, 3, 4)
    sending_s: float = 20
    connections: int = 8
    history_spans: int = 500_000
    small_connections: int = 200
    small_s: float = 30
    spans: int = 10_000_000
    window_spans: int = 1_000_000
    questions: int = 10
    fresh_spans: int = 20
    customers: int = 1_000_000
    readers: int = 20
    reading_s: float = 30
    detect_seeds: Sequence[int] = tuple(range(1, 21))
    passes: int = 8640  # a day's
    calm_seeds: Sequence[int] = (1, 2, 3)
    calm_days: int = 7
    calm_every: timedelta = timedelta(minutes=1)
    kept: Path | None = None  # where `detect` and `calm` keep what they found, from run to run


QUICK = Scale(
    segment_spans=10_000,
    segments=4,
    other_segment_bytes=500_000,
    rounds=1,
    handles=(1, 2),
    sending_s=3,
    connections=4,
    history_spans=20_000,
    small_connections=50,
    small_s=4,
    spans=200_000,
    window_spans=20_000,
    questions=3,
    fresh_spans=3,
    customers=10_000,
    readers=5,
    reading_s=6,
    detect_seeds=(1,),
    passes=40,
    calm_seeds=(1,),
    calm_days=1,
    calm_every=timedelta(minutes=30),
)
