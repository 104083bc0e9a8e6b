"""Reads a series from CSV text: rows, times and values; what can't be read is said in a sentence."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})
EPOCH_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Numbers below so much are seconds since 1970, then milliseconds, micro- and nanoseconds; above all, no time."""
TIME, VALUE = "timestamp", "value"


class SeriesError(ValueError):
    """The text is no series: what and where."""


@dataclass(frozen=True)
class Series:
    """The rows with their header; `times` in epoch seconds, a missing value is nan."""

    header: list[str]
    rows: list[list[str]]
    times: list[float]
    values: list[float]
    had_header: bool = True

    @property
    def remarks(self) -> list[str]:
        """What a reader should know of the rows."""
        backward = sum(1 for one, other in zip(self.times, self.times[1:], strict=False) if other < one)
        again = len(self.times) - len(set(self.times))
        missing = sum(1 for value in self.values if not isfinite(value))
        return [
            *([] if self.had_header else [f"no header: the first column is read as {TIME}, the second as {VALUE}"]),
            *_of_rows(backward, "{} out of the order of time: judged in it"),
            *_of_rows(again, "{} with the time of another: judged one after the other"),
            *_of_rows(missing, "{} without a value: scored 0"),
        ]


def _of_rows(count: int, remark: str) -> list[str]:
    return [remark.format("1 row" if count == 1 else f"{count:,} rows")] if count else []


def read_series(lines: Iterable[str], name: str, time: str = TIME, value: str = VALUE) -> Series:
    """The series of a CSV text, with a header or without; raises SeriesError."""
    try:
        rows = [row for row in csv.reader(_without_mark(lines)) if row]
    except csv.Error as error:
        raise SeriesError(f"{name} is no CSV: {error}") from None
    if not rows:
        raise SeriesError(f"{name} is empty: a header with {time} and {value} was expected")
    had_header = not _is_data(rows[0]) or (time, value) != (TIME, VALUE)
    header = rows.pop(0) if had_header else [TIME, VALUE, *(f"column_{at}" for at in range(3, len(rows[0]) + 1))]
    at, of = (_column(header, column, option, name) for column, option in ((time, "--time"), (value, "--value")))
    times, values = [], []
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise SeriesError(f"{name}: row {number} has {len(row)} fields, {len(header)} were expected")
        try:
            times.append(parse_moment(row[at]))
        except ValueError:
            raise SeriesError(
                f"{name}: row {number}: {row[at]!r} in column {time} is no time: RFC 3339, YYYY-MM-DD HH:MM:SS"
                " or the time since 1970"
            ) from None
        try:
            values.append(_number(row[of]))
        except ValueError:
            raise SeriesError(f"{name}: row {number}: {row[of]!r} in column {value} is no number") from None
    return Series(header, rows, times, values, had_header)


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Without the byte order mark that some programs begin a text with."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")


def _is_data(row: list[str]) -> bool:
    """Whether a first row is a time and a value, and so no header."""
    try:
        parse_moment(row[0])
        _number(row[1])
    except (ValueError, IndexError):
        return False
    return True


def parse_moment(text: str) -> float:
    """Epoch seconds of a time, given as text (without a zone it is UTC) or as a number; raises ValueError."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except OverflowError:
            raise ValueError(text) from None
    for below, parts in EPOCH_UNITS:
        if abs(number) < below:
            return number / parts
    raise ValueError(text)


def _number(text: str) -> float:
    text = text.strip()
    value = float("nan") if text.lower() in MISSING else float(text)
    return value if abs(value) < 1e150 else float("nan")


def _column(header: list[str], wanted: str, option: str, name: str) -> int:
    """By the name as it is written, else without regard to case and to blanks around it."""
    if wanted in header:
        return header.index(wanted)
    alike = [at for at, column in enumerate(header) if column.strip().lower() == wanted.lower()]
    if len(alike) != 1:
        raise SeriesError(f"{name} has no column {wanted!r}: it has {', '.join(header)} (choose with {option})")
    return alike[0]
