"""Facts for postmortems without a store: an incident that is over, with whom it hit."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.symptoms import T0, Passes, at, gateway_errors
from triage.changes import Change, Origin
from triage.incident.model import Event, Impact, Incident, Kind, Suspect
from triage.incident.series import Series
from triage.model import AffectedCustomer, Outcome
from triage.postmortem.facts import Facts, around, errors

NOW = at(7200)


def incident(*events: tuple[Kind, str, str], suspect: Suspect | None = None) -> Incident:
    """Opened 30 s after it began, over after 70 s; and what people did: kind, author, text."""
    passes = Passes()
    passes.looks(30, 80, gateway_errors())
    id_ = passes.only.id
    passes.book.write(
        [Event(id_, f"e{n}", at(100 + n), kind, author, text) for n, (kind, author, text) in enumerate(events)]
    )
    passes.looks(80, 200)
    frozen = Impact(at(30), 2, 2, 0, 0, failures=3, failed_requests=3)
    return replace(passes.only, frozen=frozen, frozen_end=impact(), suspects=(suspect or SUSPECT,))


SUSPECT = Suspect(
    "deploy of payment 2.4.0", "c-1", at(-60), 0.91, "1 minute before the first failure",
    ("it was made 1 minute before the first failure",), ("other versions fail too",),
)  # fmt: skip


def impact() -> Impact:
    """Three customers, one of whom has not got through."""
    return Impact(
        at(200), 3, 1, 1, 1, failures=40, failed_requests=38, unattributed_failures=4,
        amount_at_risk={"EUR": Decimal("49.90")},
    )  # fmt: skip


def hit(customer: str, outcome: Outcome = Outcome.NOT_RECOVERED, order: str = "o-1") -> AffectedCustomer:
    """A customer who was hit."""
    back = at(90) if outcome is Outcome.RECOVERED else None
    return AffectedCustomer(customer, 2, at(5), at(40), outcome, back, at(50), (order,), {"EUR": Decimal("49.90")}, ())


def facts(one: Incident | None = None, *customers: AffectedCustomer, change: str = "payment 2.4.0") -> Facts:
    """All that is known of it, two hours later."""
    one = one or incident()
    told = Change(
        "c-1", int(at(-60).timestamp()) * 10**9, "flag", Origin.TOLD, "github", title=change, author="ana@shop.example"
    )
    window = around(one, NOW)
    times = tuple(T0 + timedelta(seconds=30 * n) for n in range(-10, 10))
    values = tuple(0.3 if 0 <= n < 3 else 0.002 for n in range(-10, 10))
    series = Series("Errors of POST /checkout", "ratio", window, 30, times, values, 0.002, 0.0, 0.004, T0, at(70))
    customers = customers or (hit("c-17"),)
    return Facts(
        one, impact(), customers, (told,), series, NOW, "http://127.0.0.1:8080", errors=errors(customers)
    )  # fmt: skip
