"""What is written to a terminal."""

import time

import pytest

from triage.terminal import clip, columns, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("K/17@é", "K/17@é"),
        ("客户 7", "客户 7"),
        ("\x1b[2J\x1b[31mc-1", "\\x1b[2J\\x1b[31mc-1"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("\u202edrow", "\\u202edrow"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_text_from_outside_cannot_steer_the_terminal(text: str, shown: str) -> None:
    """Control characters, and those that turn the direction, are written out."""
    assert printable(text) == shown


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    """Figures stand at the right; a column that nobody fills takes no room; a row stays one line."""
    rows = [("c-1", "2", "", "x\ny"), ("客户", "1,204", "", "")]
    assert list(columns(("WHO", "FAILURES", "NOTHING", "WHAT"), rows, right={"FAILURES"})) == [
        "WHO   FAILURES  WHAT",
        "c-1          2  x\\ny",
        "客户     1,204",
    ]


def test_lines_are_clipped_to_the_terminal() -> None:
    """With an ellipsis, and by cells: a wide character takes two."""
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdefg", 6) == "abcde…"
    assert clip("客户客户", 6) == "客户…"
    assert max(map(len, columns(("A",), [("x" * 50,)], width=10))) == 10


def test_one_endless_name_hides_nothing_and_holds_nothing_up() -> None:
    """What stands in the columns after it is seen; it takes no longer than to read the name once."""
    endless, started = "x" * 1_000_000, time.monotonic()
    lines = list(columns(("WHO", "OUTCOME", "WHAT"), [(endless, "recovered", endless), ("c-1", "", "")], width=100))
    assert "recovered" in lines[1]
    assert max(map(len, lines)) <= 100
    assert time.monotonic() - started < 10
