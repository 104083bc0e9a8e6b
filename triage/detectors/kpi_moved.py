"""A business figure falls while nothing fails or is slow: what only the shop's own figures tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import inf, log

import numpy as np
import numpy.typing as npt

from triage.chance import SURE, surprise
from triage.detectors.gateway_errors import gateway_errors
from triage.detectors.inventory import inventory
from triage.detectors.kpi_level import Fall, fallen
from triage.detectors.kpi_silent import silent, silent_ones
from triage.detectors.no_data import no_data
from triage.detectors.partner_integration import partner_integration
from triage.detectors.slow_checkout import slow_checkout
from triage.detectors.wording import clock, name
from triage.kpi.figures import Good, Kind, Kpi
from triage.kpi.named import kpis_of
from triage.kpi.values import LATE, Measured, Value, all_reported, together
from triage.kpi.wording import figure
from triage.symptom import Ask, Cause, Detector, Severity, Symptom
from triage.window import Window

TECHNICAL: tuple[Detector, ...] = (partner_integration, gateway_errors, slow_checkout, inventory)
LOOKED_BACK_MIN = (0, 5, 10, 15)
"""A figure still lies low so long after what moved it is over."""
WINDOWS_MIN = (3, 5, 10)
SETTLED_MIN = 20
"""Minutes before now that what is usual is not taken from."""
LEAST_USUAL_MIN = 30
FALLS_BY = 0.25
"""The part of its usual value that a figure must lose."""

Numbers = npt.NDArray[np.float64]


def kpi_moved(window: Window, ask: Ask) -> Iterator[Symptom]:
    """A symptom for each ratio that moved the wrong way, else for each level, unless a technical symptom explains it.

    And one of no data for each figure that is no longer reported: that is no fall to zero.
    """
    whole = Window(window.from_, window.to.replace(second=0, microsecond=0))
    if _is_late(ask, whole):
        return
    kpis = kpis_of(ask)
    reported = all_reported(ask, kpis, whole)
    unheard = silent_ones(kpis, reported, whole.to)
    heard = [kpi for kpi in kpis if kpi not in unheard]
    ratios = [kpi for kpi in heard if kpi.kind is Kind.RATIO]
    moved = [symptom for kpi in ratios for symptom in _moved(whole, together(kpi, reported, whole.to), kpi)]
    moved = moved or [_level_moved(kpi, fall, whole.to) for kpi, fall in fallen(ask, heard, whole.to)]
    if moved and not _is_explained(window, ask):
        yield from moved
    if unheard and not any(True for _ in no_data(window, ask)):
        yield from (silent(since, whole.to, kpi) for kpi, since in unheard.items())


def _is_late(ask: Ask, window: Window) -> bool:
    """Whether what is told lags behind: a figure that has not come yet has neither fallen nor gone silent."""
    told = ask("kpi/told_until", **{"from": window.from_}, to=window.to)
    return told.height > 0 and told["told_until"][0] < (window.to - LATE).timestamp()


def _level_moved(kpi: Kpi, fall: Fall, now: datetime) -> Symptom:
    """What a figure's level says that follows the hour, by the days before."""
    unit = kpi.unit if kpi.kind in {Kind.RATIO, Kind.GAUGE, Kind.RATE} else f"{kpi.unit}/min"
    return Symptom(
        detector="kpi_moved",
        subject={"kpi": kpi.name},
        from_=fall.since,
        to=None,
        severity=_severity(kpi, fall.value, fall.usual),
        sentence=(
            f"{name(kpi.name)} {_moved_to(kpi)} {figure(fall.value, unit)} since {clock(fall.since, now)}, "
            f"at this time of earlier days {figure(fall.usual, unit)}, and nothing fails or is slow"
        ),
        value=fall.value,
        usual=fall.usual,
        unit=unit,
        cause=Cause.NO_TECHNICAL_ERROR,
        because="no entry, partner or row change is unusual since then: look at what changed in the shop itself",
        labels={"owner": kpi.owner} if kpi.owner else {},
    )


def _moved(window: Window, told: Measured, kpi: Kpi) -> Iterator[Symptom]:
    known = _shares(told)
    settled = window.to - timedelta(minutes=SETTLED_MIN)
    usual = [value for value in known if value.time < settled]
    if len(usual) < LEAST_USUAL_MIN:
        return
    share, spread = _usual(usual, kpi)
    found = [_fallen(known, window.to, minutes, share, spread, kpi) for minutes in WINDOWS_MIN]
    surest = max(found, key=lambda each: each[0])
    sureness, now, of = surest
    if sureness < SURE or not _fell(now, share):
        return
    since = _since(known, share, now, kpi)
    yield Symptom(
        detector="kpi_moved",
        subject={"kpi": kpi.name},
        from_=since,
        to=None,
        severity=_severity(kpi, _told(now, kpi), _told(share, kpi)),
        sentence=(
            f"{name(kpi.name)} {_moved_to(kpi)} {figure(_told(now, kpi), kpi.unit)}, "
            f"usually {figure(_told(share, kpi), kpi.unit)}, since {clock(since, window.to)} "
            f"(of {of:,.0f}{f' {name(kpi.by.name)}' if kpi.by else ''}), and nothing fails or is slow"
        ),
        value=_told(now, kpi),
        usual=_told(share, kpi),
        unit=kpi.unit,
        cause=Cause.NO_TECHNICAL_ERROR,
        because="no entry, partner or row change is unusual since then: look at what changed in the shop itself",
        labels={"owner": kpi.owner} if kpi.owner else {},
    )


def _shares(told: Measured) -> list[Value]:
    """A ratio by minute; what came while nothing was told of what it is a share of counts in the next that tells."""
    shares, part = list[Value](), 0.0
    for start, (came, of) in told.items():
        part += came
        if of:
            shares.append(Value(datetime.fromtimestamp(start, UTC), part / of, of))
            part = 0.0
    return shares


def _usual(usual: Sequence[Value], kpi: Kpi) -> tuple[float, float]:
    """The usual share (of what is good), and how many times wider it spreads than chance alone would have it.

    Taken over stretches of five minutes; the spread from the middle ones, so that a fault among them does not count.
    """
    stretches = [usual[place : place + 5] for place in range(0, len(usual) - 4, 5)]
    of = np.array([sum(value.of or 0.0 for value in stretch) for stretch in stretches])
    good = np.array([sum(_good(value, kpi) for value in stretch) for stretch in stretches])
    shares = good / of
    share = float(np.median(shares))
    apart: Numbers = (good - share * of) ** 2 / np.maximum(share * (1 - min(share, 0.99)) * of, 1e-9)
    return share, max(1.0, float(np.median(apart)) / 0.455)  # the median of chi-squared with one degree of freedom


def _fallen(
    known: Sequence[Value], now: datetime, minutes: int, share: float, spread: float, kpi: Kpi
) -> tuple[float, float, float]:
    """How sure it is (nats) that the share fell in the last minutes, the share, and of how many."""
    late = _lately(known, now, minutes, kpi)
    of = sum(value.of or 0.0 for value in late)
    good = min(sum(_good(value, kpi) for value in late), of)
    if not of or share >= 1:
        return 0.0, share, of
    return surprise(of - good, of, 1 - share) / spread, good / of, of


def _lately(known: Sequence[Value], now: datetime, minutes: int, kpi: Kpi) -> list[Value]:
    """The last minutes; where one lacks a report, the worst of them is left out.

    A report that comes a moment late is missed in its minute, and the next minute may have two.
    """
    late = [value for value in known if value.time >= now - timedelta(minutes=minutes)]
    if late and (len(late) < minutes or not all(value.value for value in late)):
        late.remove(max(late, key=lambda value: (value.of or 0.0) - _good(value, kpi)))
    return late


def _fell(now: float, share: float) -> bool:
    return now <= (1 - FALLS_BY) * share


def _since(known: Sequence[Value], usual: float, now: float, kpi: Kpi) -> datetime:
    """When it moved: from when on the share of now explains the counts best against the usual one, as in `onset.py`."""
    before, after = (min(max(share, 1e-6), 1 - 1e-6) for share in (usual, now))
    good_s, bad_s = log(after / before), log((1 - after) / (1 - before))
    begun, gained, most = known[-1].time, 0.0, -inf
    for value in reversed(known):
        of = value.of or 0.0
        good = min(_good(value, kpi), of)
        gained += good * good_s + (of - good) * bad_s
        if gained > most:
            begun, most = value.time, gained
    return begun.astimezone(UTC)


def _good(value: Value, kpi: Kpi) -> float:
    part = (value.value or 0.0) * (value.of or 0.0)
    return part if kpi.good is Good.UP else (value.of or 0.0) - part


def _severity(kpi: Kpi, now: float, usual: float) -> Severity:
    """Critical where half of what is good is lost, or what is bad has doubled."""
    is_critical = now <= 0.5 * usual if kpi.good is Good.UP else now >= 2 * usual
    return Severity.CRITICAL if is_critical else Severity.WARNING


def _moved_to(kpi: Kpi) -> str:
    return "fell to" if kpi.good is Good.UP else "rose to"


def _told(share: float, kpi: Kpi) -> float:
    return share if kpi.good is Good.UP else 1 - share


def _is_explained(window: Window, ask: Ask) -> bool:
    """Whether something technical was wrong, now or in the minutes that the figure still shows."""
    for minutes in LOOKED_BACK_MIN:
        earlier = Window(window.from_ - timedelta(minutes=minutes), window.to - timedelta(minutes=minutes))
        if any(True for detector in TECHNICAL for _ in detector(earlier, ask)):
            return True
    return False
