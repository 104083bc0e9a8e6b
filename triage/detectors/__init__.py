"""What finds symptoms: plain functions from a window of the store to findings, the most specific first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial, update_wrapper

from queries.errors import StoreError
from triage.detectors.gateway_errors import gateway_errors
from triage.detectors.inventory import inventory
from triage.detectors.kpi_moved import kpi_moved
from triage.detectors.kpi_silent import still_unreported
from triage.detectors.lasting import LONG
from triage.detectors.no_data import no_data, still_unheard
from triage.detectors.partner_integration import partner_integration
from triage.detectors.slow_checkout import slow_checkout
from triage.once import once
from triage.symptom import Ask, Detector, Symptom
from triage.window import Window

DETECTORS: tuple[Detector, ...] = (
    partner_integration,
    inventory,
    slow_checkout,
    gateway_errors,
    kpi_moved,
    no_data,
)
"""Where symptoms join into one incident, the first in this order names it."""


def detectors(critical: Sequence[str] = ()) -> tuple[Detector, ...]:
    """The same, where the settings name which operations are critical; of none, names tell."""
    named = partial(slow_checkout, critical=critical)
    return tuple(update_wrapper(named, each) if each is slow_checkout else each for each in DETECTORS)


NAMES = tuple(detector.__name__ for detector in DETECTORS)
"""What their symptoms and the runbook's matchers call them."""

LOOKBACK = timedelta(hours=2)
EVERY_S = 10

FAULTS = (StoreError, ArithmeticError, LookupError, TypeError, ValueError)
"""What a detector that fails may raise."""

log = logging.getLogger(__name__)


def symptoms_at(
    ask: Ask,
    now: datetime,
    detectors: Sequence[Detector] = DETECTORS,
    failed: Callable[[str, Exception], None] | None = None,
) -> list[Symptom]:
    """What all detectors find at `now`, in their order. Nothing that began later is read, whenever this is asked.

    Only complete intervals of ten seconds count. A detector that fails costs itself alone: it is logged, and told to
    `failed` by its name.
    """
    window, ask = window_at(now), once(ask)
    found: list[Symptom] = []
    for detector in detectors:
        try:
            found += list(detector(window, ask))
        except FAULTS as error:
            log.warning("the detector %s found nothing at %s: %s", detector.__name__, window.to.isoformat(), error)
            if failed:
                failed(detector.__name__, error)
    return found


def still_silent(ask: Ask, symptom: Symptom, now: datetime) -> Symptom | None:
    """What fell silent, as it stands now; None once it has been heard.

    A detector knows that somebody is silent from having heard them in the two hours that it looks back over. Raises
    StoreError.
    """
    return (still_unreported if "kpi" in symptom.subject else still_unheard)(ask, symptom, now)


def still_failing(ask: Ask, symptoms: Sequence[Symptom], now: datetime) -> list[Symptom]:
    """What of these has failed for long and fails still, as it stands now (see lasting.py). Raises FAULTS."""
    window, ask = window_at(now), once(ask)
    found: list[Symptom] = []
    for detector in (gateway_errors, partner_integration):
        lasting = (each for each in symptoms if each.detector == detector.__name__ and each.from_ <= window.to - LONG)
        known = {subject: each for each in lasting for subject in each.subject.items()}
        if known:
            found += detector(window, ask, known)
    return found


def window_at(now: datetime) -> Window:
    """What a pass at `now` looks at: two hours that end with the last complete interval."""
    seconds = int(now.timestamp()) // EVERY_S * EVERY_S
    to = datetime.fromtimestamp(seconds, UTC)
    return Window(to - LOOKBACK, to)
