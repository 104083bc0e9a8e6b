"""A business figure is no longer reported: that is a finding of its own, and no fall to zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from triage.detectors.wording import clock, name
from triage.kpi.figures import Kpi
from triage.kpi.named import kpis_of
from triage.kpi.values import MINUTE_S, Measured, Reported, all_reported, awaited, is_steady
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

MINUTE = timedelta(minutes=1)
LEAST_STEADY, LEAST_SILENT, LONGEST_GAPS = 30, timedelta(minutes=4), 3
"""Of so many minutes that it was steady; so long it must be silent, and so many times its own longest gap."""
ALL_SILENT = timedelta(minutes=15)
LONGEST = timedelta(hours=2)
"""So far back it is asked whether a figure is reported again, and whether it was steady before it fell silent."""


def silent_ones(kpis: Sequence[Kpi], reported: Reported, now: datetime) -> dict[Kpi, datetime]:
    """Those a part of which is awaited and no longer reported, and since when.

    Where nothing is reported at all, it may only be late, and is given longer.
    """
    since = {kpi: [_silent_since(part, now) for part in awaited(kpi, reported)] for kpi in kpis}
    every = [end for of_it in since.values() for end in of_it]
    ended = [end for end in every if end]
    if len(ended) == len(every) and now - max(ended, default=now) < ALL_SILENT:
        return {}
    return {kpi: min(end for end in of_it if end) for kpi, of_it in since.items() if any(of_it)}


def _silent_since(part: Measured, now: datetime) -> datetime | None:
    """When it ended, if it was steady, and has not been reported for far longer than it ever was not."""
    if not _was_steady(part):
        return None
    minutes = sorted(part)
    gaps_s = [later - earlier for earlier, later in pairwise(minutes)]
    end = datetime.fromtimestamp(minutes[-1] + MINUTE_S, UTC)
    return end if now - end >= max(LEAST_SILENT, LONGEST_GAPS * timedelta(seconds=max(gaps_s))) else None


def _was_steady(part: Measured) -> bool:
    """Whether it is known for long enough to say so."""
    return len(part) >= LEAST_STEADY and is_steady(part)


def silent(since: datetime, now: datetime, kpi: Kpi) -> Symptom:
    """The symptom of a figure that has not been reported since then."""
    minutes = (now - since) / MINUTE
    return Symptom(
        detector="no_data",
        subject={"kpi": kpi.name},
        from_=since,
        to=None,
        severity=Severity.WARNING,
        sentence=f"Nothing has been reported of {name(kpi.name)} for {minutes:.0f} min, since {clock(since, now)}",
        value=minutes,
        usual=0.0,
        unit="min",
        cause=Cause.SENDER_SILENT,
        because="it was reported steadily before, and the services still report: look at who counts it",
        labels={"owner": kpi.owner} if kpi.owner else {},
    )


def still_unreported(ask: Ask, symptom: Symptom, now: datetime) -> Symptom | None:
    """The same of now, if the figure has not been reported since; None once it has, or is no longer named."""
    to = now.replace(second=0, microsecond=0)
    if to <= symptom.from_:  # the clock was set back
        return symptom
    whole = Window(max(symptom.from_, to - LONGEST), to)
    kpi = next((one for one in kpis_of(ask) if one.name == symptom.subject["kpi"]), None)
    if kpi is None or not _is_missed(ask, kpi, symptom.from_, whole):
        return None
    return silent(symptom.from_, whole.to, kpi)


def _is_missed(ask: Ask, kpi: Kpi, since: datetime, whole: Window) -> bool:
    """Whether a part that was steady before that moment has not been reported in the window after it."""
    before = awaited(kpi, all_reported(ask, [kpi], Window(since - LONGEST, since)))
    after = awaited(kpi, all_reported(ask, [kpi], whole))
    return any(_was_steady(then) and not now for then, now in zip(before, after, strict=True))
