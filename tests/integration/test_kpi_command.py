"""`triage kpi score` as its users meet it."""

import csv
import io
from pathlib import Path

import pytest

from triage.cli import main
from triage.kpi.scoring.series import parse_moment

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
    assert "1 row out of the order of time" in told
    assert "2 rows without a value" in told
    assert "1 row with the time of another" in told


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("60,1\n120,2\n", ["timestamp,value,score", "60,1,0.000000", "120,2,0.000000"]),
        ("60,1,x\n", ["timestamp,value,column_3,score", "60,1,x,0.000000"]),
        ('\ufeff"timestamp","value"\r\n60,1\r\n', ["timestamp,value,score", "60,1,0.000000"]),
        ("Timestamp, Value\n2026-11-01 00:00,1\n", ["Timestamp, Value,score", "2026-11-01 00:00,1,0.000000"]),
        ("timestamp,value\n", ["timestamp,value,score"]),
        ("timestamp,value\n1,inf\n2,1e300\n3,-Infinity\n", ["timestamp,value,score", "1,inf,0.000000",
                                                            "2,1e300,0.000000", "3,-Infinity,0.000000"]),
    ],
)  # fmt: skip
def test_files_as_other_programs_write_them(
    text: str, printed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """With a header or without, a byte order mark, CRLF, other capitals, no rows, numbers beyond all measure."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    for source in (written(tmp_path / "a.csv", text), "-"):
        assert main(["kpi", "score", source]) == 0
        assert capsys.readouterr().out.splitlines() == printed


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_epoch_times_in_any_unit_are_the_same_moments(unit: int):
    """Seconds, milliseconds, microseconds and nanoseconds since 1970."""
    assert parse_moment(str(1_790_000_000 * unit)) == parse_moment("2026-09-21T14:13:20Z")


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
        ("timestamp,value\n1e30,2\n", "row 1: '1e30' in column timestamp is no time"),
        ("timestamp,value\n0001-01-01T00:00:00+14:00,2\nx,2\n", "is no time"),
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
