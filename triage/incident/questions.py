"""What an incident's symptoms ask of failing spans."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from triage.incident.model import Incident
from triage.model import Question

FILTERS = ("service", "operation", "route", "partner", "version")


def questions(incident: Incident, now: datetime) -> list[Question]:
    """What its symptoms ask, each once: a question is asked for the time in which no wider one is."""
    asked = [
        replace(symptom.question, from_=symptom.from_, to=max(symptom.to or now, symptom.from_), as_of=None)
        for symptom in incident.findings
        if symptom.question is not None
    ]
    distinct = _merged(one for one in asked if one.from_ < one.to)
    return [part for one in distinct for part in _without(one, [wide for wide in distinct if _includes(wide, one)])]


def _merged(asked: Iterable[Question]) -> list[Question]:
    """Questions of the same spans in windows that overlap, as one."""
    merged: list[Question] = []
    for one in sorted(asked, key=lambda each: each.from_):
        same = next((each for each in merged if _same_spans(each, one) and one.from_ <= each.to), None)
        if same is None:
            merged.append(one)
        else:
            merged[merged.index(same)] = replace(same, to=max(same.to, one.to))
    return merged


def _same_spans(one: Question, other: Question) -> bool:
    return replace(one, from_=other.from_, to=other.to) == other


def _includes(wide: Question, narrow: Question) -> bool:
    """Whether the wide one asks for all that the narrow one does, and more, at the same time."""
    filters = (getattr(wide, name) in {None, getattr(narrow, name)} for name in FILTERS)
    return wide.slower_than_ms == narrow.slower_than_ms and all(filters) and not _same_spans(wide, narrow)


def _without(question: Question, others: Iterable[Question]) -> list[Question]:
    """The parts of a question's window that lie in none of the others'."""
    parts = [question]
    for other in others:
        before = [replace(one, to=min(one.to, other.from_)) for one in parts]
        after = [replace(one, from_=max(one.from_, other.to)) for one in parts]
        parts = [part for part in (*before, *after) if part.from_ < part.to]
    return parts
