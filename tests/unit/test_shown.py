"""How values are written on pages: hostile text harmless, figures readable."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from dashboards.pages.shown import (
    LONGEST_LINK,
    ago,
    clock,
    customer_path,
    duration,
    marked,
    number,
    share,
    shown,
    size,
    unbroken,
    whole,
)

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("hostile", ["<script>", "\"onload='x'", "&amp;", "</bdi>"])
def test_markup_is_text(hostile: str) -> None:
    """It is escaped once, and isolated from what stands beside it."""
    for written in (shown(hostile), whole(hostile)):
        assert str(written).count("<") == 2  # of the element that it is isolated in
        assert written.unescape().count(hostile) >= 1


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\n"])
def test_what_cannot_be_seen_is_made_visible(odd: str) -> None:
    """Controls, bidi marks and what has no width are shown by their code."""
    assert f"U+{ord(odd):04X}" in shown(f"a{odd}b")
    assert odd not in shown(f"a{odd}b")


def test_lines_stay_lines_in_a_text() -> None:
    """A stack trace keeps its shape."""
    assert "one\ntwo three" in whole("one\r\ntwo\tthree")


def test_endless_text_is_folded_and_never_lost() -> None:
    """A line says how long it is; the whole is there, folded."""
    endless = "x" * 100_000
    assert len(shown(endless)) < 300
    assert "100,000 characters" in shown(endless)
    assert endless in whole(endless)
    assert whole(endless).startswith("<details")


@pytest.mark.parametrize("name", ["K/17@é", "a b", "a?b#c", "%2e", "<b>", "..x", "a/../b", "名前"])
def test_every_customer_has_an_address(name: str) -> None:
    """One segment of a path, from which the name comes back."""
    path = customer_path(name)
    assert path is not None
    prefix, segment = path.rsplit("/", 1)
    assert (prefix, unquote(segment)) == ("/customers", name)


@pytest.mark.parametrize("name", [".", "..", ""])
def test_names_that_browsers_resolve_away_go_by_parameter(name: str) -> None:
    """`/customers/..` would be another page."""
    assert (customer_path(name) or "").startswith("/customers?id=")


def test_a_name_too_long_for_an_address_has_none() -> None:
    """Servers and browsers would cut it."""
    assert customer_path("x" * LONGEST_LINK) is None


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [(0, "0 ms"), (0.000005, "5 ns"), (0.581, "581 µs"), (66.2, "66.2 ms"), (999.6, "1.00 s"), (12_340, "12.3 s"),
     (59_990, "1 min"), (125_000, "2 min 5 s"), (11_000_000, "3 h 3 min"), (-5, "−5 ms")],
)  # fmt: skip
def test_durations_have_the_unit_that_suits(milliseconds: float, written: str) -> None:
    """And no more digits than they bear."""
    assert duration(milliseconds).replace("\xa0", " ") == written


@pytest.mark.parametrize(
    ("part", "total", "written"),
    [(0, 10, "0 %"), (1, 100_000, "under 0.1 %"), (99_999, 100_000, "over 99.9 %"), (10, 10, "100 %"),
     (31, 100, "31 %"), (2, 150, "1.3 %"), (0, 0, "unknown")],
)  # fmt: skip
def test_shares_are_never_rounded_to_all_or_none(part: float, total: float, written: str) -> None:
    """And nothing of nothing is unknown."""
    assert share(part, total).replace("\xa0", " ") == written


def test_figures_are_grouped() -> None:
    """Thousands apart, small ones with the digits that matter."""
    assert [number(value) for value in (4188, 18211.44, 1.94, 0.214, 2.0)] == ["4,188", "18,211", "1.9", "0.21", "2"]
    assert [number(value) for value in (0.0123, 0.002, -0.00046, 0.0)] == ["0.01", "0.002", "-0.0005", "0"]
    assert [size(count).replace("\xa0", " ") for count in (812, 1_400_000)] == ["812 B", "1.4 MB"]


def test_moments_are_utc_with_the_day_unless_it_is_told() -> None:
    """Machine-readable too."""
    assert clock(NOON).striptags() == "22 Nov 2026 12:00:00"
    assert clock(NOON, NOON).striptags() == "12:00:00"
    assert clock(NOON, NOON, short=True).striptags() == "12:00"
    assert clock(NOON, NOON, precise=True).striptags() == "12:00:00.250"
    assert 'datetime="2026-11-22T12:00:00.250000Z"' in clock(NOON)
    assert ago(NOON - timedelta(seconds=90), NOON).replace("\xa0", " ") == "1 min 30 s ago"


def test_what_was_sought_is_marked_as_text() -> None:
    """Whatever its case, everywhere, from a little before the first; without it the line is shown as any other."""
    assert str(marked("A <b> a <B>", "<b>")) == "<bdi>A <mark>&lt;b&gt;</mark> a <mark>&lt;B&gt;</mark></bdi>"
    assert "<mark>b</mark>" in marked("a\x00" * 500 + "b", "B", 100)
    assert len(marked("a" * 100_000 + "b" + "c" * 100_000, "b", 400)) < 600
    assert marked("abc", "") == marked("abc", "x") == shown("abc")


def test_a_figure_of_our_sentences_stays_with_its_unit() -> None:
    """A phone breaks no line between them; words are left as they are."""
    said = "latency 391 ms (usually 188–297 ms), 27.5 % of 3 s; 12 months, 5 items, 4 sheep, 245.70 SEK"
    kept = "latency 391\xa0ms (usually 188–297\xa0ms), 27.5\xa0% of 3\xa0s; 12 months, 5 items, 4 sheep, 245.70\xa0SEK"
    assert unbroken(said) == kept
