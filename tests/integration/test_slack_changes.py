"""What of an incident rings once more, where it is told, and what a watcher without Slack leaves alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.integration.test_slack import Clock, bot, opened, person, send, sender, tell_impact
from tests.slack_server import Slack, Trouble, slack
from tests.symptoms import Passes, at, gateway_errors, other
from triage.incident.fold import OPENING
from triage.incident.model import Kind
from triage.slack import sender as sending
from triage.slack.channels import Bot, Channel, Log, Webhook
from triage.symptom import Cause, Severity

pytestmark = pytest.mark.integration
OVER_HTTP: tuple[str, ...] = ()
SLOW = other("slow_checkout", {"service": "payment"}, "payment", unit="ms", value=1900, usual=400)
PARTNER = other("partner_integration", {"partner": "psp"}, "payment", cause=Cause.TOKEN_EXPIRED)
OLD = [other("DiskFull", {"alert": f"a/{n}", "service": f"s{n}"}, f"s{n}") for n in range(3)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setattr(sending, "FIRST_PAUSE_S", 0.01)
    with slack() as made:
        yield made


def webhook(server: Slack) -> Webhook:
    return Webhook(f"{server.url}/services/T/B/x")


def acknowledged_and_worse(server: Slack, channel: Bot | Webhook) -> list[dict[str, object]]:
    """What is posted once a warning that was acknowledged becomes critical, by two watchers and a later one."""
    passes, clock = Passes(), Clock()
    passes.look(30, SLOW)
    tell_impact(passes, 30, OPENING, 214)
    made = [sender(passes, channel, clock) for _ in range(2)]
    send(made[0], passes)
    person(passes, Kind.ACKNOWLEDGED, 100)
    clock.now = at(110)
    send(made[0], passes)
    before = len(server.calls)
    for seconds in range(6000, 6600, 30):
        clock.now = at(seconds)
        passes.look(seconds, SLOW, gateway_errors())
        for each in made:
            send(each, passes)
    send(sender(passes, channel, clock), passes)
    assert passes.only.state == "acknowledged"
    return [body for name, body in server.calls[before:] if name != "chat.update"]


class TestChange:
    def test_what_is_acknowledged_and_gets_worse_rings_once(self, server: Slack) -> None:
        """In the thread and the channel, with what has become critical, and to whom it belongs."""
        (told,) = acknowledged_and_worse(server, bot(server))
        assert (told["thread_ts"], told["reply_broadcast"]) == ("1700000000.000001", True)
        first = "▲ This has become critical: 5xx at the gateway: 31 % of POST /checkout failed in the last 30 s."
        assert str(told["text"]).startswith(f"{first} Checkout on-call: please see")

    def test_a_webhook_posts_it(self, server: Slack) -> None:
        """It can change nothing that was said."""
        (told,) = acknowledged_and_worse(server, webhook(server))
        assert str(told["text"]).startswith("▲ This has become critical")

    def test_whose_it_turns_out_to_be_is_told_once(self, server: Slack) -> None:
        """However the row goes back and forth; the details say the same as the message."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        for seconds in range(50, 600, 10):
            clock.now = at(seconds)
            passes.look(seconds, gateway_errors(), *([PARTNER] if seconds % 200 < 100 else []))
            send(made, passes)
        (told,) = [body for _, body in server.calls if body.get("reply_broadcast")]
        assert str(told["text"]).startswith("▲ This has turned out to be for integrations on-call: please see")
        kept_up = [body for name, body in server.calls if name == "chat.update"]
        assert {"1700000000.000001", "1700000000.000002"} == {body["ts"] for body in kept_up}
        *_, details = [str(body["text"]) for body in kept_up if body["ts"] == "1700000000.000002"]
        assert details.startswith("Do first\n1. Rotate the partner's token")

    def test_another_row_of_the_same_owner_rings_for_nobody(self, server: Slack) -> None:
        """The message and its details are brought up to date."""
        passes, clock = Passes(), Clock()
        one = gateway_errors()
        passes.look(30, replace(one, labels={**one.labels, "status": "other"}, sentence="Errors at the gateway: 31 %"))
        tell_impact(passes, 30, OPENING, 214)
        made = sender(passes, bot(server), clock)
        send(made, passes)
        row = passes.only.answer.row
        passes.look(70, one)
        clock.now = at(72)
        send(made, passes)
        assert passes.only.answer.row != row
        assert [name for name, _ in server.calls[2:]] == ["chat.update", "chat.update"]

    def test_what_comes_back_and_gets_worse_rings(self, server: Slack) -> None:
        """Though it rang as bad before it was over; what is back as bad as it was told is a line in the thread."""
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        passes.looks(60, 200)
        clock.now = at(200)
        send(made, passes)
        back = replace(gateway_errors(), from_=at(290))
        for seconds in range(300, 400, 10):
            clock.now = at(seconds)
            passes.look(seconds, back if seconds > 350 else replace(back, severity=Severity.WARNING))
            send(made, passes)
        lines = [body for name, body in server.calls[2:] if name == "chat.postMessage"]
        assert [(str(body["text"])[:23], body["reply_broadcast"]) for body in lines] == [
            ("Resolved: Nothing of it", False),
            ("It is back", False),
            ("▲ This has become criti", True),
        ]

    def test_what_comes_back_worse_rings(self, server: Slack) -> None:
        """A warning that returns as critical."""
        passes, clock = Passes(), Clock()
        passes.look(30, SLOW)
        tell_impact(passes, 30, OPENING, 214)
        made = sender(passes, bot(server), clock)
        send(made, passes)
        passes.looks(60, 200)
        passes.look(300, replace(SLOW, from_=at(290), severity=Severity.CRITICAL))
        clock.now = at(300)
        before = len(server.calls)
        send(made, passes)
        (told,) = [body for _, body in server.calls[before:] if body.get("reply_broadcast")]
        assert str(told["text"]).startswith("▲ This has become critical")

    def test_a_return_is_called_one(self, server: Slack) -> None:
        """By a webhook, whose messages look alike otherwise."""
        passes, clock = opened(), Clock()
        made = sender(passes, webhook(server), clock)
        send(made, passes)
        for seconds in range(60, 400, 10):
            clock.now = at(seconds)
            passes.look(seconds, *([replace(gateway_errors(), from_=at(290))] if seconds > 300 else []))
            send(made, passes)
        *_, last = server.texts("webhook")
        assert last.split("\n")[0] == "It is back"
        assert last.split("\n")[1].startswith("● 5xx at the gateway")

    def test_a_return_that_is_over_is_told_as_over(self, server: Slack) -> None:
        """Where the watcher was away meanwhile, by a webhook: once, and nobody is told that it is back."""
        passes, clock = opened(), Clock()
        made = sender(passes, webhook(server), clock)
        send(made, passes)
        passes.looks(60, 200)
        clock.now = at(200)
        send(made, passes)
        passes.looks(300, 360, replace(gateway_errors(), from_=at(290)))
        passes.looks(360, 460)
        for seconds in (470, 480):
            clock.now = at(seconds)
            send(made, passes)
        assert [text[:1] for text in server.texts("webhook")] == ["●", "○", "○"]
        assert "resolved, it lasted 6 min" in server.texts("webhook")[-1].split("\n")[0]


class TestPlace:
    def test_a_watcher_without_slack_leaves_its_messages_alone(
        self, server: Slack, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What it logs, once, is claimed and noted nowhere."""
        passes = opened()
        beside = sender(passes, Log())
        for _ in range(2):
            send(beside, passes)
        send(sender(passes, webhook(server)), passes)
        assert len(caplog.records) == len(server.texts("webhook")) == 1

    def test_what_runs_goes_on_in_the_channel_that_the_settings_name_now(self, server: Slack) -> None:
        """With its next message: first how it stands, and in its thread all that follows. Back again, in the first."""
        passes, clock = opened(), Clock()
        send(sender(passes, bot(server), clock), passes)
        made = sender(passes, Bot("xoxb-1", "C0NEW0001", f"{server.url}/api"), clock)
        clock.now = at(50)
        send(made, passes)
        person(passes, Kind.ACKNOWLEDGED, 60)
        for seconds in (70, 80):
            clock.now = at(seconds)
            send(made, passes)
        moved = [(body["channel"], body.get("thread_ts"), str(body["text"])[:8]) for _, body in server.calls[2:]]
        assert moved == [("C0NEW0001", None, "◐ 5xx at"), ("C0NEW0001", "1700000000.000003", "Do first")]
        person(passes, Kind.MITIGATED, 90)
        clock.now = at(100)
        send(sender(passes, bot(server), clock), passes)
        assert {body["channel"] for _, body in server.calls[4:]} == {"C024BE91L"}

    def test_back_in_its_first_channel_its_message_there_says_how_it_stands(self, server: Slack) -> None:
        """Once, though the message elsewhere said it before."""
        passes, clock = opened(), Clock()
        first = sender(passes, bot(server), clock)
        send(first, passes)
        person(passes, Kind.ACKNOWLEDGED, 60)
        passes.looks(80, 200)
        clock.now = at(220)
        send(sender(passes, Bot("xoxb-1", "C0NEW0001", f"{server.url}/api"), clock), passes)
        before = len(server.calls)
        for seconds in range(300, 600, 60):
            clock.now = at(seconds)
            send(first, passes)
        (main,) = [body for _, body in server.calls[before:] if str(body["text"])[0] in "●◐○"]
        assert (main["channel"], main["ts"]) == ("C024BE91L", "1700000000.000001")
        assert str(main["text"]).startswith("○ 5xx at the gateway")

    def test_what_a_token_kept_back_is_told_once_it_is_put_right(self, server: Slack) -> None:
        """As over, though it is so for more than an hour."""
        server.refuses["chat.postMessage"] = "token_revoked"
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        send(made, passes)
        passes.looks(60, 200)
        server.refuses.clear()
        clock.now = at(7200)
        send(made, passes)
        assert server.texts("chat.postMessage")[0].startswith("○ 5xx at the gateway")


class TestAnswers:
    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble(body=b"<html>Please log in to the proxy</html>"),
            Trouble(status=503, body="Wartung für heute".encode("latin-1")),
            Trouble(body=b"[]"),
            Trouble(status=503, body=b"[]"),
            Trouble(body=b'"ok"'),
        ],
    )
    @pytest.mark.parametrize("channel", [bot, webhook])
    def test_what_is_not_slacks_ok_is_no_message(
        self, server: Slack, channel: Callable[[Slack], Channel], trouble: Trouble
    ) -> None:
        """A proxy's login page, too; other incidents are told meanwhile, and this one later."""
        passes, clock = Passes(), Clock()
        passes.look(30, *OLD[:2])
        server.trouble.append(trouble)
        made = sender(passes, channel(server), clock)
        for seconds in (50, 120):
            clock.now = at(seconds)
            send(made, passes)
        openings = [text for text in server.texts("webhook") + server.texts("chat.postMessage") if text[:1] == "●"]
        assert len(server.refused) == 1
        assert len(openings) == 2

    def test_told_to_wait_it_asks_for_no_other_incident_either(self, server: Slack) -> None:
        """Slack limits a channel, not a message."""
        server.trouble.append(Trouble(429, retry_after="600"))
        passes, clock = Passes(), Clock()
        passes.look(30, *OLD)
        made = sender(passes, webhook(server), clock)
        for seconds in (50, 120, 640):
            clock.now = at(seconds)
            send(made, passes)
        assert (len(server.refused), len(server.calls)) == (1, 0)
        clock.now = at(660)
        send(made, passes)
        assert len(server.calls) == 3

    def test_a_clock_that_was_ahead_holds_nothing_up(self, server: Slack) -> None:
        """Slack's two minutes are no three hours once the clock is right."""
        server.trouble.append(Trouble(429, retry_after="120"))
        passes, clock = opened(), Clock(3 * 3600)
        made = sender(passes, webhook(server), clock)
        send(made, passes)
        assert (len(server.refused), len(server.calls)) == (1, 0)
        clock.now = at(160)
        send(made, passes)
        assert len(server.calls) == 1

    def test_what_is_new_waits_for_no_update(self, server: Slack) -> None:
        """Though Slack limits changes of the messages that there are."""
        passes, clock = Passes(), Clock()
        passes.look(30, *OLD)
        made = sender(passes, bot(server), clock)
        clock.now = at(50)
        send(made, passes)
        for kind in (Kind.ACKNOWLEDGED, Kind.MITIGATED):
            passes.book.write(
                [replace(each.timeline[0], id=f"{each.id}.{kind}", kind=kind) for each in passes.incidents]
            )
        passes.look(60, *OLD, gateway_errors())
        clock.now = at(90)
        server.refuses["chat.update"] = "ratelimited"
        before = len(server.calls)
        made.send_due([one.id for one in reversed(passes.incidents)])
        assert [str(body["text"])[:8] for _, body in server.calls[before:]] == ["● 5xx at", "Do first"]
        assert server.refused == ["chat.update"]

    def test_what_rings_waits_for_no_change_of_its_own_message(self, server: Slack) -> None:
        """An acknowledgement that the message can't be changed for holds up nothing that got worse."""
        passes, clock = Passes(), Clock()
        passes.look(30, SLOW)
        tell_impact(passes, 30, OPENING, 214)
        made = sender(passes, bot(server), clock)
        send(made, passes)
        person(passes, Kind.ACKNOWLEDGED, 60)
        server.trouble.append(Trouble(429, retry_after="600"))
        before = len(server.calls)
        for seconds in (70, 80, 100):
            clock.now = at(seconds)
            passes.look(seconds, SLOW, *([gateway_errors()] if seconds > 90 else []))
            send(made, passes)
        assert server.refused == ["chat.update"]
        assert [str(body["text"])[:25] for _, body in server.calls[before:]] == ["▲ This has become critica"]

    def test_once_slack_is_back_it_is_told_within_a_minute(
        self, server: Slack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its errors count for no refusals."""
        server.refuses["chat.postMessage"] = "internal_error"
        passes, clock = opened(), Clock()
        made = sender(passes, bot(server), clock)
        monkeypatch.setattr(made._stop, "wait", lambda _: True)  # as if each claim had run out
        for seconds in range(40, 1060, 10):
            clock.now = at(seconds)
            send(made, passes)
        server.refuses.clear()
        clock.now = at(1120)
        send(made, passes)
        assert len(server.calls) == 2
