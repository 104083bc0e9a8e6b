"""When a run of failures began, and when it ended: the stretch of time that they are denser in than usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import log

import polars as pl

from triage.detectors.rates import RECENT_S, SUSPICIOUS
from triage.symptom import Ask
from triage.window import Window

ROUNDS = 4
LEAST_RATE = 1e-5  # failures a second
LONGEST = timedelta(days=1)
SLICE_S = 300
LATELY_S = 60
SOUGHT_FROM_S = 20
"""Before the latest failure: a run is sought from there on, too."""
OF_THE_FAULT = 0.25
"""A fault goes on while this part of its share fails."""
AT_THE_EDGE = timedelta(minutes=1)
"""A run that begins so near to the beginning of what was looked at may have begun before."""


@dataclass(frozen=True)
class Run:
    """A run of failures: when the first and the last began, and how many there were."""

    first: datetime
    last: datetime
    failures: int


@dataclass(frozen=True)
class _Stretch:
    begin: int
    end: int
    score: float


def failing_run(
    ask: Ask, window: Window, usual_rate: float, share: float, *, service: str = "", version: str = "",
    partner: str = "", began: datetime | None = None,
) -> Run | None:  # fmt: skip
    """The run of failing spans, `usual_rate` failing requests a second being usual; None where there is none.

    `share` of the requests fail now: a run begins after the last calm (below). More spans may fail than requests do (a
    partner that declines a card, a call that is tried again): what is usual of them is seen before, too. A run that is
    older than the window is followed back for a day; one that is known to have `began` has begun then.
    """
    run = None
    for from_ in (window.from_, window.to - LONGEST):
        seconds = ask(
            "detect/failing_seconds", **{"from": from_}, to=window.to, service=service, version=version, partner=partner
        )
        quiet = 0.0 if version else quiet_rate(seconds, window.to)
        usual = max(usual_rate, quiet)
        of_it = seconds if began else since_calm(seconds, usual, share)
        run = run_of_failures(of_it, usual, window.to, RECENT_S)
        if run is None or began or run.first - from_ > AT_THE_EDGE:
            break
    return replace(run, first=began) if run and began else run


def since_calm(seconds: pl.DataFrame, usual_rate: float, share: float) -> pl.DataFrame:
    """The failures since the last calm: five minutes or more in which so many requests came that it was over.

    It was where the usual share explains what failed of them far better than a quarter of `share` does (Page's CUSUM).
    A time without requests is no calm.
    """
    times, requests = (seconds[column].to_list() for column in ("second", "requests"))
    if not requests or requests[-1] == requests[0]:
        return seconds
    usual = max(usual_rate, LEAST_RATE) * (times[-1] - times[0]) / (requests[-1] - requests[0])
    fault = max(OF_THE_FAULT * share, 2 * usual)
    gain, cost = fault - usual, log(fault / usual)
    begin, since, score, so_far = 0, times[0], 0.0, seconds["before"][0]
    for slice_ in _slices(seconds).iter_rows(named=True):
        score = min(score + gain * (slice_["before"] - so_far), SUSPICIOUS)
        if score == SUSPICIOUS and slice_["first"] - since >= RECENT_S:
            begin = slice_["place"]
        so_far = slice_["requests"]
        score = min(score + gain * (so_far - slice_["before"]) - cost * slice_["failures"], SUSPICIOUS)
        if score <= 0:
            since, score = slice_["last"], 0.0
    return seconds[begin:]


def _slices(seconds: pl.DataFrame) -> pl.DataFrame:
    """The same by ten seconds, in which requests are counted; `place` is that of the first of the seconds."""
    second = pl.col("second")
    return (
        seconds.with_row_index("place")
        .group_by(second // 10, maintain_order=True)
        .agg(
            pl.first("place", "before", "requests"),
            pl.sum("failures"),
            second.first().alias("first"),
            second.last().alias("last"),
        )
    )


def quiet_rate(seconds: pl.DataFrame, now: datetime) -> float:
    """Failures a second in the quieter two thirds of the time since the first one; 0 if that was no quieter than now.

    The last five minutes are left out. Faults are the other third, at most: a longer one is all that there is to see.
    """
    before = now.timestamp() - RECENT_S
    past = seconds.filter(pl.col("second") < before)
    if not past.height:
        return 0.0
    slices = int(before - past["second"][0]) // SLICE_S + 1
    place = (pl.lit(int(before)) - pl.col("second")) // SLICE_S
    counted = past.group_by(place.alias("slice")).agg(pl.col("failures").sum())["failures"]
    quiet = sorted([*counted, *[0] * (slices - len(counted))])[: max(slices * 2 // 3, 1)]
    rate = float(sum(quiet)) / (len(quiet) * SLICE_S)
    lately = seconds.filter(pl.col("second") >= now.timestamp() - LATELY_S)["failures"].sum() / LATELY_S
    return rate if rate < lately / 2 else 0.0


def run_of_failures(seconds: pl.DataFrame, usual_rate: float, now: datetime, recent_s: float) -> Run | None:
    """The run that reaches into the last `recent_s`, None where there is none.

    `seconds` are rows of queries/detect/failing_seconds.sql, `usual_rate` failures a second. Found as the interval in
    which a Poisson process at the run's own rate explains the counts best against the usual one (the maximum
    likelihood of a change and its reversal, as in Page's CUSUM); the run's rate is taken from what was found, anew.
    It is sought from all that is recent, and from the latest seconds: few failures would else be joined to one before.
    """
    times: list[int] = seconds["second"].to_list() if seconds.height else []
    counts: list[int] = seconds["failures"].to_list() if seconds.height else []
    recent = [place for place, second in enumerate(times) if second >= now.timestamp() - recent_s]
    if not recent:
        return None
    usual = max(usual_rate, LEAST_RATE)
    latest = [place for place in recent if times[place] > times[-1] - SOUGHT_FROM_S]
    starts = dict.fromkeys((recent[0], latest[0]))  # of two maxima, one may lie near to either
    found = max((_run_near(times, counts, usual, start, recent[0]) for start in starts), key=lambda each: each.score)
    rows = seconds[found.begin : found.end + 1]
    return Run(_utc(rows["first"][0]), _utc(rows["last"][-1]), sum(counts[found.begin : found.end + 1]))


def _run_near(times: Sequence[int], counts: Sequence[int], usual: float, start: int, recent: int) -> _Stretch:
    """The run that is reached from the stretch that begins at a place, with how likely it is at its own rate."""
    found = _Stretch(start, len(times) - 1, 0.0)
    for _ in range(ROUNDS):
        rate = _rate(times, counts, found, usual)
        better = _densest(times, counts, usual, rate, recent)
        if (better.begin, better.end) == (found.begin, found.end):
            break
        found = better
    rate = _rate(times, counts, found, usual)
    failures, lasted = sum(counts[found.begin : found.end + 1]), times[found.end] - times[found.begin] + 1
    return replace(found, score=failures * log(rate / usual) - (rate - usual) * lasted)


def _rate(times: Sequence[int], counts: Sequence[int], run: _Stretch, usual: float) -> float:
    """Failures a second, and no less than twice what is usual."""
    lasted = times[run.end] - times[run.begin] + 1
    return max(sum(counts[run.begin : run.end + 1]) / lasted, 2 * usual)


def _densest(times: Sequence[int], counts: Sequence[int], usual: float, rate: float, recent: int) -> _Stretch:
    """The stretch with the greatest likelihood ratio among those that end at or after the place `recent`."""
    gain, cost = log(rate / usual), rate - usual
    best = _Stretch(recent, recent, float("-inf"))
    begin, score = 0, 0.0
    for place, (second, count) in enumerate(zip(times, counts, strict=True)):
        gap = second - times[place - 1] if place else 1
        if place == 0 or score - cost * (gap - 1) <= 0:
            begin, score = place, 0.0
        else:
            score -= cost * (gap - 1)
        score += count * gain - cost
        if place >= recent and score > best.score:
            best = _Stretch(begin, place, score)
    return best


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
