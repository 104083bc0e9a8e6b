"""Cursors: opaque text that says where the next page begins."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from dashboards.problems import BadParameters, FieldError
from triage.window import EARLIEST, LATEST, Window, format_time

Item = TypeVar("Item")

WRONG = "this is no cursor of ours: take `next` of the page before as it is, or leave it out to start again"


def write_cursor(parts: Sequence[str | int]) -> str:
    """A cursor that holds the parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, kinds: Sequence[type[str] | type[int]]) -> list[str | int]:
    """The parts of a cursor, of just these types, all of which the store can be told. Raises BadParameters."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        json.dumps(parts, ensure_ascii=False).encode()  # a half of a character can't be told to the store
    except (ValueError, binascii.Error, RecursionError):
        raise bad_cursor() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise bad_cursor()
    if any(isinstance(part, int) and abs(part) >= 1 << 63 for part in parts):
        raise bad_cursor()
    return parts


def cursor_time(text: str) -> datetime:
    """A moment that a cursor holds. Raises BadParameters, also where it names no zone or the store can't tell it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_cursor() from None
    if moment.tzinfo is None or not EARLIEST <= moment < LATEST:
        raise bad_cursor()
    return moment


def cursor_window(from_: str, to: str) -> Window:
    """A window that a cursor holds. Raises BadParameters."""
    try:
        return Window(cursor_time(from_), cursor_time(to))
    except ValueError:
        raise bad_cursor() from None


def window_parts(window: Window) -> tuple[str, str]:
    """The same as a cursor holds it."""
    return format_time(window.from_), format_time(window.to)


def page_at(items: Sequence[Item], start: int, limit: int, *pinned: str | int) -> tuple[Sequence[Item], str | None]:
    """A page of a list that is at hand, and the cursor of the next one: where it begins, then what it pins."""
    end = start + limit
    return items[start:end], write_cursor((end, *pinned)) if end < len(items) else None


def bad_cursor(why: str = WRONG) -> BadParameters:
    """The problem that a wrong cursor is."""
    return BadParameters([FieldError("cursor", why)])
