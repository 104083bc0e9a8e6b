"""The buttons under a message: proof that Slack sends what was pressed, and what it means."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from triage.odd import one_line
from triage.slack.text import ACKNOWLEDGE, MITIGATE

VERSION = "v0"
SKEW = timedelta(seconds=300)
BY_SLACK = " (Slack)"
"""Stands after the name of who pressed a button there."""
MEANINGS = {ACKNOWLEDGE: "ack", MITIGATE: "mitigate"}


class NotSlack(Exception):
    """What was posted does not prove that Slack sent it."""


class WrongPayload(ValueError):
    """Slack sent it, but it is nothing that we know."""


@dataclass(frozen=True)
class Pressed:
    """A button that somebody pressed."""

    incident: str
    action: str
    author: str


def check_signature(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> None:
    """Raises NotSlack unless the body was signed with the secret within the last five minutes, or the next."""
    if not secret or not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
        raise NotSlack("the request carries no time that Slack would have signed")
    if abs(now.timestamp() - int(timestamp)) > SKEW.total_seconds():
        raise NotSlack("the request is older than five minutes, or this machine's clock is wrong")
    signed = b":".join((VERSION.encode(), timestamp.encode(), body))
    expected = f"{VERSION}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise NotSlack("the request is not signed with TRIAGE_SLACK_SIGNING_SECRET")


def read_pressed(body: bytes) -> list[Pressed]:
    """What was pressed. Raises WrongPayload."""
    try:
        payload = json.loads(parse_qs(body.decode("utf-8"), max_num_fields=10)["payload"][0])
        user = payload.get("user") or {}
        author = user.get("username") or user.get("name") or user.get("id") or ""
        return [
            Pressed(str(each["value"]), MEANINGS[each["action_id"]], one_line(str(author)) + BY_SLACK)
            for each in payload.get("actions") or ()
            if each.get("action_id") in MEANINGS
        ]
    except (UnicodeDecodeError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        raise WrongPayload("payload: this is no interaction as Slack describes them") from None
