"""What a runbook lacks: rows that can never match, rows without an owner, symptoms that no row answers."""

from collections.abc import Iterator, Sequence

from triage.detectors import NAMES
from triage.runbook.matchers import Matcher
from triage.runbook.model import Row, Runbook


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
        if not row.mitigation and not any(cause.first for cause in row.causes.values()):
            yield f"row {row.name!r} says nothing to do first: add mitigation"
    for detector in detectors:
        if not any(_may_take(row.matchers, detector) for row in runbook.rows):
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


def _may_take(matchers: Sequence[Matcher], detector: str) -> bool:
    """Whether a symptom of that detector is taken whatever its other labels."""
    return all(matcher.name == "alertname" and matcher.matches({"alertname": detector}) for matcher in matchers)
