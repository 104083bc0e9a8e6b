"""Where messages go: a bot's channel, an incoming webhook, or the log.

SlackError
├── SlackBusy      retryable: too much at a time, an error of theirs, or no connection; `wait_s` as they said
└── SlackRefused   final: the token, the channel or the message is wrong
"""

import http.client
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError, SlackClientError

from triage.slack.text import Said

TIMEOUT_S = 10
BUSY = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
LONGEST_WAIT_S = 3600.0
BROKEN = (SlackClientError, OSError, http.client.HTTPException, ValueError, LookupError, AttributeError)
"""What the SDK raises where nothing answers, or something that is not Slack: it trusts what it is sent."""
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{6,20}")

log = logging.getLogger(__name__)


class SlackError(Exception):
    """A message was not sent."""


class SlackBusy(SlackError):
    """Trying again may help, after `wait_s` where they said so."""

    def __init__(self, sentence: str, wait_s: float | None = None) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class SlackRefused(SlackError):
    """Trying again helps nothing before somebody changes something."""


@dataclass(frozen=True)
class Sent:
    """What Slack calls a message."""

    channel: str = ""
    ts: str = ""


class Channel(Protocol):
    """A place for messages. `updates`: messages can be changed, and have threads.

    `shared`: whoever watches sends there, so that what was sent is noted for all. `id` is Slack's, "" if not known.
    """

    updates: bool
    shared: bool
    id: str

    def post(self, said: Said, thread: Sent | None = None, *, loud: bool = False) -> Sent:
        """A new message, or one in a thread (`loud`: shown in the channel too). Raises SlackError."""

    def update(self, sent: Sent, said: Said) -> None:
        """Another text for a message. Raises SlackError."""


class Bot:
    """A bot's channel: messages are kept up to date."""

    updates = True
    shared = True

    def __init__(self, token: str, channel: str, api_url: str) -> None:
        self._client = WebClient(token, base_url=f"{api_url}/", timeout=TIMEOUT_S, retry_handlers=[])
        self._channel = channel
        self.id = channel if CHANNEL_ID.fullmatch(channel) else ""

    def post(self, said: Said, thread: Sent | None = None, *, loud: bool = False) -> Sent:
        """A new message, or one in a thread. Raises SlackError."""
        body: dict[str, object] = {"channel": thread.channel if thread else self._channel}
        if thread:
            body |= {"thread_ts": thread.ts, "reply_broadcast": loud}
        answer = self._call("chat.postMessage", body | _message(said) | QUIET)
        return Sent(str(answer.get("channel") or self._channel), str(answer.get("ts") or ""))

    def update(self, sent: Sent, said: Said) -> None:
        """Another text for a message. Raises SlackError."""
        self._call("chat.update", {"channel": sent.channel, "ts": sent.ts} | _message(said))

    def _call(self, method: str, body: Mapping[str, object]) -> Mapping[str, object]:
        try:
            answer = self._client.api_call(method, json=dict(body))
        except SlackApiError as error:
            data = error.response.data
            what = data.get("error") if isinstance(data, dict) else data
            raise _of_answer(error.response.status_code, error.response.headers, what) from None
        except BROKEN as error:
            raise SlackBusy(f"no answer from Slack ({type(error).__name__})") from None
        data = answer.data
        return data if isinstance(data, dict) else {}


QUIET: dict[str, object] = {"unfurl_links": False, "unfurl_media": False}


def _message(said: Said) -> dict[str, object]:
    return {"text": said.text, "blocks": list(said.blocks), "parse": "none"}


class Webhook:
    """An incoming webhook: messages can't be changed, so only what matters is posted."""

    updates = False
    shared = True
    id = ""

    def __init__(self, url: str) -> None:
        self._client = WebhookClient(url, timeout=TIMEOUT_S, retry_handlers=[])

    def post(self, said: Said, thread: Sent | None = None, *, loud: bool = False) -> Sent:
        """A new message. Raises SlackError."""
        try:
            answer = self._client.send_dict({"text": said.text, "blocks": list(said.blocks), **QUIET})
        except BROKEN as error:
            raise SlackBusy(f"no answer from Slack ({type(error).__name__})") from None
        if answer.status_code != http.client.OK or answer.body.strip() != "ok":  # a proxy's login page is 200, too
            raise _of_answer(answer.status_code, answer.headers, answer.body)
        return Sent()

    def update(self, sent: Sent, said: Said) -> None:
        """Does nothing: a webhook's message stays as it is."""


class Log:
    """The log, where no Slack is configured: each watcher has its own."""

    updates = False
    shared = False
    id = ""

    def post(self, said: Said, thread: Sent | None = None, *, loud: bool = False) -> Sent:
        """Writes the text to the log."""
        log.warning("%s", said.text.replace("\n", "\n  "))
        return Sent()

    def update(self, sent: Sent, said: Said) -> None:
        """Does nothing."""


def _of_answer(status: int, headers: Mapping[str, str | list[str]], error: object) -> SlackError:
    """What an answer other than "ok" means. The address, which is a secret of a webhook, is not in it."""
    what = str(error or "")
    said = f"{status} {what[:80]}".strip()
    if status == http.client.TOO_MANY_REQUESTS or status >= http.client.INTERNAL_SERVER_ERROR or what in BUSY:
        return SlackBusy(f"Slack answers {said}", _retry_after(headers))
    return SlackRefused(f"Slack refuses the message: {said}")


def _retry_after(headers: Mapping[str, str | list[str]]) -> float | None:
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    text = found[0] if isinstance(found, list) and found else found
    try:
        return min(max(float(str(text)), 0.0), LONGEST_WAIT_S) if text is not None else None
    except ValueError:
        return None
