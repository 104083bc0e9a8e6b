"""A cursor that somebody made up is refused with a sentence, whatever it holds."""

import base64
import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboards.api.cursors import cursor_time, cursor_window, read_cursor, window_parts, write_cursor
from dashboards.problems import BadParameters
from triage.affected.cursor import Cursor
from triage.model import Question
from triage.window import Window

EARLY, LATE = datetime(2026, 11, 25, 5, tzinfo=UTC), datetime(2026, 11, 25, 6, tzinfo=UTC)
QUESTION = Question(from_=EARLY, to=LATE, service="payment", slower_than_ms=1.5, as_of=LATE)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "1h", "2026-11-25T05:00:00", "2026-11-25", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z",
     "2262-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_a_moment_that_cannot_be_told_is_refused(text: str) -> None:
    """One without a zone can't be compared with an incident's, one of another age not told to the store."""
    with pytest.raises(BadParameters, match="no cursor of ours"):
        cursor_time(text)


def test_a_moment_as_we_write_it_is_read() -> None:
    """What a page's `next` holds comes back the same."""
    moment = datetime(2026, 11, 25, 5, 0, 0, 1, tzinfo=UTC)
    assert cursor_time(moment.isoformat()) == moment
    window = Window(EARLY, moment.replace(hour=6))
    assert cursor_window(*window_parts(window)) == window


@pytest.mark.parametrize("parts", [("\ud800", 0), ("a", 1 << 63), ("a", -(1 << 63)), ("a", 10**30), ("a", ""), ("a",)])
def test_a_part_that_the_store_cannot_be_told_is_refused(parts: tuple[str | int, ...]) -> None:
    """A half of a character, a number of more than 64 bits; what is read is as it was written."""
    assert read_cursor(write_cursor(("é\x00🙂", (1 << 63) - 1)), (str, int)) == ["é\x00🙂", (1 << 63) - 1]
    with pytest.raises(BadParameters, match="no cursor of ours"):
        read_cursor(write_cursor(parts), (str, int))


@pytest.mark.parametrize("question", [QUESTION, Question(from_=EARLY, to=LATE)])
def test_a_question_comes_back_as_it_was_asked(question: Question) -> None:
    """With the last customer that was shown."""
    cursor = Cursor(question, 3, "K/17@é")
    assert Cursor.read(cursor.written()) == cursor


@pytest.mark.parametrize(
    "made_up",
    [
        Cursor(replace(QUESTION, from_=datetime(1, 1, 1, tzinfo=UTC))),
        Cursor(replace(QUESTION, to=datetime(9999, 12, 31, tzinfo=UTC))),
        Cursor(replace(QUESTION, as_of=datetime(9999, 12, 31, tzinfo=UTC))),
        Cursor(replace(QUESTION, as_of=datetime(2026, 11, 25))),  # noqa: DTZ001 - without a zone
        Cursor(replace(QUESTION, from_=LATE, to=EARLY)),
        Cursor(replace(QUESTION, slower_than_ms=-5)),
        Cursor(QUESTION, 1 << 63),
    ],
)
def test_a_question_that_the_store_cannot_be_asked_is_refused(made_up: Cursor) -> None:
    """Years that it can't tell, a window that holds nothing, numbers that are none."""
    with pytest.raises(ValueError, match="no cursor of ours"):
        Cursor.read(made_up.written())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_question_with_a_number_that_is_none_is_refused(number: float) -> None:
    """As JSON's readers take it, though JSON has none."""
    text = base64.urlsafe_b64decode(Cursor(QUESTION).written() + "==")
    told = json.loads(text)
    told["question"]["slower_than_ms"] = number
    with pytest.raises(ValueError, match="no cursor of ours"):
        Cursor.read(base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("="))
