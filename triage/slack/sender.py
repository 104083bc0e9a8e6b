"""Sends what is due, in a thread of its own: slow answers hold up no detector, and no message goes out twice.

Before a message is sent a watcher lays claim to it, in an event whose id all watchers would give it: the one whose
claim is kept sends, and writes down what it told. A claim holds for a minute; what was not sent by then is free again.
A log is each watcher's own: what is said there is only remembered.
"""

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter

from queries.errors import StoreError
from triage.incident.book import Book
from triage.incident.fold import MESSAGE
from triage.incident.model import US, Event, Incident, Kind, Message
from triage.slack.channels import TIMEOUT_S, Channel, Sent, SlackBusy, SlackError, SlackRefused
from triage.slack.owed import (
    KEEPS_UP,
    LEASE,
    REOPENED,
    How,
    Latest,
    Owed,
    details,
    included,
    may_claim,
    owed,
    thread,
)
from triage.slack.text import Said, Writer

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 20.0
MOST_AT_ONCE = 10
STOP_WITHIN_S = 15

log = logging.getLogger(__name__)


class SlackMetrics:
    """What became of messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter("triage_slack_sent", "Messages sent", registry=registry)
        self.failed = Counter("triage_slack_errors", "Attempts that failed", ["kind"], registry=registry)


class Sender:
    """One watcher's way to a channel."""

    def __init__(
        self,
        book: Book,
        channel: Channel,
        writer: Writer,
        metrics: SlackMetrics | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = f"watcher-{secrets.token_hex(6)}"
        self._book, self._channel, self._writer, self._clock = book, channel, writer, clock
        self._metrics = metrics or SlackMetrics(CollectorRegistry())
        self._stop = threading.Event()
        self._due = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._logged: dict[str, tuple[Message, ...]] = {}
        self._pauses: dict[bool, tuple[datetime, datetime]] = {}
        """When Slack takes no changes of messages (True), or no new ones (False): it limits them apart."""
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)

    def start(self) -> None:
        """Begins to send what is told."""
        self._thread.start()

    def tell(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Takes note of incidents about which something may be due; returns at once."""
        with self._lock:
            due = (one.id for one in reversed(incidents) if self._next(self._as_told(one)))
            self._waiting.update(dict.fromkeys(due))
        self._due.set()

    def stop(self) -> None:
        """Waits for the message under way; what is not sent is due again at the next start."""
        self._stop.set()
        self._due.set()
        self._thread.join(STOP_WITHIN_S)

    def send_due(self, ids: Iterable[str]) -> None:
        """Sends all that is due about these incidents: first what is new about any, then what is brought up to date."""
        ids = list(ids)
        for id_ in ids:
            self._send_about(id_, frozenset(How) - KEEPS_UP)
        for id_ in ids:
            self._send_about(id_, frozenset(How))

    def _send_about(self, id_: str, hows: Set[How]) -> None:
        for _ in range(MOST_AT_ONCE):
            incident = self._read(id_)
            due = self._next(incident) if incident else None
            if incident is None or due is None or due.how not in hows:
                return
            if self._stop.is_set() or not self._deal_with(incident, due):
                return

    def _run(self) -> None:
        while not self._stop.is_set():
            self._due.wait()
            self._due.clear()
            with self._lock:
                ids, self._waiting = list(self._waiting), {}
            try:
                self.send_due(ids)
            except StoreError as error:
                log.warning("what is due in Slack waits for the store: %s", type(error).__name__)
            except Exception:
                log.exception("a message could not be sent")

    def _next(self, incident: Incident) -> Owed | None:
        now, writer = self._clock(), self._writer
        if not self._channel.updates:
            return owed(incident, now, updates=False, shared=self._channel.shared)
        latest = Latest(writer.main(incident).digest, writer.details(incident).digest, self._channel.id)
        return owed(incident, now, updates=True, latest=latest)

    def _read(self, id_: str) -> Incident | None:
        incident = self._book.incident(id_)
        return self._as_told(incident) if incident else None

    def _as_told(self, incident: Incident) -> Incident:
        """The incident with what was told of it there: what a log says nobody else has heard."""
        if self._channel.shared:
            return incident
        return replace(incident, claims=(), messages=self._logged.get(incident.id, ()))

    def _deal_with(self, incident: Incident, due: Owed) -> bool:
        """Whether to go on with what is due next: the message is sent, by us, or no longer due."""
        keeps_up, now = due.how in KEEPS_UP, self._clock()
        began, ends = self._pauses.get(keeps_up, (now, now))
        if began <= now < ends:  # one that begins later was laid by a clock that was wrong
            return False
        claimed = self._claim(incident, due.what)
        if claimed is None:
            return False
        pause = LONGEST_PAUSE_S if keeps_up else FIRST_PAUSE_S
        while True:
            latest = self._read(incident.id)
            if latest is None or self._next(latest) != due:
                return True
            try:
                told = self._send(latest, due)
            except SlackRefused as error:
                self._failed("refused", incident, due, error)
                refused = replace(claimed, time=self._clock(), refused=True)
                self._book.write([_event(incident, Kind.CLAIMED, refused, f"{due.what}.{claimed.attempt}.refused")])
                return False
            except SlackBusy as error:
                self._failed("busy", incident, due, error)
                wait = max(error.wait_s or 0.0, pause * random.uniform(0.5, 1.5))
                now = self._clock()
                self._pauses[keeps_up] = now, now + timedelta(seconds=wait)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                left = claimed.time + LEASE - now - timedelta(seconds=wait + TIMEOUT_S)
                if keeps_up or left < timedelta() or self._stop.wait(wait):  # nothing new waits for an update
                    return False
            else:
                self._pauses.pop(keeps_up, None)
                self._note(incident, told)
                return True

    def _note(self, incident: Incident, told: Sequence[Message]) -> None:
        if self._channel.shared:
            self._metrics.sent.inc()
            self._book.write([_event(incident, Kind.NOTIFIED, each, each.what) for each in told])
        else:
            self._logged[incident.id] = (*self._logged.get(incident.id, ()), *told)

    def _claim(self, incident: Incident, what: str) -> Message | None:
        """Our claim, if it is the one that is kept."""
        now = self._clock()
        if not self._channel.shared:
            return Message(what, now, self.name)
        attempt = may_claim(incident, what, now)
        if attempt is None:
            return None
        claim = Message(what, now, self.name, attempt)
        self._book.write([_event(incident, Kind.CLAIMED, claim, f"{what}.{attempt}")])
        after = self._book.incident(incident.id)
        kept = [each for each in after.claims if (each.what, each.attempt) == (what, attempt)] if after else []
        return claim if kept and kept[0].author == self.name else None

    def _send(self, incident: Incident, due: Owed) -> list[Message]:
        """What the message told: what was due, and what it says besides."""
        now = self._clock()
        sent, digest = self._post(incident, due)
        alarm = incident.alarm if due.alarms else None
        told = Message(due.what, now, self.name, 0, sent.channel, sent.ts, digest, alarm)
        besides = included(incident, due, updates=self._channel.updates)
        return [told, *(replace(told, what=what) for what in besides)]

    def _post(self, incident: Incident, due: Owed) -> tuple[Sent, str]:
        """What Slack calls the message, and the digest of what the message that is kept up to date says now."""
        channel, writer, main = self._channel, self._writer, self._writer.main(incident)
        under = thread(incident, channel.id)
        place = Sent(under.channel, under.ts) if under else None
        if due.how is How.MAIN:
            said = writer.thread(incident, REOPENED, alone=True) if due.state == REOPENED else main
            return channel.post(said), main.digest
        if due.how is How.DETAILS:
            said = writer.details(incident)
            sent = channel.post(said, place)
            return Sent(place.channel if place else sent.channel, sent.ts), said.digest
        if due.how is How.ESCALATION:
            return channel.post(writer.escalation(incident), place, loud=True), ""
        if due.how is How.CHANGE:
            return channel.post(writer.change(incident, due.state), place, loud=True), ""
        if due.how is How.REMINDER:
            return channel.post(writer.reminder(incident), place), ""
        if due.how is How.THREAD:
            kept_up = self._kept_up(incident, main, place)
            said = writer.thread(incident, due.state, alone=not kept_up)
            return channel.post(said, place, loud=not kept_up), main.digest if kept_up else ""
        if due.how is How.REVISION and (before := details(incident, under)):
            said, place = writer.details(incident), Sent(before.channel, before.ts)
            channel.update(place, said)
            return place, said.digest
        if place:
            channel.update(place, main)
        return place or Sent(), main.digest

    def _kept_up(self, incident: Incident, main: Said, place: Sent | None) -> bool:
        """Whether the incident's own message says the latest now: it may be deleted, or too old to be changed."""
        if place is None:
            return False
        try:
            self._channel.update(place, main)
        except SlackRefused as error:
            self._metrics.failed.labels(kind="refused").inc()
            log.warning("the message about %s was not brought up to date: %s", incident.id, error)
            return False
        return True

    def _failed(self, kind: str, incident: Incident, due: Owed, error: SlackError) -> None:
        self._metrics.failed.labels(kind=kind).inc()
        log.warning("the message %s about %s was not sent: %s", due.what, incident.id, error)


def _event(incident: Incident, kind: Kind, message: Message, name: str) -> Event:
    told = MESSAGE.dump_json(message).decode()
    return Event(incident.id, f"{incident.id}.{kind}.{name}", message.time, kind, US, message.what, told)
