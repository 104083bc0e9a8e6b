"""What a runbook lacks: rows that can never match, rows without an owner, symptoms that no row answers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from triage.detectors import NAMES
from triage.runbook.matchers import Matcher
from triage.runbook.model import Row, Runbook
from triage.symptom import Cause, Severity

SEVERITIES = (Severity.CRITICAL, Severity.WARNING)
"""Those that detectors tell."""
ABOUT = frozenset({
    "service", "partner", "gateway", "operation", "route", "version", "caller", "waiting", "kpi", "owner",
    "connector", "counterpart", "left", "right", "table", "counterpart_table", "kind", "kinds", "status",
})  # fmt: skip
"""The labels with which their findings say what they are about: any may have any value, or none."""


def complaints(runbook: Runbook, detectors: Sequence[str] = NAMES) -> Iterator[str]:
    """What is wrong with it, a sentence each."""
    yield from _never_reached(runbook.rows)
    for row in runbook.rows:
        if contradiction := _contradiction(row.matchers):
            yield f"row {row.name!r} can never match: {contradiction}"
        if not row.owner:
            yield f"row {row.name!r} has no owner: say who responds"
        if row.owner.escalate_after is not None and not row.owner.escalate_to:
            yield f"row {row.name!r} escalates to nobody: add escalate_to"
        if row.owner.escalate_to and row.owner.escalate_after is None:
            yield f"row {row.name!r} never escalates: add escalate_after"
        if not row.mitigation and not any(cause.first for cause in row.causes.values()):
            yield f"row {row.name!r} says nothing to do first: add mitigation"
    for detector in detectors:
        if not all(_is_answered(runbook.rows, own) for own in _own_labels(detector)):
            yield f"no row answers the detector {detector!r}: add one, or a last row without matchers"


def _never_reached(rows: Sequence[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        taken = next((before for before in rows[:number] if _covers(before.matchers, row.matchers)), None)
        if taken:
            yield f"row {row.name!r} can never match: row {taken.name!r} before it takes all that it would"


def _covers(wide: Sequence[Matcher], narrow: Sequence[Matcher]) -> bool:
    """Whether whatever meets `narrow` surely meets `wide`."""
    return all(any(_implies(fact, matcher) for fact in narrow) for matcher in wide)


def _implies(fact: Matcher, matcher: Matcher) -> bool:
    if fact == matcher:
        return True
    return fact.name == matcher.name and fact.operator == "=" and matcher.matches({fact.name: fact.value})


def _contradiction(matchers: Sequence[Matcher]) -> str:
    for fact in matchers:
        for other in matchers:
            if fact.operator == "=" and fact.name == other.name and not other.matches({fact.name: fact.value}):
                return f"{fact} and {other} exclude each other"
    return ""


def _own_labels(detector: str) -> Iterator[Mapping[str, str]]:
    for severity, cause in product(SEVERITIES, Cause):
        yield {"alertname": detector, "severity": severity, "cause": cause}


def _is_answered(rows: Sequence[Row], own: Mapping[str, str]) -> bool:
    """Whether a finding with these labels is taken by some row, whatever it is about."""
    return any(all(each.name not in ABOUT and each.matches(own) for each in row.matchers) for row in rows)
