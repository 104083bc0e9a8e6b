"""Where requests enter: at root spans of servers and consumers.

Where a span of a phone, a browser or a load generator is the root, at the server spans of the services that these call.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from triage.symptom import Ask

LATELY = timedelta(minutes=10)
ENOUGH = 100_000
"""Of more spans a share of the traces is looked at."""


def entry_services(ask: Ask, now: datetime) -> list[str]:
    """The services that are called from outside by somebody who sends spans; nearly always none. Raises StoreError.

    Who calls from outside begins requests and serves none. What is asked of spans is asked only where there are such.
    """
    window = {"from": now - LATELY, "to": now}
    callers, spans = ask("detect/callers", **window).row(0)
    if not callers:
        return []
    return ask("detect/called", callers=callers, one_in=spans // ENOUGH + 1, **window)["service"].to_list()
