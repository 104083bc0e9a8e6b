"""Cursors: opaque text that says where the next page begins."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime

from dashboards.problems import BadParameters, FieldError

WRONG = "this is no cursor of ours: take `next` of the page before as it is, or leave it out to start again"


def write_cursor(parts: Sequence[str | int]) -> str:
    """A cursor that holds the parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, kinds: Sequence[type[str] | type[int]]) -> list[str | int]:
    """The parts of a cursor, of just these types. Raises BadParameters."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise bad_cursor() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise bad_cursor()
    return parts


def cursor_time(text: str) -> datetime:
    """A moment that a cursor holds. Raises BadParameters, also where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_cursor() from None
    if moment.tzinfo is None:  # it could not be compared with ours
        raise bad_cursor()
    return moment


def bad_cursor(why: str = WRONG) -> BadParameters:
    """The problem that a wrong cursor is."""
    return BadParameters([FieldError("cursor", why)])
