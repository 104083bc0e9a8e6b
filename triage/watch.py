"""The watch: every few seconds the detectors look, what they find becomes incidents, and people are told.

detectors, alerts ──► grouping ──► incident events ──► impact, suspects ──► Slack
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge

from queries.errors import StoreError
from queries.store import Store
from triage.detectors import FAULTS, still_failing, still_silent, symptoms_at
from triage.entries import entry_services
from triage.incident.alerts import alerts_at
from triage.incident.book import Book, is_over
from triage.incident.fold import END, IMPACT, OPENING, SUSPECTS
from triage.incident.grouping import FLAP, Calls
from triage.incident.impact import CustomersOf, impact_of, nobody
from triage.incident.keeping import Found, Seen, ago, bucket, every, kept, told_in_turn
from triage.incident.model import US, Event, Impact, Incident, Kind, State
from triage.incident.naming import digest
from triage.kpi.checks import checks_of, in_a_line
from triage.once import once
from triage.runbook.live import LiveRunbook
from triage.suspects import suspects
from triage.symptom import ALERTS, Ask, Cause, Symptom

CALLS_SINCE = timedelta(hours=1)
AWAY = timedelta(days=1)
"""The first pass looks at so much of the past: there may have been none, and something is still to be done."""
LAG = timedelta(seconds=2)
"""How long after its moment a pass begins: what was sent until then has been loaded."""
STOP_WITHIN_S = 30

log = logging.getLogger(__name__)


class Detect(Protocol):
    """Runs the detectors at a moment; one that fails is told to `failed`."""

    def __call__(
        self, ask: Ask, now: datetime, *, failed: Callable[[str, Exception], None] | None = None
    ) -> Sequence[Symptom]: ...


Tell: TypeAlias = Callable[[Sequence[Incident], datetime], None]
"""What is done with the incidents after a pass: messages."""


class WatchMetrics:
    """What the watch counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.passes = Counter("triage_watch_passes", "Passes of the detectors", registry=registry)
        self.errors = Counter(
            "triage_watch_errors", "Parts of a pass that failed: a detector, or a step", ["part"], registry=registry
        )
        self.last = Gauge("triage_watch_last_pass_timestamp_seconds", "When the last pass ended", registry=registry)
        self.took = Gauge("triage_watch_pass_seconds", "How long the last pass took", registry=registry)
        self.open = Gauge("triage_incidents_open", "Incidents that are not resolved", registry=registry)
        self.broken = Gauge("triage_runbook_broken", "1 while the runbook's file can't be used", registry=registry)


@dataclass
class Watch:
    """Passes over a store. `past`: they are of the past, and nothing is known in them that began later."""

    store: Store
    book: Book
    runbook: LiveRunbook
    metrics: WatchMetrics = field(default_factory=lambda: WatchMetrics(CollectorRegistry()))
    detect: Detect = symptoms_at
    customers_of: CustomersOf = nobody
    past: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    """What failed in the last pass, in words, by its part."""
    passed: float | None = None
    """When the last pass ended, in seconds since 1970."""
    _seen: Seen = field(default_factory=Seen)
    _calls: Calls = field(default_factory=Calls)
    _looked: dict[str, datetime] = field(default_factory=dict)
    _last: datetime | None = None
    """The moment of the last pass."""

    def look(self, now: datetime) -> list[Incident]:
        """One pass: the incidents that are not over, or were lately, after it. Raises StoreError.

        A part that fails costs itself alone; the next pass catches up, since detectors look back and what is still to
        be done is read from the incidents.
        """
        self.problems = {}
        since = min(self._last or now - AWAY, now) - FLAP
        ask = once(self.store.ask)  # what lasts is looked at twice, partly in the same telemetry
        found = self._found(ask, now)
        before = self.book.incidents(since)
        lasting = {symptom.key: symptom for symptom in self._lasting(ask, found, before)}
        new = (symptom for symptom in found.symptoms if symptom.key not in lasting)
        found = replace(found, symptoms=(*new, *lasting.values()))
        events = kept(found, before, self.runbook.current, self._seen, partial(is_over, self.book))
        self.metrics.broken.set(bool(self.runbook.problem))
        self.book.write(events)
        after = self.book.incidents(since) if events else before
        learned = [event for incident in after for event in self._learned(incident, now)]
        more = told_in_turn(learned, after, now)
        self.book.write(more)
        after = self.book.incidents(since) if more else after
        self._last = now
        self._looked = {one.id: self._looked[one.id] for one in after if one.id in self._looked}
        self.metrics.open.set(sum(one.state is not State.RESOLVED for one in after))
        return after

    def _found(self, ask: Ask, now: datetime) -> Found:
        failed: set[str] = set()

        def fail(part: str, error: Exception) -> None:
            failed.add(part)
            self.fail(part, error)

        symptoms = list(self.detect(ask, now, failed=fail))
        try:
            symptoms += alerts_at(ask, now)
        except StoreError as error:
            fail(ALERTS, error)
        try:
            self._calls = self._who_calls_whom(ask, now) if symptoms else self._calls
        except StoreError as error:
            fail("calls", error)
        return Found(now, tuple(symptoms), frozenset(failed), self._calls)

    def _lasting(self, ask: Ask, found: Found, incidents: Sequence[Incident]) -> Iterator[Symptom]:
        """What fell silent, is not found silent any more, and has not been heard either; and what fails for hours.

        Of an incident that a person resolved, nothing: a service may be gone for good, and what fails be usual now.
        """
        known = {symptom.key for symptom in found.symptoms}
        lasting = [each.lately for one in incidents if one.state is not State.RESOLVED for each in one.active]
        lasting = [symptom for symptom in lasting if symptom.found_by not in found.failed]
        silent = [symptom for symptom in lasting if symptom.cause is Cause.SENDER_SILENT]
        for symptom in silent:
            if symptom.key in known:
                continue
            try:
                still = still_silent(ask, symptom, found.now)
            except StoreError as error:
                self.fail("silence", error)
                still = symptom
            if still:
                yield still
        try:
            yield from still_failing(ask, lasting, found.now)
        except FAULTS as error:
            self.fail("lasting", error)
            yield from (symptom for symptom in lasting if symptom not in silent and symptom.key not in known)

    def _who_calls_whom(self, ask: Ask, now: datetime) -> Calls:
        entered_at = entry_services(ask, now)
        rows = ask("incidents/calls", entry_services=entered_at, **{"from": now - CALLS_SINCE}, to=now).rows()
        return Calls(
            edges=frozenset((caller, callee) for caller, callee in rows if callee),
            entries=frozenset(caller for caller, callee in rows if not callee),
        )

    def fail(self, part: str, error: Exception) -> None:
        """Takes note of a part of the pass that failed."""
        self.problems[part] = self.note(part, error)

    def note(self, part: str, error: Exception) -> str:
        """Counts and logs that a part failed; says why in words."""
        self.metrics.errors.labels(part=part).inc()
        log.warning("%s failed in this pass: %s: %s", part, type(error).__name__, error)
        return f"{type(error).__name__}: {error}"[:300]

    def _learned(self, incident: Incident, now: datetime) -> Iterator[Event]:
        """Whom it hits and what changed before, where that is due."""
        moment = self._due(incident, now)
        if not moment:
            return
        self._looked[incident.id] = now
        try:
            impact = impact_of(self.store, incident, now, self.customers_of, past=self.past)
        except StoreError as error:
            self.fail("impact", error)
        else:
            if moment in {OPENING, END} or _figures(impact) != _figures(incident.impact):
                yield self._impact(incident, impact, moment, now)
        yield from self._checked(incident, moment, now)
        try:
            found = suspects(self.store.ask, incident, now)
        except StoreError as error:
            self.fail("suspects", error)
            return
        if found != incident.suspects:
            told = SUSPECTS.dump_json(found).decode()
            event_id = f"{incident.id}.suspects.{digest(told)}"
            yield Event(incident.id, event_id, now, Kind.SUSPECTS, US, "", told)

    def _checked(self, incident: Incident, moment: str, now: datetime) -> Iterator[Event]:
        """How the three first checks stand, if that is news."""
        try:
            line = in_a_line(checks_of(self.store.ask, incident.began, incident.ended or now))
        except StoreError as error:
            self.fail("checks", error)
            return
        if line != incident.checks:
            yield Event(
                incident.id, f"{incident.id}.checks.{_which(incident, moment, now)}", now, Kind.CHECKS, US, line
            )

    def _due(self, incident: Incident, now: datetime) -> str:
        """Which of its figures are to be taken now; "" if none."""
        if incident.frozen is None:
            return OPENING
        if incident.state is State.RESOLVED:
            return END if incident.frozen_end is None else ""
        last = self._looked.get(incident.id) or (incident.impact.at if incident.impact else incident.opened_at)
        return "update" if ago(last, now) >= every(incident, now) else ""

    def _impact(self, incident: Incident, impact: Impact, moment: str, now: datetime) -> Event:
        told = IMPACT.dump_json(impact).decode()
        event_id = f"{incident.id}.impact.{_which(incident, moment, now)}"
        return Event(incident.id, event_id, now, Kind.IMPACT, US, moment, told)


def _which(incident: Incident, moment: str, now: datetime) -> str:
    return {OPENING: OPENING, END: f"{END}.{incident.epoch}"}.get(moment) or bucket(incident, now)


def _figures(impact: Impact | None) -> tuple[object, ...]:
    if impact is None:
        return ()
    return impact.customers, impact.not_recovered, impact.recovered, impact.masked, impact.failures, impact.exact


def moments(from_: datetime, to: datetime, every_: timedelta) -> Iterator[datetime]:
    """The moments of passes over the past, at whole multiples of their distance."""
    moment = last_moment(from_, every_)
    while (moment := moment + every_) <= to:
        yield moment


def last_moment(now: datetime, every_: timedelta) -> datetime:
    """The latest moment of a pass: watchers look at the same ones, so that they find the same."""
    step = every_.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // step * step, UTC)


def next_moment(moment: datetime, now: datetime, every_: timedelta) -> datetime:
    """When the pass after that of `moment` looks.

    A pass that took longer than its time costs those that it overlaps: the next looks back far enough. Where the clock
    was set back since, nobody waits for the time to come round again.
    """
    latest = last_moment(now, every_)
    return min(max(moment + every_, latest), latest + every_)


class WatchThread:
    """Passes in a thread of their own until stopped; then what is due is told."""

    def __init__(self, watch: Watch, every_: timedelta, tell: Tell) -> None:
        self._watch, self._every, self._tell = watch, every_, tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins with the pass that is due."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for the pass under way."""
        self._stop.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        moment = last_moment(datetime.now(UTC) - LAG, self._every)
        while True:
            self._pass(moment)
            moment = next_moment(moment, datetime.now(UTC) - LAG, self._every)
            wait = moment + LAG - datetime.now(UTC)
            if self._stop.wait(max(wait.total_seconds(), 0)):
                return

    def _pass(self, moment: datetime) -> None:
        metrics, started = self._watch.metrics, time.perf_counter()
        try:
            incidents = self._watch.look(moment)
            self._tell(incidents, moment)
        except StoreError as error:
            self._watch.fail("store", error)
        except Exception as error:
            self._watch.fail("pass", error)
            log.exception("a pass failed; the next one is not held up")
        metrics.passes.inc()
        self._watch.passed = time.time()
        metrics.last.set(self._watch.passed)
        metrics.took.set(time.perf_counter() - started)
