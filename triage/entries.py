"""Where requests enter: at root spans of servers and consumers.

Where a span of a phone, a browser or a job is the root, at the server spans of the services that these call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from triage.symptom import Ask

LATELY = timedelta(minutes=10)
ENOUGH = 40_000
"""Of more spans a share of the traces is looked at."""
OFTEN = 0.2
"""What share of a service's calls, or of a caller's, are many."""


def entry_services(ask: Ask, *moments: datetime) -> list[str]:
    """The services that are called from outside by somebody who sends spans; nearly always none. Raises StoreError.

    Those that are at the first of the moments at which there are any: phones may fall silent in an incident. Who calls
    from outside begins requests and serves few. What is asked of spans is asked only where there are such.
    """
    return next(filter(None, (_entered_at(ask, moment) for moment in moments)), [])


def _entered_at(ask: Ask, now: datetime) -> list[str]:
    window = {"from": now - LATELY, "to": now}
    callers, spans = ask("detect/callers", **window).row(0)
    if not callers:
        return []
    rows = ask("detect/called", callers=callers, one_in=spans // ENOUGH + 1, **window).iter_rows()
    return _entered([(service, caller, calls) for service, caller, calls in rows])


def _entered(called: Sequence[tuple[str, str, int]]) -> list[str]:
    """The services that are called mostly from outside, and those that callers of these call, too, and often.

    `called`: service, caller ("" where it was asked itself) and number of calls.
    """
    lead: Counter[str] = Counter()
    for service, caller, calls in called:
        lead[service] += calls if caller else -calls
    mostly = {service for service, calls in lead.items() if calls > 0}
    of_service, of_caller, to_mostly, by_these = (Counter[str]() for _ in range(4))
    for service, caller, calls in called:
        of_service[service] += calls
        of_caller[caller] += calls
        to_mostly[caller] += calls if service in mostly else 0
    for service, caller, calls in called:
        by_these[service] += calls if caller and to_mostly[caller] >= OFTEN * of_caller[caller] else 0
    return sorted(mostly | {service for service, calls in by_these.items() if calls >= OFTEN * of_service[service]})
