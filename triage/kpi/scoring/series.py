"""Reads a series from CSV text: rows, times and values; what can't be read is said in a sentence."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})
LATEST = 253_402_300_800.0  # the year 10,000: a larger number of seconds is no time


class SeriesError(ValueError):
    """The text is no series: what and where."""


@dataclass(frozen=True)
class Series:
    """The rows with their header; `times` in epoch seconds, a missing value is nan."""

    header: list[str]
    rows: list[list[str]]
    times: list[float]
    values: list[float]

    @property
    def remarks(self) -> list[str]:
        """What a reader should know of the rows."""
        backward = sum(1 for one, other in zip(self.times, self.times[1:], strict=False) if other < one)
        again = len(self.times) - len(set(self.times))
        missing = sum(1 for value in self.values if not isfinite(value))
        return [
            *([f"{backward} rows stand before an earlier one: judged in the order of time"] if backward else []),
            *([f"{again} rows have the time of another: judged one after the other"] if again else []),
            *([f"{missing} rows have no value: their score is 0"] if missing else []),
        ]


def read_series(lines: Iterable[str], name: str, time: str = "timestamp", value: str = "value") -> Series:
    """The series of a CSV text with a header; raises SeriesError."""
    try:
        header, *rows = (row for row in csv.reader(lines) if row)
    except csv.Error as error:
        raise SeriesError(f"{name} is no CSV: {error}") from None
    except ValueError:
        raise SeriesError(f"{name} is empty: a header with {time} and {value} was expected") from None
    header[0] = header[0].removeprefix("\ufeff")
    at, of = (_column(header, column, option, name) for column, option in ((time, "--time"), (value, "--value")))
    times, values = [], []
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise SeriesError(f"{name}: row {number} has {len(row)} fields, the header {len(header)}")
        try:
            times.append(parse_moment(row[at]))
        except ValueError:
            raise SeriesError(
                f"{name}: row {number}: {row[at]!r} in column {time} is no time: RFC 3339, YYYY-MM-DD HH:MM:SS"
                " or epoch seconds"
            ) from None
        try:
            values.append(_number(row[of]))
        except ValueError:
            raise SeriesError(f"{name}: row {number}: {row[of]!r} in column {value} is no number") from None
    return Series(header, rows, times, values)


def parse_moment(text: str) -> float:
    """Epoch seconds of a time; one without a zone is UTC."""
    text = text.strip()
    try:
        seconds = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not abs(seconds) < LATEST:
        raise ValueError(text)
    return seconds


def _number(text: str) -> float:
    text = text.strip()
    value = float("nan") if text.lower() in MISSING else float(text)
    return value if abs(value) < 1e150 else float("nan")


def _column(header: list[str], wanted: str, option: str, name: str) -> int:
    if wanted not in header:
        raise SeriesError(f"{name} has no column {wanted!r}: it has {', '.join(header)} (choose with {option})")
    return header.index(wanted)
