"""Times and windows, as people and programs write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?([Zz]|[+ -]\d\d:\d\d)?", re.ASCII)
EPOCH_SECONDS = re.compile(r"(\d{1,10})(?:\.(\d{1,9}))?", re.ASCII)
FINER = re.compile(r"\.\d{6}\d*[1-9]", re.ASCII)
"""That a time has more digits than a microsecond."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)  # beyond it a count of nanoseconds leaves 64 bits
LONGEST_MS = (2**63 - 1) // 1_000_000  # the same, of a duration


def parse_duration(text: str) -> timedelta:
    """`250ms`, `90s`, `15m`, `2h`, `1d`, `4w`, or several in a row (`1h30m`). Raises ValueError with a sentence."""
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration: write a number and its unit, such as 90s, 15m, 2h or 1d")
    try:
        return sum((float(number) * UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any duration can be") from None


def parse_time(text: str, now: datetime) -> datetime:
    """The moment that the text names, in UTC, cut to microseconds.

    Takes RFC 3339 (`2026-11-22T10:00:00Z`; UTC where no zone is given), a duration before `now` (`15m`), `now`, and
    seconds since 1970.
    Raises ValueError with a sentence that says what is wrong and what would be right.
    """
    text = text.strip().removesuffix(" ago")
    if text == "now":
        return now
    if match := EPOCH_SECONDS.fullmatch(text):
        moment = EARLIEST + timedelta(seconds=int(match[1]), microseconds=int((match[2] or "")[:6].ljust(6, "0")))
    elif match := RFC3339.fullmatch(text):
        moment = _from_rfc3339(text, *match.groups())
    elif DURATION.match(text):
        moment = _before(now, text)
    else:
        raise ValueError(_no_time(text))
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"{text!r} lies outside the years 1970 to 2261")
    return moment


def parse_end(text: str, now: datetime) -> datetime:
    """The same for an end of a window, rounded up: whatever begins at a microsecond lies before it or not, as written.

    Raises ValueError with a sentence.
    """
    return parse_time(text, now) + timedelta(microseconds=1 if FINER.search(text) else 0)


def _from_rfc3339(text: str, day: str, clock: str | None, zone: str | None) -> datetime:
    offset = (zone or "Z").upper().replace(" ", "+")  # a plus that was not escaped in an address arrives as a space
    try:
        clock, leap = _without_leap_second(clock or "00:00")
        return datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(UTC) + leap
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time: {error}") from None


def _without_leap_second(clock: str) -> tuple[str, timedelta]:
    """The second before a leap second, and what leads from it to the one after, with which computers count it."""
    if clock[5:8] != ":60":
        return clock, timedelta()
    return f"{clock[:5]}:59{clock[8:]}", timedelta(seconds=1)


def _before(now: datetime, text: str) -> datetime:
    try:
        return now - parse_duration(text)
    except OverflowError:
        raise ValueError(f"{text!r} ago lies outside the years 1970 to 2261") from None


def _no_time(text: str) -> str:
    if re.fullmatch(r"\d{11,}", text):
        return f"{text!r} is no time: seconds since 1970 are wanted, not milli- or nanoseconds"
    return f"{text!r} is no time: write 2026-11-22T10:00:00Z, 15m (ago), 2h, 1d, now, or seconds since 1970"


@dataclass(frozen=True)
class Window:
    """What lies between two moments: `from_` belongs to it, `to` does not. Raises ValueError if that is nothing."""

    from_: datetime
    to: datetime

    def __post_init__(self) -> None:
        if self.from_.tzinfo is None or self.to.tzinfo is None:
            raise ValueError("a window's ends need a time zone")
        if self.from_ >= self.to:
            raise ValueError(
                f"the window is empty: it begins at {format_time(self.from_)} and ends at {format_time(self.to)}"
            )

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.to - self.from_


def parse_window(from_: str | None, to: str | None, now: datetime) -> Window:
    """A window as a person asks for it: from an hour ago, to now; an hour before its end if that was earlier.

    Raises ValueError with a sentence.
    """
    end = parse_end(to, now) if to else now
    an_hour = timedelta(hours=1)
    start = parse_end(from_, now) if from_ else (now if end > now - an_hour else end) - an_hour
    return Window(start, end)


def around(moment: datetime, margin: timedelta) -> Window:
    """From so much before a moment to so much after it, as far as one can ask."""
    last = LATEST - timedelta(seconds=1)
    return Window(max(min(moment, last) - margin, EARLIEST), min(moment + margin, last))


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, with as many digits of the second as the moment has."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ms_to_ns(ms: float) -> Decimal:
    """Nanoseconds, by the digits as written: 1.001 ms are 1,001,000, which a float's product misses by a hair."""
    return Decimal(repr(ms)) * 1_000_000


def format_number(number: float) -> str:
    """All of its digits, as it was written: `2000`, `0.5`, `1234567`."""
    return repr(float(number)).removesuffix(".0")


def format_duration(duration: timedelta) -> str:
    """The duration in the largest units that make it up: `1h30m`, `500ms`, `0s`."""
    left = duration
    written = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, UNITS[unit])
        written += f"{count}{unit}" if count else ""
    return written or "0s"
