"""What slow requests are compared with is a time when they were not slow."""

from datetime import UTC, datetime, timedelta

import polars as pl

from queries.store import Value
from triage.detectors.slow_checkout import ENOUGH, SLICE, Entry, _candidates, _slow
from triage.window import Window

ENDS = datetime(2026, 9, 22, 13, 20, tzinfo=UTC)
WINDOW = Window(ENDS - timedelta(hours=2), ENDS)
REQUESTS = 500


def asked(began: datetime, usual_ms: float, now_ms: float) -> pl.DataFrame:
    """An entry as entry_durations.sql tells of it: from a moment on its requests take longer, and they still do."""
    slices = [WINDOW.from_ + place * SLICE for place in range(24)]
    means = [now_ms if slice_ >= began else usual_ms for slice_ in slices]
    return pl.DataFrame(
        {
            "service": ["gateway"],
            "operation": ["POST /checkout"],
            "slices": [[int(slice_.timestamp()) for slice_ in slices]],
            "requests": [[REQUESTS] * len(slices)],
            "durations_ms": [[REQUESTS * mean for mean in means]],
        }
    )


def usual_at(began: datetime, usual_ms: float, now_ms: float) -> Window:
    """The time that is called usual."""

    def ask(name: str, /, **parameters: Value) -> pl.DataFrame:
        if name == "detect/callers":
            return pl.DataFrame({"callers": [[]], "served": [[]], "spans": [0]})
        return asked(began, usual_ms, now_ms)

    (entry,) = _candidates(WINDOW, ask, ())
    return entry.usual


def test_a_fault_that_makes_requests_a_little_longer_does_not_become_usual() -> None:
    """What is usual ends before it, as it does before one that doubles their time."""
    began = ENDS - timedelta(minutes=20)
    assert all(usual_at(began, 380.0, now_ms).to <= began for now_ms in (550.0, 600.0, 1200.0))


def slow_after(usual_requests: int) -> bool:
    """Whether 140 requests of 400 ms count as slow after so many of 190 ms."""
    starts = [ENDS.timestamp() - 300 + 2 * place for place in range(140)]
    tail = {"usual_requests": usual_requests, "usual_mean_ms": 190.0, "usual_p99_ms": 191.0}

    def ask(name: str, /, **parameters: Value) -> pl.DataFrame:
        return pl.DataFrame(
            {**{name: [value] for name, value in tail.items()}, "starts": [starts], "durations_ms": [[400.0] * 140]}
        )

    usual = Window(ENDS - timedelta(hours=1), ENDS - timedelta(minutes=10))
    return _slow(WINDOW, ask, Entry("gateway", "POST /checkout", usual, 210.0, True, [])) is not None


def test_a_few_requests_do_not_tell_what_is_usual() -> None:
    """As when the first telemetry came minutes ago."""
    assert not slow_after(0)
    assert not slow_after(1)
    assert not slow_after(ENOUGH - 1)
    assert slow_after(ENOUGH)
