"""A postmortem's chart: every value lies where the axis says, above nothing or below it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.postmortem.svg import BOTTOM, HEIGHT, TOP, Chart, Line, Mark, drawn

T0 = datetime(2026, 11, 22, 10, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def chart(values: Sequence[float | None], band: tuple[float, float] | None = None) -> Chart:
    points = [(T0 + timedelta(minutes=place), value) for place, value in enumerate(values)]
    line = Line("measured", points, "#b42318", "harm")
    return Chart("Freezer", "Cel", T0, T0 + timedelta(minutes=30), [line], lambda value: f"v{value:g}", band)


def axis(svg: str) -> dict[float, float]:
    """Where each value of the axis stands, lowest value first."""
    texts = ElementTree.fromstring(svg).iter(f"{SVG}text")
    found = {float(text.text[1:]): float(text.attrib["y"]) - 4 for text in texts if text.text and text.text[0] == "v"}
    return dict(sorted(found.items()))


def heights(svg: str) -> list[float]:
    """Where the line's points stand."""
    (path,) = (each for each in ElementTree.fromstring(svg).iter(f"{SVG}path") if each.attrib["class"] == "harm")
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path.attrib["d"])]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([-18.5, -17.0, -4.0], (-20.0, 0.0)),
        ([-3.0, 8.0], (-5.0, 10.0)),
        ([2.0, 17.0], (0.0, 20.0)),
        ([0.0, 0.0], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_the_axis_holds_what_is_drawn_and_nothing(values: list[float], ends: tuple[float, float]) -> None:
    """In round values from its lower edge to its upper one."""
    found = axis(drawn(chart(values)))
    assert (min(found), max(found)) == ends
    assert 0.0 in found
    assert 3 <= len(found) <= 7
    assert (found[ends[0]], found[ends[1]]) == (HEIGHT - BOTTOM, TOP)


def test_a_colder_freezer_stands_lower() -> None:
    """A value of the axis stands where the axis has it; the band of what is usual lies around it."""
    svg = drawn(chart([-20.0, -15.0, -10.0, None, 0.0], (-20.0, -15.0)))
    found = axis(svg)
    assert heights(svg) == pytest.approx([found[value] for value in (-20.0, -15.0, -10.0, 0.0)])
    (band,) = (each for each in ElementTree.fromstring(svg).iter(f"{SVG}rect") if each.get("width") == "640")
    assert float(band.attrib["y"]) == pytest.approx(found[-15.0])
    assert float(band.attrib["height"]) == pytest.approx(found[-20.0] - found[-15.0], abs=0.11)


@given(st.lists(FINITE | st.none(), max_size=5), st.none() | st.tuples(FINITE, FINITE))
def test_any_values_are_drawn_within_the_chart(values: list[float | None], band: tuple[float, float] | None) -> None:
    """The largest and the smallest that there are, too."""
    svg = drawn(chart(values, band and (min(band), max(band))))
    assert len(axis(svg)) <= 7
    if any(value is not None for value in values):
        assert all(TOP <= y <= HEIGHT - BOTTOM for y in heights(svg))


def test_no_words_of_a_mark_lie_on_the_values() -> None:
    """Each row of them makes the picture higher by as much; the lines reach down through the values."""
    marks = [Mark(T0 + timedelta(minutes=minute), "deploy of payment 2.4.0") for minute in (10, 11, 12)]
    tree = ElementTree.fromstring(drawn(replace(chart([100.0, 90.0]), marks=marks)))
    grid = [float(line.attrib["y1"]) for line in tree.iter(f"{SVG}line") if line.attrib["class"] == "grid"]
    words = [float(text.attrib["y"]) for text in tree.iter(f"{SVG}text") if text.attrib["class"] == "mark"]
    lines = [line.attrib for line in tree.iter(f"{SVG}line") if line.attrib["class"] == "mark"]
    assert max(words) < min(grid)
    assert len({*words}) == len(lines) == 3
    assert {float(line["y2"]) for line in lines} == {max(y for y in grid if y == int(y))}
    assert tree.attrib["viewBox"] == f"0 0 720 {HEIGHT + 45}"
