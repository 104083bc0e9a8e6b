"""Times and windows, as people and programs write them."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.window import (
    LATEST,
    Window,
    format_duration,
    format_number,
    format_time,
    ms_to_ns,
    parse_duration,
    parse_time,
    parse_window,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:00:00Z", at(10)),
        ("2026-11-22t10:00:00z", at(10)),
        ("2026-11-22 10:00:00Z", at(10)),
        ("2026-11-22T10:00Z", at(10)),
        ("2026-11-22T12:30:00+02:30", at(10)),
        ("2026-11-22T12:30:00 02:30", at(10)),
        ("2026-11-22T10:00:00", at(10)),
        ("2026-11-22", at(0)),
        ("2026-11-22T10:00:00.123456789Z", at(10, microsecond=123456)),
        ("2026-11-22T09:59:60Z", at(10)),
        ("2026-11-22T11:59:60.5+02:00", at(10, microsecond=500000)),
        ("2026-11-22T10:00:60Z", at(10, 1)),
        ("15m", at(11, 45)),
        ("2h", at(10)),
        ("2h ago", at(10)),
        ("1h30m", at(10, 30)),
        ("1d", NOW - timedelta(days=1)),
        ("90s", at(11, 58, 30)),
        ("now", NOW),
        (" now ", NOW),
        ("1795341600", at(10)),
        ("1795341600.5", at(10, microsecond=500000)),
        ("1795341600.123456789", at(10, microsecond=123456)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_every_way_it_may_be_written(text: str, moment: datetime) -> None:
    """RFC 3339 in any zone, a duration ago, now, and seconds since 1970."""
    assert parse_time(text, NOW) == moment
    assert parse_time(text, NOW).tzinfo == UTC


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no time"),
        ("yesterday", "is no time: write"),
        ("15 m", "is no time: write"),
        ("15q", "is no time: write"),
        ("15m hence", "is no duration"),
        ("-15m", "is no time"),
        ("2026-13-22T10:00:00Z", "month must be in 1..12"),
        ("2026-02-30T10:00:00Z", "day is out of range"),
        ("2026-11-22T25:00:00Z", "hour must be in 0..23"),
        ("1795341600000", "not milli- or nanoseconds"),
        ("0001-01-01T00:00:00+10:00", "is no time"),
        ("2300-01-01T00:00:00Z", "outside the years"),
        ("99999d", "outside the years"),
        ("9999999d", "outside the years"),
        ("99999999999999d", "longer than any duration"),
        ("٣h", "is no"),
    ],
)
def test_what_is_no_time_is_told_in_a_sentence(text: str, sentence: str) -> None:
    """The sentence names the text, and what would be right."""
    with pytest.raises(ValueError, match=sentence) as caught:
        parse_time(text, NOW)
    assert text in str(caught.value)


@given(st.text())
def test_no_text_brings_anything_but_a_time_or_a_sentence(text: str) -> None:
    """Whatever is written, the answer is a moment in UTC or a ValueError."""
    with contextlib.suppress(ValueError):
        assert parse_time(text, NOW).tzinfo == UTC


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=LATEST.replace(tzinfo=None), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_time_that_is_written_is_read_back(moment: datetime) -> None:
    """format_time and parse_time are each other's inverse."""
    if moment < LATEST:
        assert parse_time(format_time(moment), NOW) == moment


def test_durations_add_up() -> None:
    """Several in a row are one."""
    assert parse_duration("1d2h3m4s5ms") == timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)
    assert parse_duration("1.5h") == timedelta(minutes=90)


def test_a_duration_is_written_in_the_units_that_make_it_up() -> None:
    """And read back as the same."""
    assert format_duration(timedelta(days=14)) == "14d"
    assert format_duration(timedelta(minutes=90, milliseconds=5)) == "1h30m5ms"
    assert format_duration(timedelta()) == "0s" == format_duration(parse_duration("0m"))


def test_a_window_is_the_last_hour_where_nothing_else_is_said() -> None:
    """`from` defaults to an hour ago, or to an hour before an end that is no later; `to` to now."""
    assert parse_window(None, None, NOW) == Window(at(11), at(12))
    assert parse_window(None, "1h", NOW) == Window(at(10), at(11))
    assert parse_window("15m", None, NOW) == Window(at(11, 45), at(12))
    assert parse_window(None, "30m", NOW) == Window(at(11), at(11, 30))
    assert parse_window(None, "3h", NOW) == Window(at(8), at(9))
    assert parse_window(None, "2026-11-22T13:00:00Z", NOW) == Window(at(11), at(13))


@pytest.mark.parametrize("form", ["2026-11-22T10:00:00.{}Z", "1795341600.{}"])
def test_the_ends_of_a_window_are_not_cut(form: str) -> None:
    """Of what begins at whole microseconds, all from `from` on and before `to` is in it, and no more."""
    for digits, microsecond in (("123456", 123456), ("123456000", 123456), ("123456001", 123457), ("1234569", 123457)):
        end = at(10, microsecond=microsecond)
        assert parse_window(form.format(digits), "1h", NOW).from_ == end
        assert parse_window("3h", form.format(digits), NOW).to == end


def test_a_window_that_holds_nothing_is_refused() -> None:
    """Its ends the wrong way round, or the same."""
    for ends in (("1h", "2h"), ("1h", "1h")):
        with pytest.raises(ValueError, match="the window is empty: it begins at 2026-11-22T11:00:00Z and ends at"):
            parse_window(*ends, NOW)


@pytest.mark.parametrize("written", ["0", "2000", "0.5", "1000.001", "1234567"])
def test_a_number_keeps_its_digits(written: str) -> None:
    """A link that shortened it would ask something else."""
    assert format_number(float(written)) == written


@pytest.mark.parametrize(("ms", "ns"), [(1.001, 1_001_000), (4503599627.370497, 4503599627370497)])
def test_a_duration_that_was_told_is_asked_for_to_the_nanosecond(ms: float, ns: int) -> None:
    """As the digits say it, though their float lies a hair beside."""
    assert int(ms_to_ns(ms)) == ns
