"""How values are written on pages. What telemetry says is hostile text: escaped, isolated, odd characters visible."""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from triage import money
from triage.odd import ODD

NAME_LIMIT = 120  # characters of a name that a line shows
TEXT_LIMIT = 600  # of a text
NBSP = "\u00a0"  # a figure and its unit stay on one line
UNIT = re.compile(r"(?<=\d) (?=(?:%|[nµm]?s|min|h|d|[A-Z]{3})(?!\w))")
BEFORE_MARK = 80  # characters of a text that are shown before what was sought
LONGEST_LINK = 6000  # characters of an address that browsers and servers surely take


def shown(text: str, limit: int = NAME_LIMIT) -> Markup:
    """One line of hostile text: at most `limit` characters, the rest counted; the whole is one tap away."""
    if not text:
        return Markup('<span class="none">(empty)</span>')
    if len(text) <= limit:
        return Markup("<bdi>{}</bdi>").format(_visible(text))
    return Markup('<bdi>{}</bdi><span class="none">… {} characters</span>').format(
        _visible(text[:limit]), f"{len(text):,}"
    )


def marked(text: str, sought: str, limit: int = TEXT_LIMIT) -> Markup:
    """One line of hostile text, from a little before `sought` on, which is marked wherever it is shown."""
    pattern = re.compile(re.escape(sought), re.IGNORECASE) if sought else None
    first = pattern.search(text) if pattern else None
    if pattern is None or first is None:
        return shown(text, limit)
    begin = 0 if first.end() <= limit else max(first.start() - BEFORE_MARK, 0)
    part, last, pieces = text[begin : begin + limit], 0, []
    for hit in pattern.finditer(part):
        pieces += [_visible(part[last : hit.start()]), Markup("<mark>{}</mark>").format(_visible(hit[0]))]
        last = hit.end()
    line = Markup("").join([*pieces, _visible(part[last:])])
    cut = Markup('<span class="none">… {} characters</span>').format(f"{len(text):,}") if len(part) < len(text) else ""
    return Markup("{}<bdi>{}</bdi>{}").format("… " if begin else "", line, cut)


def whole(text: str, limit: int = TEXT_LIMIT) -> Markup:
    """Hostile text with its lines kept; what is longer than `limit` is folded, never cut."""
    if len(text) <= limit:
        return Markup('<span class="text">{}</span>').format(_lines(text)) if text else shown("")
    return Markup(
        '<details class="long"><summary>{}</summary><div class="text" tabindex="0">{}</div></details>'
    ).format(shown(text.replace("\n", " "), min(limit, NAME_LIMIT)), _lines(text))


def _visible(text: str) -> Markup:
    return Markup(ODD.sub(_sign, str(escape(text))))


def _lines(text: str) -> Markup:
    return Markup("\n").join(_visible(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n"))


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    title = unicodedata.name(match[0], f"control character {code:02X}").lower()
    return f'<span class="odd" title="{title}">U+{code:04X}</span>'


def unbroken(text: str) -> str:
    """A sentence of ours, each figure in it on one line with its unit."""
    return UNIT.sub(NBSP, text)


def number(value: float, digits: int | None = None) -> str:
    """A figure with its thousands grouped, and no more digits than it bears: `4,188`, `0.21`, `1.9`."""
    if digits is None:
        digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 1 else _first_digit(value)
    return f"{value:,.{digits}f}"


def _first_digit(value: float) -> int:
    """At which place after the point a fraction has its first digit, at least 2: it is no zero."""
    return max(2, -math.floor(math.log10(abs(value))))


def share(part: float, total: float) -> str:
    """What part of a whole it is, in percent: never "0 %" or "100 %" unless it is just that; "unknown" of nothing."""
    if total <= 0:
        return "unknown"
    percent = 100 * part / total
    if 0 < percent < 0.1:
        return f"under 0.1{NBSP}%"
    if 99.9 < percent < 100:
        return f"over 99.9{NBSP}%"
    return f"{percent:.0f}{NBSP}%" if percent in (0, 100) or 10 <= percent <= 99 else f"{percent:.1f}{NBSP}%"


def duration(milliseconds: float) -> str:
    """A duration in the unit that suits it: `410 µs`, `812 ms`, `1.90 s`, `2 min 5 s`, `3 h 2 min`."""
    if milliseconds < 0:
        return "−" + duration(-milliseconds)
    for unit, ms in (("ns", 1e-6), ("µs", 1e-3), ("ms", 1.0)):
        if 0 < milliseconds < 999.5 * ms:
            return f"{milliseconds / ms:.3g}{NBSP}{unit}"
    if milliseconds == 0:
        return f"0{NBSP}ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.2f}{NBSP}s" if seconds < 10 else f"{seconds:.1f}{NBSP}s"
    return _long(round(seconds))


def _long(seconds: int) -> str:
    for unit, part, name, part_name in ((86400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s")):
        if seconds >= unit:
            left = seconds % unit // part
            return f"{seconds // unit:,}{NBSP}{name}" + (f" {left}{NBSP}{part_name}" if left else "")
    return f"{seconds}{NBSP}s"


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now` it was, in words; "just now" within two seconds."""
    passed = (now - moment) / timedelta(milliseconds=1)
    if abs(passed) < 2000:
        return "just now"
    return f"{_long(round(passed / 1000))} ago" if passed > 0 else f"in {_long(round(-passed / 1000))}"


def interval(seconds: int) -> str:
    """A round length of time: `30 s`, `5 min`."""
    return _long(seconds).replace(f" 0{NBSP}s", "").replace(f" 0{NBSP}min", "").replace(f" 0{NBSP}h", "")


def since(moment: datetime, now: datetime) -> str:
    """For how long it has been so: `14 min`, `2 h 5 min`; whole minutes once there are some."""
    seconds = max(round((now - moment).total_seconds()), 0)
    return interval(seconds if seconds < 60 else seconds // 60 * 60)


def amounts(by_currency: Mapping[str, Decimal | float]) -> str:
    """Amounts of money, each unbroken and with its currency: `18,211.40 EUR + 3.00 USD`."""
    return money.amounts(by_currency, NBSP)


def size(count: float) -> str:
    """An amount of data: `812 B`, `1.4 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{number(count)}{NBSP}{unit}"
        count /= 1000
    raise AssertionError


def error_words(error: str) -> str:
    """An error as the span says it; a bare HTTP status code says what it is."""
    return f"HTTP {error}" if re.fullmatch("[1-5][0-9]{2}", error, re.ASCII) else error


def plural(count: float, noun: str, plural_noun: str = "") -> str:
    """A count with its noun: `1 customer`, `4,188 failures`."""
    return f"{number(count)} {noun if count == 1 else plural_noun or noun + 's'}"


def clock(moment: datetime, like: datetime | None = None, *, precise: bool = False, short: bool = False) -> Markup:
    """A moment in UTC as `<time>`: with its date unless that is `like`'s; the reader's own zone is added by page.js.

    `short` leaves out seconds that are zero, `precise` adds milliseconds.
    """
    moment = moment.astimezone(UTC)
    same_day = like is not None and moment.date() == like.astimezone(UTC).date()
    text = moment.strftime("%H:%M" if short and not moment.second else "%H:%M:%S")
    if precise:
        text += f".{moment.microsecond // 1000:03}"
    if not same_day:
        text = f"{moment.day} {moment:%b %Y} {text}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat().replace("+00:00", "Z"), text)


def customer_path(customer: str) -> str | None:
    """The address of a customer's page, whatever they are called; None where the name is too long for an address."""
    if customer in {"", ".", ".."}:  # browsers resolve these segments away, escaped or not
        return f"/customers?{urlencode({'id': customer})}"
    path = f"/customers/{quote(customer, safe='', errors='replace')}"
    return path if len(path) <= LONGEST_LINK else None


def trace_path(trace_id: str, span_id: str = "") -> str:
    """The address of a trace's page, with a span of it in view."""
    return f"/traces/{quote(trace_id, safe='')}" + (f"?{urlencode({'span': span_id})}" if span_id else "")


def search_path(kind: str, asked: Mapping[str, str]) -> str | None:
    """The address of a search for traces or log records; None where it asks for a name too long for an address."""
    path = f"/search?{urlencode({'kind': kind} | dict(asked), errors='replace')}"
    return path if len(path) <= LONGEST_LINK else None
