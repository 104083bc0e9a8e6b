"""What each section says before an author has written it: sentences about the system, and nobody’s fault."""

from collections.abc import Iterator

from triage.incident.impact import UNKNOWN, is_of_rows, is_slow, tells_customers
from triage.incident.model import US, Impact, Incident, Kind, State
from triage.incident.naming import quantity
from triage.odd import one_line
from triage.pleading import between
from triage.postmortem.facts import Facts
from triage.postmortem.wording import amounts, clock, closed, counted, day_and_clock, failure, joined, not_recovered

LEAST_SUSPICION = 0.5


def summary(facts: Facts) -> Iterator[str]:
    """Three sentences: what and when, whom it hit, why and how it ended."""
    yield _what(facts)
    yield _whom(facts)
    yield _why(facts)


def _what(facts: Facts) -> str:
    incident, symptom = facts.incident, facts.symptom
    over = incident.state is State.RESOLVED and incident.answer.ended
    what = over.rpartition(" from ")[0] if over else incident.title.rpartition(" since ")[0] or incident.title
    usually = f" (usually {quantity(symptom.usual, symptom.unit)})" if symptom.unit else ""
    began = day_and_clock(incident.began)
    if incident.ended is None:
        return f"{what}{usually}, since {began}; it is not over."
    length = between(incident.began, incident.ended)
    return f"{what}{usually}, from {began} to {clock(incident.ended, incident.began)}, {length} in all."


def _whom(facts: Facts) -> str:
    impact, slow = facts.impact, is_slow(facts.incident)
    if not impact.customers:
        lost = impact.unattributed_failures + impact.ambiguous_failures
        spans = counted(lost, failure(slow=slow))
        nobody = "No customer is known to be hit." if tells_customers(facts.incident) else UNKNOWN
        return f"No customer can be named for {spans}." if lost else nobody
    how = [
        f"{count:,} {words}"
        for count, words in (
            (impact.not_recovered, f"{'has' if impact.not_recovered == 1 else 'have'} {not_recovered(slow=slow)}"),
            (impact.recovered, "got a quick answer later" if slow else "got through later"),
            (impact.masked, "never noticed"),
        )
        if count
    ]
    at_least = "" if impact.exact else "At least "
    were = "1 customer was" if impact.customers == 1 else f"{impact.customers:,} customers were"
    risk = f"; orders worth {amounts(impact.amount_at_risk)} are at risk" if impact.amount_at_risk else ""
    return f"{at_least}{were} hit: {joined(how)}{risk}."


def _why(facts: Facts) -> str:
    incident = facts.incident
    top = incident.suspects[0] if incident.suspects else None
    if top and top.score >= LEAST_SUSPICION:
        why = f"What probably caused it, to be confirmed, is the {top.what} at {clock(top.time, incident.began)}"
    elif incident.answer.likely_cause and incident.answer.cause:
        why = f"What probably caused it, to be confirmed: {incident.answer.likely_cause.rstrip('.')}"
    else:
        why = "What caused it is not known yet"
    return f"{why}; {_how_it_ended(incident)}."


def _how_it_ended(incident: Incident) -> str:
    if incident.state is not State.RESOLVED:
        return "it is not resolved"
    took = between(incident.began, incident.ended or incident.began)
    by = "the detectors found nothing of it since" if incident.resolved_by == US else "people called it resolved"
    return f"it was over after {took}, when {by}"


def impact(facts: Facts) -> Iterator[str]:
    """The figures, and how complete they are."""
    if not tells_customers(facts.incident):
        yield UNKNOWN
        return
    if facts.incident.state is not State.RESOLVED:
        yield "The figures of the end are not known: it is not over."
    yield f"As known now: {_counts(facts.impact)}."
    slow = is_slow(facts.incident)
    yield from completeness(facts.impact, of_rows=is_of_rows(facts.incident), slow=slow)
    if facts.rows:
        yield f"{facts.rows.words}."
    if lost := facts.impact.not_recovered:
        have = "customer has" if lost == 1 else "customers have"
        yield f"{lost:,} {have} {not_recovered(slow=slow)}: they may have left, or be trying still."


def frozen(incident: Incident) -> Iterator[str]:
    """The figures that were kept, each with its moment."""
    if not tells_customers(incident):
        return
    yield from _figures("At the opening", incident.frozen, incident)
    if incident.frozen_end:
        yield from _figures("At the end", incident.frozen_end, incident)


def _figures(when: str, known: Impact | None, incident: Incident) -> Iterator[str]:
    if known is None:
        yield f"{when}: unknown; the figures had not been taken."
    else:
        yield f"{when}, {clock(known.at, incident.began)}: {_counts(known)}."


def _counts(known: Impact) -> str:
    said = (
        f"{counted(known.customers, 'customer')} hit, {known.not_recovered:,} not recovered, "
        f"{known.recovered:,} recovered, {known.masked:,} never noticed"
    )
    return said + (f", {amounts(known.amount_at_risk)} at risk" if known.amount_at_risk else "")


def completeness(known: Impact, *, of_rows: bool, slow: bool) -> Iterator[str]:
    """How much the figures rest on, and what they can't tell."""
    share = known.attribution
    if of_rows:
        changes = counted(known.failures, "change")
        yield f"They are named by {changes} of rows that are wrong; rows that name nobody are not counted here."
    elif share is None:
        yield f"How complete this is, is unknown: no {'slow' if slow else 'failing'} span was found."
    else:
        lost = known.unattributed_failures
        several = known.ambiguous_failures
        yield (
            f"{quantity(share, 'ratio')} of {counted(known.failures, failure(slow=slow))} in "
            f"{counted(known.failed_requests, 'request')} {'belongs' if known.failures == 1 else 'belong'} "
            f"to a named customer; {lost:,} could not be attributed, "
            f"{several:,} {'names' if several == 1 else 'name'} several customers."
        )
    yield "The figures are exact: nothing was sampled." if known.exact else (known.caveat or "The figures are a least.")


def detection(facts: Facts) -> Iterator[str]:
    """How fast it was found, answered and ended, and what each counts from."""
    incident = facts.incident
    found = between(incident.began, incident.opened_at)
    opened = clock(incident.opened_at, incident.began)
    began = clock(incident.began, incident.began)
    yield f"Found after {found}: from its beginning at {began} to the opening at {opened}."
    acknowledged = incident.first_acknowledged_at
    if acknowledged:
        took = between(incident.opened_at, acknowledged)
        yield f"Acknowledged {took} after the opening{_by(incident, Kind.ACKNOWLEDGED)}."
    else:
        yield "Nobody acknowledged it."
    yield f"Over {between(incident.began, incident.over)} after it began." if incident.over else "It is not over."
    told = next((event for event in incident.timeline if event.kind == Kind.NOTIFIED), None)
    yield (
        f"People were told {between(incident.opened_at, told.time)} after the opening."
        if told
        else "No message about it was sent."
    )
    yield f"What found it: {closed(facts.found.sentence)}"


def _by(incident: Incident, kind: Kind) -> str:
    event = next((each for each in incident.timeline if each.kind in {kind, Kind.MITIGATED}), None)
    return f" by {event.author}" if event else ""


def root_cause(facts: Facts) -> Iterator[str]:
    """The candidate with what it rests on; whether it is so remains for the author to say."""
    said = facts.incident.answer
    if said.likely_cause and said.cause:
        yield f"What the evidence points at: {closed(said.likely_cause)}"
    else:
        yield "The evidence points at no cause by itself."
    if said.because:
        yield f"It rests on this: {closed(said.because)}"
    if not is_slow(facts.incident):
        yield from _said_by_spans(facts)
    if not facts.incident.suspects:
        yield "No change of the two hours before is suspected."
    yield (
        "Open for the author: is this the cause, what made it possible, and why was it not caught before customers "
        "were hit?"
    )


def _said_by_spans(facts: Facts) -> Iterator[str]:
    """What the failing spans say that are kept as evidence, the commonest first, each with a trace to look at."""
    looked_at = sum(bool(each.error) for item in facts.customers for each in item.evidence)
    for each in facts.errors:
        said = f"“{one_line(each.first.error, 200)}” at {one_line(each.first.service)}"
        trace = each.first.trace_id
        yield f"Failing spans say {said}: {each.count:,} of {looked_at:,} looked at, such as in trace {trace}."
