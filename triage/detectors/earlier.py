"""What was usual before the last two hours: some hours ago, and around this time on earlier days.

An outage of hours would become what is usual, were it only compared with the two hours before; and what fails every
night at the same time does not call anybody. What is known to last is compared with the time before it began alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from triage.detectors.rates import Rates
from triage.symptom import Ask

DAY_S = 86_400
FROM_S, TO_S = -600, 300
"""What lies so near to this time of an earlier day tells what is usual at this time."""
JUST_BEFORE = timedelta(hours=2, minutes=25)
"""The latest of the hours that are looked at ends longer ago than this."""
LEAST_REQUESTS = 20
LEAST_DAYS = 2


def with_earlier(
    rates: Rates, ask: Ask, to: datetime, *, service: str = "", operation: str = "", partner: str = "",
    entry_services: Sequence[str] = (), began: datetime | None = None,
) -> Rates:  # fmt: skip
    """The same with what lies before, if enough fails now to matter; the series is named as in earlier_errors.sql.

    What is known to have `began` is compared with nothing later.
    """
    if not rates.matters:
        return rates
    frame = ask(
        "detect/earlier_errors", to=began + JUST_BEFORE if began else to, service=service, operation=operation,
        partner=partner, entry_services=entry_services,
    )  # fmt: skip
    if not frame.height:
        return rates
    requests, errors = (frame[column].to_numpy().astype(np.float64) for column in ("requests", "errors"))
    failures = np.minimum(errors, requests)
    if began:
        old, failed = (
            np.concatenate(both) for both in ((rates.old_requests, requests), (rates.old_failures, failures))
        )
        return replace(rates, old_requests=old, old_failures=failed)
    shares: dict[int, float] = {}
    for days, start, of, failed in zip(frame["days"], frame["start"], requests, failures, strict=True):
        past_s = start - to.timestamp() + days * DAY_S
        if days and of >= LEAST_REQUESTS and FROM_S <= past_s < TO_S:
            shares[days] = max(shares.get(days, 0.0), failed / of)
    at_this_time = float(np.median(list(shares.values()))) if len(shares) >= LEAST_DAYS else 0.0
    return replace(rates, earlier_requests=requests, earlier_failures=failures, at_this_time=at_this_time)
