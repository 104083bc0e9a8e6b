"""Sends what is due, in a thread of its own: slow answers hold up no detector, and no message goes out twice.

Before a message is sent a watcher lays claim to it, in an event whose id all watchers would give it: the one whose
claim is kept sends, and writes down what it told. A claim holds for a minute; what was not sent by then is free again.
"""

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter

from queries.errors import StoreError
from triage.incident.book import Book
from triage.incident.fold import MESSAGE
from triage.incident.model import US, Event, Incident, Kind, Message
from triage.slack.channels import TIMEOUT_S, Channel, Sent, SlackBusy, SlackError, SlackRefused
from triage.slack.owed import LEASE, OPENED, How, Owed, included, may_claim, owed
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
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)

    def start(self) -> None:
        """Begins to send what is told."""
        self._thread.start()

    def tell(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Takes note of incidents about which something may be due; returns at once."""
        with self._lock:
            self._waiting.update(dict.fromkeys(one.id for one in reversed(incidents) if self._next(one)))
        self._due.set()

    def stop(self) -> None:
        """Waits for the message under way; what is not sent is due again at the next start."""
        self._stop.set()
        self._due.set()
        self._thread.join(STOP_WITHIN_S)

    def send_due(self, ids: Iterable[str]) -> None:
        """Sends all that is due about these incidents."""
        for id_ in ids:
            for _ in range(MOST_AT_ONCE):
                incident = self._book.incident(id_)
                due = self._next(incident) if incident else None
                if incident is None or due is None or self._stop.is_set() or not self._deal_with(incident, due):
                    break

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
        now, updates = self._clock(), self._channel.updates
        digest = self._writer.main(incident).digest if updates else ""
        return owed(incident, now, updates=updates, digest=digest)

    def _deal_with(self, incident: Incident, due: Owed) -> bool:
        """Whether to go on with what is due next: the message is sent, by us, or no longer due."""
        claimed = self._claim(incident, due.what)
        if claimed is None:
            return False
        pause = FIRST_PAUSE_S
        while True:
            latest = self._book.incident(incident.id)
            if latest is None or self._next(latest) != due:
                return True
            try:
                told = self._send(latest, due)
            except SlackRefused as error:
                self._failed("refused", incident, due, error)
                return False
            except SlackBusy as error:
                self._failed("busy", incident, due, error)
                wait = max(error.wait_s or 0.0, pause * random.uniform(0.5, 1.5))
                pause = min(2 * pause, LONGEST_PAUSE_S)
                left = claimed.time + LEASE - self._clock() - timedelta(seconds=wait + TIMEOUT_S)
                if left < timedelta() or self._stop.wait(wait):
                    return False
            else:
                self._book.write([_event(incident, Kind.NOTIFIED, each, each.what) for each in told])
                self._metrics.sent.inc()
                return True

    def _claim(self, incident: Incident, what: str) -> Message | None:
        """Our claim, if it is the one that is kept."""
        now = self._clock()
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
        main = self._writer.main(incident)
        first = incident.message(OPENED)
        thread = Sent(first.channel, first.ts) if first and first.ts else None
        sent, kept_up = self._post(incident, due, main, thread)
        told = Message(due.what, now, self.name, 0, sent.channel, sent.ts, main.digest if kept_up else "")
        besides = included(incident, due, updates=self._channel.updates)
        return [told, *(replace(told, what=what) for what in besides)]

    def _post(self, incident: Incident, due: Owed, main: Said, thread: Sent | None) -> tuple[Sent, bool]:
        """What Slack calls the message, and whether the incident's own message says the latest now."""
        channel, writer = self._channel, self._writer
        if due.how is How.MAIN:
            return channel.post(main), True
        if due.how is How.DETAILS:
            return channel.post(writer.details(incident), thread), False
        if due.how is How.ESCALATION:
            return channel.post(writer.escalation(incident), thread, loud=True), False
        if due.how is How.REMINDER:
            return channel.post(writer.reminder(incident), thread), False
        if due.how is How.THREAD:
            kept_up = self._kept_up(incident, main, thread)
            said = writer.thread(incident, due.state, alone=not kept_up)
            return channel.post(said, thread, loud=not kept_up), kept_up
        if thread:
            channel.update(thread, main)
        return Sent(), True

    def _kept_up(self, incident: Incident, main: Said, thread: Sent | None) -> bool:
        """Whether the incident's own message says the latest now: it may be deleted, or too old to be changed."""
        if thread is None:
            return False
        try:
            self._channel.update(thread, main)
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
