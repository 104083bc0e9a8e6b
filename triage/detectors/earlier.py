"""What was usual before the last two hours: some hours ago, and around this time on earlier days.

An outage of hours would become what is usual, were it only compared with the two hours before; and what fails every
night at the same time does not call anybody. What is known to last is compared with the time before it began alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from triage.detectors.rates import Rates
from triage.symptom import Ask

DAY_S = 86_400
FROM_S, TO_S = -600, 300
"""What lies so near to this time of an earlier day tells what is usual at this time."""
JUST_BEFORE = timedelta(hours=2, minutes=25)
"""The latest of the hours that are looked at ends longer ago than this."""
LEAST_REQUESTS = 20
LEAST_DAYS = 2

Numbers = npt.NDArray[np.float64]


def with_earlier(
    rates: Rates, ask: Ask, to: datetime, *, service: str = "", operation: str = "", partner: str = "",
    entry_services: Sequence[str] = (), began: datetime | None = None,
) -> Rates:  # fmt: skip
    """The same with what lies before, if enough fails now to matter; the series is named as in earlier_errors.sql.

    What is known to have `began` is compared with nothing later.
    """
    if not rates.matters:
        return rates
    asked = partial(
        ask, "detect/earlier_errors", service=service, operation=operation, partner=partner,
        entry_services=entry_services,
    )  # fmt: skip
    lately = asked(to=to)
    usual_now = _at_this_time(lately, to, began)
    requests, failures = _counts(asked(to=began + JUST_BEFORE) if began else lately)
    if not began:
        return replace(rates, earlier_requests=requests, earlier_failures=failures, at_this_time=usual_now)
    return replace(
        rates,
        old_requests=np.concatenate((rates.old_requests, requests)),
        old_failures=np.concatenate((rates.old_failures, failures)),
        at_this_time=usual_now,
    )


def _counts(frame: pl.DataFrame) -> tuple[Numbers, Numbers]:
    requests, errors = (frame[column].to_numpy().astype(np.float64) for column in ("requests", "errors"))
    return requests, np.minimum(errors, requests)


def _at_this_time(frame: pl.DataFrame, to: datetime, began: datetime | None) -> float:
    """The share that failed around this time of the earlier days; of what is known to have begun, before it did."""
    until = (began or to).timestamp()
    shares: dict[int, float] = {}
    for days, start, of, failed in frame.select("days", "start", "requests", "errors").iter_rows():
        past_s = start - to.timestamp() + days * DAY_S
        if days and of >= LEAST_REQUESTS and FROM_S <= past_s < TO_S and start + TO_S <= until:
            shares[days] = max(shares.get(days, 0.0), min(failed, of) / of)
    return float(np.median(list(shares.values()))) if len(shares) >= LEAST_DAYS else 0.0
