"""Customers, orders, people and what else is personal, replaced by pseudonyms: before anything is drafted or drawn.

A pseudonym is an HMAC under the data directory's secret: the same in every export, and not to be guessed without it.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from urllib.parse import quote

from triage.changes import Change
from triage.detectors import NAMES
from triage.incident.fold import ANSWER, SYMPTOM, TICK, ticked
from triage.incident.model import US, Answer, Event, Incident, Kind, Person, Suspect, Tracked
from triage.incident.naming import naming
from triage.model import AffectedCustomer, Evidence
from triage.postmortem.facts import Facts
from triage.postmortem.model import VerificationJson
from triage.postmortem.patterns import IP_4, PATTERNS
from triage.postmortem.spelling import plain
from triage.slack.buttons import BY_SLACK
from triage.symptom import Symptom

CUSTOMER, ORDER, PERSON = "customer", "order", "person"
LETTERS = 10
SHORT_NUMBER = 5
"""A number of fewer digits is a figure in our own sentences, and an id only in what others wrote."""
ALONE = 6
"""An id so long with a letter in it is replaced within words, too."""
REWRITTEN = frozenset({Kind.OPENED, Kind.SYMPTOM, Kind.SYMPTOM_ENDED, Kind.VERIFIED})
"""Events whose details are told."""


@dataclass(frozen=True)
class Pseudonyms:
    """Names for what must not be told, by kind; made with a secret."""

    key: bytes

    def of(self, kind: str, value: str) -> str:
        """The pseudonym of a value, such as `customer-7k3f9q2mwa`."""
        made = hmac.new(self.key, f"{kind}\0{value}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return f"{kind}-{base64.b32encode(made).decode().lower()[:LETTERS]}"


@dataclass(frozen=True)
class Redaction:
    """Replaces what is known to be personal, and what looks like it. `known`: the kind of each id."""

    pseudonyms: Pseudonyms
    known: Mapping[str, str]
    texts: tuple[str, ...] = ()
    """Where ids may stand; those that stand nowhere are not looked for again."""
    versions: frozenset[str] = frozenset()
    """Those that look like IP addresses, such as `2.4.0.1`."""

    def id(self, kind: str, value: str) -> str:
        """The pseudonym of an id; a person's name has one, however its letters are written, in Slack and elsewhere."""
        same = plain(value.removesuffix(BY_SLACK)).text if kind == PERSON else value
        return self.pseudonyms.of(kind, same) if value else value

    def free(self, text: str) -> str:
        """What a person, a service or a sender wrote."""
        return self._patterns(self._ids(text, self._everywhere))

    def own(self, text: str) -> str:
        """A sentence of ours, in which names of theirs stand beside figures."""
        return self._patterns(self._ids(text, self._not_figures))

    def said_by(self, *symptoms: Symptom) -> Callable[[str], str]:
        """What these say: a detector's sentences are ours, those of another system's alert are not."""
        return self.own if all(symptom.detector in NAMES for symptom in symptoms) else self.free

    def _ids(self, text: str, pattern: re.Pattern[str] | None) -> str:
        return "".join(self._replaced(text, pattern)) if pattern else text

    def _replaced(self, text: str, pattern: re.Pattern[str]) -> Iterator[str]:
        found, end = plain(text), 0
        for match in pattern.finditer(found.text):
            start, stop = found.place(match)
            start = max(start, end)  # two ids may share a letter that counts as two
            yield text[end:start]
            yield self._pseudonym(text[start:stop], match[0])
            end = stop
        yield text[end:]

    def _pseudonym(self, written: str, way: str) -> str:
        id_ = written if written in self.known else self._spelled[way]
        return self.id(self.known[id_], id_)

    @cached_property
    def _spelled(self) -> dict[str, str]:
        """Each id by the plain letters of the ways in which it may stand in a text that there is."""
        heap = "\n".join(plain(text).text for text in self.texts)
        ways = {plain(way).text: id_ for id_ in self.known if id_.strip() for way in _ways(id_)}
        return {way: id_ for way, id_ in ways.items() if way in heap}

    @cached_property
    def _everywhere(self) -> re.Pattern[str] | None:
        return _any_of(self._spelled)

    @cached_property
    def _not_figures(self) -> re.Pattern[str] | None:
        figures = {way for way in self._spelled if way.isdigit() and len(way) < SHORT_NUMBER}
        return _any_of(way for way in self._spelled if way not in figures)

    def _patterns(self, text: str) -> str:
        for kind, pattern, is_one in PATTERNS:
            text = pattern.sub(lambda match, k=kind, sure=is_one: self._looks_like(k, match, sure), text)  # type: ignore[misc]
        return text

    def _looks_like(self, kind: str, match: re.Match[str], is_one: Callable[[str], bool]) -> str:
        return self.id(kind, match[0]) if match[0] not in self.versions and is_one(match[0]) else match[0]


def _ways(id_: str) -> set[str]:
    """As it is, and as it stands in addresses."""
    return {id_, quote(id_, safe="", errors="replace"), quote(id_, errors="replace")}


def _any_of(ways: Iterable[str]) -> re.Pattern[str] | None:
    """Any of these plain letters, whole, as between underscores; one that is long and no mere word in words, too."""
    parts = [
        re.escape(way) if _stands_out(way) else rf"(?<![^\W_]){re.escape(way)}(?![^\W_])"
        for way in sorted(ways, key=len, reverse=True)
    ]
    return re.compile("|".join(parts)) if parts else None


def _stands_out(way: str) -> bool:
    return len(way) >= ALONE and any(char.isdigit() for char in way) and not way.isdigit()


def redaction(facts: Facts, key: bytes) -> Redaction:
    """What must not be told of these facts: the customers hit, their orders, and the people who acted."""
    people = {event.author for event in facts.incident.timeline} | {change.author for change in facts.changes}
    known = dict.fromkeys((people | {name.removesuffix(BY_SLACK) for name in people}) - {US, ""}, PERSON)
    known |= {order: ORDER for item in facts.customers for order in item.orders if order}
    known |= {item.customer: CUSTOMER for item in facts.customers if item.customer}
    return Redaction(Pseudonyms(key), known, tuple(_texts(facts)), frozenset(_versions(facts)))


def _versions(facts: Facts) -> Iterator[str]:
    labels = (each.symptom.labels.get("version", "") for each in facts.incident.symptoms)
    for version in (*labels, *(change.version for change in facts.changes)):
        yield from IP_4.findall(version)


def _texts(facts: Facts) -> Iterator[str]:
    """Every text that may hold an id."""
    incident = facts.incident
    yield from _within((incident.key, incident.answer, incident.suspects, [each.symptom for each in incident.symptoms]))
    yield from _within((incident.done, facts.changes, facts.series.name if facts.series else ""))
    yield from {each.error for item in facts.customers for each in item.evidence}
    for event in incident.timeline:
        yield from (event.text, event.author)
        if event.kind in REWRITTEN:
            yield from _within(json.loads(event.details))
        if event.kind == Kind.STEP:
            yield ticked(event).words


def _within(told: object) -> Iterator[str]:
    """The texts in dataclasses, mappings and sequences, however deep."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        yield from (text for each in told.values() for text in _within(each))
    elif isinstance(told, Sequence | frozenset):
        yield from (text for each in told for text in _within(each))
    elif is_dataclass(told):
        yield from (text for each in fields(told) for text in _within(getattr(told, each.name)))


def redacted(facts: Facts, hide: Redaction) -> Facts:
    """The facts as a stranger may see them."""
    series = replace(facts.series, name=hide.own(facts.series.name)) if facts.series else None
    return replace(
        facts,
        incident=_incident(facts.incident, hide),
        customers=tuple(_customer(each, hide) for each in facts.customers),
        changes=tuple(_change(each, hide) for each in facts.changes),
        errors=tuple(replace(each, first=_evidence(each.first, hide)) for each in facts.errors),
        series=series,
        redacted=True,
    )


def _incident(incident: Incident, hide: Redaction) -> Incident:
    symptoms = [each.symptom for each in incident.symptoms]
    return replace(
        incident,
        key=hide.own(incident.key),
        answer=_answer(incident.answer, hide, hide.said_by(naming(symptoms))),
        symptoms=tuple(_tracked(each, hide) for each in incident.symptoms),
        suspects=tuple(_suspect(each, hide) for each in incident.suspects),
        done=frozenset(hide.free(step) for step in incident.done),
        timeline=tuple(_event(event, hide, hide.said_by(*symptoms)) for event in incident.timeline),
    )


def _answer(said: Answer, hide: Redaction, told: Callable[[str], str]) -> Answer:
    return replace(
        said,
        title=told(said.title),
        ended=told(said.ended),
        because=told(said.because),
        likely_cause=hide.free(said.likely_cause),
        mitigation=tuple(hide.free(step) for step in said.mitigation),
        owner=_person(said.owner, hide),
        escalate_to=_person(said.escalate_to, hide),
        service=hide.free(said.service),
        service_owner=_person(said.service_owner, hide),
        sla=_person(said.sla, hide),
    )


def _person(contact: Person | None, hide: Redaction) -> Person | None:
    return Person(hide.free(contact.name)) if contact else None


def _tracked(tracked: Tracked, hide: Redaction) -> Tracked:
    return replace(tracked, symptom=_symptom(tracked.symptom, hide))


def _symptom(symptom: Symptom, hide: Redaction) -> Symptom:
    told = hide.said_by(symptom)
    return replace(
        symptom,
        detector=symptom.detector if symptom.detector in NAMES else hide.free(symptom.detector),
        subject={name: hide.free(text) for name, text in symptom.subject.items()},
        labels={name: hide.free(text) for name, text in symptom.labels.items()},
        sentence=told(symptom.sentence),
        because=told(symptom.because),
        suspect=hide.free(symptom.suspect),
    )


def _suspect(suspect: Suspect, hide: Redaction) -> Suspect:
    return replace(
        suspect,
        what=hide.free(suspect.what),
        change=hide.free(suspect.change),
        because=hide.own(suspect.because),
        for_=tuple(hide.own(words) for words in suspect.for_),
        against=tuple(hide.own(words) for words in suspect.against),
    )


def _event(event: Event, hide: Redaction, told: Callable[[str], str]) -> Event:
    return replace(
        event,
        author=event.author if event.author == US else hide.id(PERSON, event.author),
        text=_text(event, hide, told),
        details=_details(event, hide, told),
    )


def _text(event: Event, hide: Redaction, told: Callable[[str], str]) -> str:
    match event.kind:
        case Kind.NOTIFIED:
            return event.text  # which message it was, in a word of ours
        case Kind.SYMPTOM | Kind.SYMPTOM_ENDED:
            return hide.said_by(SYMPTOM.validate_json(event.details))(event.text)
        case Kind.VERIFIED:
            return told(event.text)
    return hide.own(event.text) if event.author == US else hide.free(event.text)


def _details(event: Event, hide: Redaction, told: Callable[[str], str]) -> str:
    if event.kind == Kind.OPENED:
        return ANSWER.dump_json(_answer(ANSWER.validate_json(event.details), hide, told)).decode()
    if event.kind in {Kind.SYMPTOM, Kind.SYMPTOM_ENDED}:
        return SYMPTOM.dump_json(_symptom(SYMPTOM.validate_json(event.details), hide)).decode()
    if event.kind == Kind.VERIFIED:
        found = VerificationJson.model_validate_json(event.details)
        checks = [each.model_copy(update={"what": told(each.what), "found": told(each.found)}) for each in found.checks]
        return found.model_copy(update={"checks": checks}).model_dump_json()
    if event.kind == Kind.STEP:
        tick = ticked(event)
        return TICK.dump_json(replace(tick, words=hide.free(tick.words))).decode()
    return event.details


def _change(change: Change, hide: Redaction) -> Change:
    return replace(
        change,
        id=hide.free(change.id),
        author=hide.id(PERSON, change.author),
        title=hide.free(change.title),
        source=hide.free(change.source),
        service=hide.free(change.service),
        version=hide.free(change.version),
        url="",
        details="",
    )


def _customer(item: AffectedCustomer, hide: Redaction) -> AffectedCustomer:
    return replace(
        item,
        customer=hide.id(CUSTOMER, item.customer),
        orders=tuple(hide.id(ORDER, order) for order in item.orders),
        evidence=tuple(_evidence(each, hide) for each in item.evidence),
    )


def _evidence(said: Evidence, hide: Redaction) -> Evidence:
    return replace(said, error=hide.free(said.error))
