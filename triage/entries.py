"""Where requests enter: at root spans of servers and consumers.

Where a span of a phone, a browser or a job is the root, at the server spans of the services that these call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from triage.symptom import Ask

LATELY = timedelta(minutes=10)
ENOUGH = 30_000
"""Of more spans a share of the traces is looked at."""
OFTEN = 0.2
"""What share of a service's calls, or of a caller's, are many."""
FEW = 0.1
"""What share of the calls that it makes a caller from outside may serve others."""

Called: TypeAlias = tuple[str, str, int]
"""A service, its caller ("" where it was asked itself), and the number of calls."""


def entry_services(ask: Ask, *moments: datetime) -> list[str]:
    """The services that are called from outside by somebody who sends spans; nearly always none. Raises StoreError.

    Those that are at any of the moments: phones may fall silent in an incident, or begin to call. Who calls from
    outside begins requests and serves few, or is a browser: what goes by its name may serve its pages. What is asked of
    spans is asked only where there are such.
    """
    return sorted({service for moment in moments for service in _entered_at(ask, moment)})


def _entered_at(ask: Ask, now: datetime) -> list[str]:
    window = {"from": now - LATELY, "to": now}
    callers, served, spans = ask("detect/callers", **window).row(0)
    if not callers:
        return []
    one_in = spans // ENOUGH + 1
    rows = ask("detect/called", callers=callers, one_in=one_in, **window).iter_rows()
    called = [(service, caller, one_in * calls) for service, caller, calls in rows]
    serving = _serving(called, dict(zip(callers, served, strict=True)))
    if serving:
        browsers = {*ask("detect/browsers", services=serving, **window)["service"]}
        serving = [caller for caller in serving if caller not in browsers]
    return _entered(_from_outside(called, serving))


def _serving(called: Sequence[Called], served: Mapping[str, int]) -> list[str]:
    """The callers that serve others: what they asked of themselves they served nobody else."""
    made, of_itself = Counter[str](), Counter[str]()
    for service, caller, calls in called:
        made[caller] += calls
        of_itself[caller] += calls if service == caller else 0
    return [caller for caller, calls in made.items() if served.get(caller, 0) - of_itself[caller] > FEW * calls]


def _from_outside(called: Sequence[Called], serving: Sequence[str]) -> list[Called]:
    """The same, but from inside where the caller serves others: a job of its own calls, or a relay."""
    return [
        (service, "" if caller in serving and caller != service else caller, calls) for service, caller, calls in called
    ]


def _entered(called: Sequence[Called]) -> list[str]:
    """The services that are called mostly from outside, and those that callers of these call, too, and often."""
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
