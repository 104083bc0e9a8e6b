"""`triage kpi score` as its users meet it."""

import csv
import io
from pathlib import Path

import pytest

from triage.cli import main

pytestmark = pytest.mark.integration


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def hours(count: int) -> str:
    return "".join(f"2026-11-{1 + row // 24:02} {row % 24:02}:00:00,{100 + row % 7}\n" for row in range(count))


def test_rows_come_back_with_a_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """All columns are kept, `score` is added, and the odd row has the highest."""
    file = written(tmp_path / "a.csv", "timestamp,value\n" + hours(300) + "2026-11-20T00:00:00Z,900\n")
    assert main(["kpi", "score", file]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["timestamp", "value", "score"]
    assert len(rows) == 301
    assert max(rows, key=lambda row: float(row["score"])) == rows[-1]


def test_columns_epoch_seconds_and_missing_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The columns can be named; disorder, duplicates and missing values are said, and score."""
    file = written(tmp_path / "a.csv", "when,shop,n\n60,a,1\n0,a,2\n60,a,\n120,a,NaN\n")
    assert main(["kpi", "score", file, "--time", "when", "--value", "n", "--direction", "down"]) == 0
    out, told = capsys.readouterr()
    assert out.splitlines()[0] == "when,shop,n,score"
    assert out.splitlines()[3:] == ["60,a,,0.000000", "120,a,NaN,0.000000"]
    assert "1 rows stand before" in told
    assert "2 rows have no value" in told
    assert "1 rows have the time of another" in told


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """- reads standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("timestamp,value\n0,1\n"))
    assert main(["kpi", "score", "-"]) == 0
    assert capsys.readouterr().out == "timestamp,value,score\n0,1,0.000000\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("time,value\n1,2\n", "no column 'timestamp'"),
        ("timestamp,value\n1,2\n2,many\n", "row 2: 'many' in column value is no number"),
        ("timestamp,value\nyesterday,2\n", "row 1: 'yesterday' in column timestamp is no time"),
        ("timestamp,value\n1\n", "row 1 has 1 fields"),
        ("timestamp,value,score\n1,2,3\n", "column 'score' already"),
    ],
)
def test_bad_input_is_said_in_one_sentence(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit status 2, what and where, nothing on standard output."""
    assert main(["kpi", "score", written(tmp_path / "a.csv", text)]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit status 2 and its name."""
    assert main(["kpi", "score", str(tmp_path / "none.csv")]) == 2
    assert "can't be read" in capsys.readouterr().err
