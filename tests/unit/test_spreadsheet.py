"""CSV that a spreadsheet may open: no cell runs as a formula, and every text comes back."""

import csv
import io

import pytest

from triage.spreadsheet import line


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|x",
        "\t=1",
        "\r=1",
        "＝1+1",
        "＋A1",
        "o-1;=HYPERLINK(1)",
        "a\n=1",
    ],
)
def test_what_would_run_as_a_formula_does_not(text: str) -> None:
    """Wherever a cell may begin: at its start, and after a semicolon or a line's end."""
    (row,) = csv.reader(io.StringIO(line([text])))
    for part in row[0].replace("\n", ";").split(";"):
        assert not part.startswith(("=", "@", "+", "-", "\t", "\r", "＝", "＋", "－"))
    assert row[0].replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["o-9", "+49 30 12345", "-3", "c-17; c-18", "K/17@é", 'say "a, b"', "", "lsn=4; x"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    """Ids, telephones, negative numbers, several joined."""
    assert next(csv.reader(io.StringIO(line([text])))) == ([text] if text else [""])
