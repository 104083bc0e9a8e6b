"""Messages by the real slack_sdk to a server that answers as Slack does: each once, whatever happens on the way."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from queries.store import Store
from tests.processes import soon
from tests.slack_server import Slack, Trouble, slack
from tests.symptoms import Passes, at, gateway_errors
from triage.commands.up import start_logging
from triage.incident.book import MemoryBook, StoredBook
from triage.incident.fold import IMPACT, OPENING
from triage.incident.model import US, Event, Impact, Kind
from triage.setting_types import LogLevel
from triage.settings import Settings
from triage.slack import sender as sending
from triage.slack.channels import Bot, Channel, Log, SlackBusy, SlackError, Webhook
from triage.slack.reminding import Reminding
from triage.slack.sender import Sender, SlackMetrics
from triage.slack.text import Said, Writer

pytestmark = pytest.mark.integration
OVER_HTTP: tuple[str, ...] = ()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setattr(sending, "FIRST_PAUSE_S", 0.01)
    with slack() as made:
        yield made


class Clock:
    """A time that tests move."""

    def __init__(self, seconds: float = 40) -> None:
        self.now = at(seconds)

    def __call__(self) -> datetime:
        return self.now


def opened(book: MemoryBook | None = None, customers: int = 214) -> Passes:
    """An incident with its impact known."""
    passes = Passes(book=book)
    passes.look(30, gateway_errors())
    tell_impact(passes, 30, OPENING, customers)
    return passes


def tell_impact(passes: Passes, seconds: float, moment: str, customers: int) -> None:
    impact = Impact(at(seconds), customers, customers - 44, 24, 20, failures=customers)
    id_ = passes.only.id
    told = IMPACT.dump_json(impact).decode()
    passes.book.write([Event(id_, f"{id_}.impact.{seconds}", at(seconds), Kind.IMPACT, US, moment, told)])


def person(passes: Passes, kind: Kind, seconds: float) -> None:
    id_ = passes.only.id
    passes.book.write([Event(id_, f"{id_}.{kind}", at(seconds), kind, "ana")])


def bot(server: Slack) -> Bot:
    return Bot("xoxb-1", "C024BE91L", f"{server.url}/api")


def sender(
    passes: Passes,
    channel: Channel,
    clock: Callable[[], datetime] | None = None,
    registry: CollectorRegistry | None = None,
) -> Sender:
    writer, metrics = Writer("https://triage.shop.example", buttons=True), SlackMetrics(registry or CollectorRegistry())
    return Sender(passes.book, channel, writer, metrics, clock=clock or Clock())


def send(made: Sender, passes: Passes) -> None:
    made.send_due([one.id for one in passes.incidents])


class TestBot:
    def test_one_message_per_incident_kept_up_to_date(self, server: Slack) -> None:
        """The opening with details in its thread; then updates and lines in the thread, never a second message."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        send(made, passes)
        first, details = [body for _, body in server.calls]
        assert str(first["text"]).startswith("● 5xx at the gateway: 31 % of POST /checkout since 10:02")
        assert "214 customers hit, 170 not recovered" in str(first["text"])
        assert details["thread_ts"] == "1700000000.000001"
        person(passes, Kind.ACKNOWLEDGED, 45)
        clock.now = at(50)
        send(made, passes)
        passes.looks(60, 200)
        clock.now = at(200)
        send(made, passes)
        send(made, passes)
        methods = [(name, "thread_ts" in body) for name, body in server.calls[2:]]
        assert methods == [("chat.update", False), ("chat.postMessage", True)] * 2
        assert [body["text"] for name, body in server.calls if name == "chat.postMessage"][2:] == [
            "Acknowledged by ana",
            "Resolved: Nothing of it since 10:03:00 UTC.",
        ]

    def test_new_figures_change_the_message_now_and_then(self, server: Slack) -> None:
        """At most every half minute, and only if they are new."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        tell_impact(passes, 50, "update", 300)
        for seconds in (55, 65, 75, 85):
            clock.now = at(seconds)
            send(made, passes)
        (update,) = [body for name, body in server.calls if name == "chat.update"]
        assert "300 customers hit" in str(update["text"])

    def test_what_was_over_before_anybody_found_it_is_told_once_and_as_over(self, server: Slack) -> None:
        """From when to when it was wrong; nobody is asked to acknowledge it, and no line says its end once more."""
        passes = Passes()
        passes.look(240, replace(gateway_errors(), to=at(120)))
        tell_impact(passes, 240, OPENING, 214)
        send(sender(passes, bot(server), Clock(250)), passes)
        first, details = server.texts("chat.postMessage")
        assert first.startswith("○ 5xx at the gateway: at worst 31 % or more of POST /checkout from 10:02 to 10:04")
        assert "resolved, it lasted 2 min" in first
        assert details.startswith("Do first")
        assert "acknowledge" not in str(server.calls)
        for seconds in range(250, 1500, 10):
            passes.look(seconds, *([replace(gateway_errors(), to=at(120))] if seconds < 400 else []))
            send(sender(passes, bot(server), Clock(seconds + 3)), passes)
        assert server.texts("chat.postMessage") == [first, details]

    def test_unacknowledged_it_is_told_once_more(self, server: Slack) -> None:
        """In the thread and the channel, to the escalation contact."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        passes.looks(40, 960, gateway_errors())
        clock.now = at(960)
        send(made, passes)
        send(made, passes)
        (told,) = [body for _, body in server.calls if body.get("reply_broadcast")]
        assert str(told["text"]).startswith("▲ Nobody has acknowledged this for 15 minutes. Head of engineering")

    def test_its_thread_is_reminded_of_the_postmortem_once(self, server: Slack) -> None:
        """A day before it is due, and while nobody has written for it; with the page where it is written."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        passes.looks(60, 200)
        clock.now = at(200)
        send(made, passes)
        before = len(server.calls)
        clock.now = at(30 + 25 * 3600)
        send(made, passes)
        send(made, passes)
        ((method, body),) = server.calls[before:]
        assert (method, body["thread_ts"]) == ("chat.postMessage", "1700000000.000001")
        due = f"The postmortem of {passes.only.id} is due by 10:03 UTC on 24 Nov; its draft waits for an author."
        assert str(body["text"]).startswith(due)
        assert f"/incidents/{passes.only.id}/postmortem?" in str(body["text"])


def told_and_then_unacknowledged(made: Sender, passes: Passes, clock: Clock) -> None:
    """The opening is sent; then nobody acknowledges it until the escalation is due."""
    send(made, passes)
    passes.looks(40, 940, gateway_errors())
    clock.now = at(940)


class TestWebhook:
    def test_it_posts_the_opening_an_escalation_and_the_end(self, server: Slack) -> None:
        """Nothing else: it can change nothing."""
        passes, clock = opened(), Clock()
        made = sender(passes, Webhook(f"{server.url}/services/T/B/x"), clock)
        told_and_then_unacknowledged(made, passes, clock)
        send(made, passes)
        tell_impact(passes, 941, "update", 400)
        person(passes, Kind.ACKNOWLEDGED, 945)
        clock.now = at(1000)
        send(made, passes)
        passes.looks(1000, 1100)
        clock.now = at(1100)
        send(made, passes)
        assert [text[:1] for text in server.texts("webhook")] == ["●", "▲", "○"]


def test_the_most_talkative_log_holds_no_webhook_address(server: Slack, caplog: pytest.LogCaptureFixture) -> None:
    """It is a secret: whoever has it can post in the channel."""
    with caplog.at_level("DEBUG"):
        start_logging(Settings(log_level=LogLevel.DEBUG))
        Webhook(f"{server.url}/services/T/B/secret").post(Said("hello"))
        server.trouble.append(Trouble(drops=True))
        with pytest.raises(SlackError):
            Webhook(f"{server.url}/services/T/B/secret").post(Said("hello"))
    assert server.texts("webhook") == ["hello"]
    assert "secret" not in caplog.text


def test_without_slack_the_same_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Once."""
    passes = opened()
    made = sender(passes, Log())
    send(made, passes)
    send(made, passes)
    assert [record.message.startswith("● 5xx at the gateway") for record in caplog.records] == [True]


def test_what_slack_took_is_counted_and_a_line_of_the_log_is_not(server: Slack) -> None:
    """As `/metrics` tells it."""
    for channel, count in ((Webhook(f"{server.url}/services/T/B/x"), 1), (Log(), 0)):
        passes, registry = opened(), CollectorRegistry()
        send(sender(passes, channel, registry=registry), passes)
        assert registry.get_sample_value("triage_slack_sent_total") == count


def test_a_log_reminds_of_a_postmortem_after_a_restart(caplog: pytest.LogCaptureFixture) -> None:
    """Once, though nobody remembers that it told the incident; which is over for too long to be told again."""
    passes, clock = opened(), Clock()
    send(sender(passes, Log(), clock), passes)
    passes.looks(60, 200)
    caplog.clear()
    made = sender(passes, Log(), clock)
    for hours in (20, 25, 26):
        clock.now = at(hours * 3600)
        send(made, passes)
    (record,) = caplog.records
    assert record.message.startswith(f"The postmortem of {passes.only.id} is due by 10:0")


class TestTrouble:
    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble(429, retry_after="0"),
            Trouble(500),
            Trouble(503),
            Trouble(drops=True),
            Trouble(error="ratelimited"),
            Trouble(error="internal_error"),
        ],
    )
    def test_what_passes_is_tried_again(self, server: Slack, trouble: Trouble) -> None:
        """The message arrives, once."""
        server.trouble.extend([trouble, trouble])
        passes = opened()
        send(sender(passes, bot(server)), passes)
        assert len(server.refused) == 2
        assert [name for name, _ in server.calls] == ["chat.postMessage", "chat.postMessage"]

    def test_it_waits_as_long_as_slack_says(self, server: Slack) -> None:
        """Retry-After in seconds."""
        server.trouble.append(Trouble(429, retry_after="1"))
        passes, started = opened(), time.monotonic()
        send(sender(passes, Webhook(f"{server.url}/services/x"), lambda: datetime.now(UTC)), passes)
        assert time.monotonic() - started >= 1
        assert len(server.calls) == 1

    @pytest.mark.parametrize(("said", "waits_s"), [("-5", 0.0), ("1e9", 3600.0), ("soon", None), ("", None)])
    def test_however_long_slack_says_it_waits_an_hour_at_most(
        self, server: Slack, said: str, waits_s: float | None
    ) -> None:
        """And what is no number says nothing."""
        server.trouble.append(Trouble(429, retry_after=said))
        with pytest.raises(SlackBusy) as busy:
            Webhook(f"{server.url}/services/x").post(Writer("https://triage.example").main(opened().only))
        assert busy.value.wait_s == waits_s

    def test_told_to_wait_for_long_it_leaves_the_message_to_a_later_claim(self, server: Slack) -> None:
        """Nothing is blocked meanwhile, and nothing lost."""
        server.trouble.append(Trouble(429, retry_after="3000"))
        passes, clock = opened(), Clock()
        made = sender(passes, Webhook(f"{server.url}/services/x"), clock)
        send(made, passes)
        for seconds in (60, 101, 3039):
            clock.now = at(seconds)
            send(made, passes)
        assert (len(server.refused), server.calls) == (1, [])
        clock.now = at(3041)
        send(made, passes)
        assert len(server.calls) == 1

    def test_what_is_refused_is_tried_again_seldom(self, server: Slack) -> None:
        """Somebody has to put the token right; then it goes out."""
        server.trouble.append(Trouble(error="invalid_auth"))
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        send(made, passes)
        assert (len(server.refused), len(server.calls)) == (1, 0)
        clock.now = at(101)
        send(made, passes)
        assert len(server.calls) == 2


class TestWhatHappensMeanwhile:
    def test_a_message_tried_again_tells_what_happened_since(self, server: Slack) -> None:
        """An opening that finds the incident over says so, and the end isn't told once more."""
        passes, clock = opened(), Clock()

        def resolve() -> None:
            person(passes, Kind.RESOLVED, 45)
            clock.now = at(55)

        server.trouble.append(Trouble(503, meanwhile=resolve))
        made = sender(passes, Webhook(f"{server.url}/services/x"), clock)
        send(made, passes)
        clock.now = at(600)
        send(made, passes)
        send(sender(passes, Webhook(f"{server.url}/services/x"), clock), passes)
        assert [text[:1] for text in server.texts("webhook")] == ["○"]

    def test_what_was_written_while_slack_took_the_opening_is_told(self, server: Slack) -> None:
        """Though a pass stamps it with the moment that it looked at, which is before the opening was sent."""
        passes = opened()
        server.trouble.append(Trouble(meanwhile=lambda: person(passes, Kind.RESOLVED, 35)))
        one, other = (sender(passes, Webhook(f"{server.url}/services/x")) for _ in range(2))
        for made in (one, other, one, other):
            send(made, passes)
        assert [text[:1] for text in server.texts("webhook")] == ["●", "○"]

    def test_its_thread_is_told_of_it_too(self, server: Slack) -> None:
        """With a bot token: one line, and the message up to date."""
        passes = opened()
        server.trouble.append(Trouble(meanwhile=lambda: person(passes, Kind.RESOLVED, 35)))
        one, other = (sender(passes, bot(server)) for _ in range(2))
        for made in (one, other, one, other):
            send(made, passes)
        assert [text[:1] for text in server.texts("chat.update")] == ["○"]
        assert server.texts("chat.postMessage")[2:] == ["Resolved by ana"]

    def test_what_is_no_longer_due_is_not_sent(self, server: Slack) -> None:
        """Nobody is told that nobody has acknowledged it, once somebody has."""
        passes, clock = opened(), Clock()
        made = sender(passes, Webhook(f"{server.url}/services/x"), clock)
        told_and_then_unacknowledged(made, passes, clock)
        server.trouble.append(Trouble(503, meanwhile=lambda: person(passes, Kind.ACKNOWLEDGED, 945)))
        send(made, passes)
        assert [text[:1] for text in server.texts("webhook")] == ["●"]

    def test_the_end_is_told_though_the_watcher_was_away(self, server: Slack) -> None:
        """Also after a pass no longer looks at the incident; once."""
        passes, clock = opened(), Clock()
        send(sender(passes, Webhook(f"{server.url}/services/x"), clock), passes)
        person(passes, Kind.RESOLVED, 100)
        clock.now = at(5 * 3600)
        made = sender(passes, Webhook(f"{server.url}/services/x"), clock)
        made.start()
        reminding = Reminding(passes.book, made.tell)
        reminding([], clock.now)
        soon(lambda: len(server.calls) == 2, "two messages")
        reminding([], clock.now + timedelta(minutes=6))
        made.stop()
        assert [text[:1] for text in server.texts("webhook")] == ["●", "○"]


class TestMessageThatCannotBeChanged:
    @pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
    def test_its_thread_goes_on(self, server: Slack, error: str) -> None:
        """Each change is told once, in the channel too, and says what it is about, as the message can't."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        server.refuses["chat.update"] = error
        for kind, seconds in ((Kind.ACKNOWLEDGED, 45), (Kind.RESOLVED, 100)):
            person(passes, kind, seconds)
            clock.now = at(seconds + 5)
            send(made, passes)
            send(made, passes)
        told = [body for name, body in server.calls if name == "chat.postMessage"][2:]
        assert [str(body["text"]).split("\n")[0] for body in told] == ["Acknowledged by ana", "Resolved by ana"]
        assert ["5xx at the gateway" in str(body["text"]) for body in told] == [True, True]
        assert {(body["thread_ts"], body["reply_broadcast"]) for body in told} == {("1700000000.000001", True)}

    def test_it_is_tried_seldom(self, server: Slack) -> None:
        """In an hour of new figures a handful of claims; once it can be changed again, it is."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        server.refuses["chat.update"] = "cant_update_message"
        for seconds in range(80, 3680, 30):
            tell_impact(passes, seconds, "update", seconds)
            clock.now = at(seconds)
            send(made, passes)
        assert len([each for each in passes.only.claims if each.what.startswith("update.") and not each.refused]) == 7
        server.refuses.clear()
        clock.now += timedelta(minutes=16)
        send(made, passes)
        assert "3,650 customers hit" in server.texts("chat.update")[-1]


class TestOnce:
    def test_two_watchers_send_one_message(self, server: Slack) -> None:
        """Whichever claims first."""
        passes = opened()
        one, other = (sender(passes, bot(server)) for _ in range(2))
        for made in (one, other, one, other):
            send(made, passes)
        assert len(server.calls) == 2

    def test_a_claim_that_was_lost_sends_nothing(self, server: Slack) -> None:
        """Another watcher's claim was kept: the book says so when it is read again."""
        passes = opened()

        mine, others = sender(passes, bot(server)), sender(passes, bot(server))
        incident = passes.only
        assert others._claim(incident, "opened.0")
        assert mine._claim(incident, "opened.0") is None

    def test_a_restart_between_claim_and_message_loses_nothing(self, server: Slack) -> None:
        """A minute later the claim is void, and the next watcher sends."""
        passes, clock = opened(), Clock()
        assert sender(passes, bot(server), clock)._claim(passes.only, "opened.0")
        after = sender(passes, bot(server), clock)
        send(after, passes)
        assert server.calls == []
        clock.now = at(40) + timedelta(seconds=61)
        send(after, passes)
        assert len(server.texts("chat.postMessage")) == 2

    def test_a_restart_after_the_message_repeats_nothing(self, server: Slack) -> None:
        """What was sent is an event of the incident."""
        passes = opened()
        send(sender(passes, bot(server)), passes)
        send(sender(passes, bot(server)), passes)
        assert len(server.calls) == 2

    def test_on_the_real_engine_one_of_two_claims_is_kept(self, server: Slack, store: Store) -> None:
        """The same claim by two watchers is one row."""
        passes = opened()
        book = StoredBook(store)
        book.write(list(passes.book.events.values()))
        senders = [Sender(book, bot(server), Writer("https://x.example"), clock=Clock()) for _ in range(2)]
        incident = book.incident(passes.only.id)
        assert incident
        claims = [made._claim(incident, "opened.0") for made in senders]
        assert [claim is not None for claim in claims] == [True, False]

    def test_the_thread_sends_and_never_holds_up_who_tells_it(self, server: Slack) -> None:
        """Telling returns at once, though Slack is slow to take it."""
        server.trouble.append(Trouble(429, retry_after="1"))
        passes = opened()
        made = sender(passes, bot(server), lambda: datetime.now(UTC))
        made.start()
        started = time.monotonic()
        made.tell(passes.incidents, at(40))
        assert time.monotonic() - started < 0.5
        soon(lambda: len(server.calls) == 2, "two messages")
        made.stop()
        assert len(server.calls) == 2
