"""How measured values, figures and the call graph are written and placed."""

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise, product

import pytest

from dashboards.pages.call_graph import IN_A_ROW, MOST_NODES, Picture, picture
from dashboards.pages.figure import Figure
from dashboards.pages.layered import BOX_HEIGHT, BOX_WIDTH, LABEL_HEIGHT, LETTER_WIDTH, WIDTH
from dashboards.pages.measures import band, measured
from triage.incident.graph import Call, Graph
from triage.incident.series import Grid, Marker, Series
from triage.window import Window

T0 = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = Window(T0, T0 + timedelta(hours=1))


def series(*values: float | None, low: float | None = None, high: float | None = None, unit: str = "ratio") -> Series:
    step_s = 3600 // len(values)
    times = tuple(T0 + timedelta(seconds=step_s * place) for place in range(len(values)))
    return Series("Errors of POST /checkout", unit, HOUR, step_s, times, values, None, low, high)


def call(caller: str, callee: str, errors: int = 0, mean_ms: float = 10.0) -> Call:
    return Call(caller, callee, 100, errors, 100, 0, mean_ms, 10.0)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.124, "ratio", "12\xa0%"),
        (1900.0, "ms", "1.90\xa0s"),
        (12.4, "{order}/min", "12.4\xa0orders/min"),
        (1.0, "{order}/min", "1\xa0order/min"),
        (1234.5, "{currency}", "1,234"),
        (4.0, "min", "4\xa0min"),
        (None, "ms", "unknown"),
    ],
)
def test_a_value_has_its_unit_and_nothing_is_unknown(value: float | None, unit: str, written: str) -> None:
    """Never a bare number, never a zero for what nobody knows."""
    assert measured(value, unit) == written


def test_a_band_says_its_unit_once() -> None:
    """And one value where both ends read alike."""
    assert band(0.3 * 1000, 0.5 * 1000, "ms") == "300–500\xa0ms"
    assert band(900, 1100, "ms") == "900\xa0ms – 1.10\xa0s"
    assert band(0.2, 0.2, "ratio") == "20\xa0%"
    assert band(None, 0.2, "ratio") == ""


def test_a_line_is_broken_where_nothing_is_known() -> None:
    """A lone value is a point; nothing is drawn as a zero that is none."""
    figure = Figure("f", series(0.1, None, 0.2, 0.2), ())
    assert figure.lines.count("M") == 2
    assert figure.lines.count("h0.01") == 1
    assert figure.lines.count("L") == 1


def test_a_figure_s_data_can_not_end_its_script() -> None:
    """Whatever a change is called."""
    hostile = Marker(T0 + timedelta(minutes=5), "deploy", "</script><script>alert(1)</script>&", "x", "1")
    figure = Figure("f", series(0.1, 0.2, low=0.0, high=0.1), [hostile])
    assert "<" not in figure.data
    told = json.loads(figure.data)
    assert told["markers"][0]["text"] == hostile.text
    assert told["values"] == [10.0, 20.0]
    assert told["band"] == [0.0, 10.0]


def test_markers_outside_of_the_window_are_not_drawn() -> None:
    """And those inside stand where they belong."""
    inside, outside = (Marker(T0 + timedelta(minutes=at), "flag", "", "", str(at)) for at in (15, 75))
    places = Figure("f", series(0.1, 0.2), [inside, outside]).places
    assert [(place.at, place.marker.id) for place in places] == [(25.0, "15")]


def test_only_whole_intervals_are_drawn() -> None:
    """The last one, which has not ended yet, would look like a fall."""
    window = Window(T0 + timedelta(seconds=7), T0 + timedelta(minutes=10, seconds=50))
    grid = Grid.of(window, T0)
    assert grid.step_s == 30
    assert grid.starts[0] == int(T0.timestamp()) + 30
    assert grid.ends == int(T0.timestamp()) + 630


def test_of_too_little_before_nothing_is_usual() -> None:
    """Four intervals say nothing; five do."""
    grid = Grid.of(HOUR, T0)
    begin = int(T0.timestamp())
    few = {begin - 30 * place: 1.0 for place in range(1, 5)}
    assert grid.series("x", "ms", few).usual_high is None
    assert grid.series("x", "ms", few | {begin - 150: 3.0}).usual_high == pytest.approx(2.6)


def test_what_is_usually_a_little_is_not_usually_none() -> None:
    """A share that failed in hardly any interval before is part of what is usual."""
    grid = Grid.of(HOUR, T0)
    whole = {int(T0.timestamp()) - 30 * place: 100.0 for place in range(1, 101)}
    made = grid.share("x", {int(T0.timestamp()) - 300: 5.0}, whole)
    assert made.usual == pytest.approx(0.0005, rel=0.1)
    assert made.usual_high == made.usual
    assert band(made.usual_low, made.usual_high, "ratio") == "under 0.1\xa0%"


def test_the_graph_shows_the_ways_to_where_it_begins() -> None:
    """From where requests enter; what lies beside them only where it is unusual."""
    calls = [
        call("", "gateway"), call("gateway", "checkout", 40), call("checkout", "payment", 90),
        call("gateway", "search"), call("checkout", "erp", 0, 400.0),
    ]  # fmt: skip
    made = picture(Graph(calls, "payment"))
    assert made
    assert {node.name for node in made.nodes} == {"gateway", "checkout", "payment", "erp"}
    assert [node.name for node in made.nodes if node.begins] == ["payment"]
    labels = {edge.call.callee: edge.label for edge in made.edges}
    assert labels == {"checkout": "40\xa0% fail", "payment": "90\xa0% fail", "erp": "+390\xa0ms"}
    depth = {node.name: node.y for node in made.nodes}
    assert depth["gateway"] < depth["checkout"] < depth["payment"]


@pytest.mark.parametrize(
    ("errors", "calls", "before", "fails"), [(3, 120, 4, False), (12, 120, 4, True), (3, 3, 0, True)]
)
def test_a_call_fails_where_chance_would_not_explain_it(errors: int, calls: int, before: int, fails: bool) -> None:
    """Three failures of 120 are no news where four of 800 are usual."""
    known = 800 if before else 0
    assert Call("checkout", "psp", calls, errors, known, before, 10.0, 10.0).fails is fails


SHOP = """
    gateway>checkout gateway>fulfilment-adapter gateway>monolith gateway>storefront checkout>erp checkout>inventory
    checkout>pricing checkout>psp fulfilment-adapter>wms inventory>cache inventory>wms pricing>cache pricing>erp
    storefront>cache storefront>inventory storefront>monolith storefront>pricing
"""


def shop(unusual: str, begins_at: str) -> Graph:
    ways = [way.partition(">")[::2] for way in SHOP.split()]
    made = [call(*way, 89 if ">".join(way) in unusual.split() else 0) for way in ways]
    return Graph([call("", "gateway"), *made], begins_at)


SHOPS = {
    "contract-drift": shop("gateway>fulfilment-adapter fulfilment-adapter>wms", "wms"),
    "erp-slow": shop(
        "gateway>checkout gateway>storefront checkout>pricing checkout>erp storefront>pricing pricing>erp", "erp"
    ),
    "cache-storm": shop(SHOP, "cache"),
    "bad-deploy": shop("gateway>checkout checkout>psp", "psp"),
}


def layered(seed: int) -> Graph:
    """Some services in layers, each called from any layer above; all unusual, some loops among them."""
    chance = random.Random(seed)
    names = [f"s{place}" for place in range(chance.randint(2, MOST_NODES))]
    ways = {(chance.choice(names[:place]), name) for place, name in enumerate(names) if place}
    ways |= {(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(0, 15))}
    return Graph([call("", "s0"), *(call(*way, 50, 300.0) for way in sorted(ways))], names[-1])


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points of a path of curves and upright lines, close to each other."""
    x = y = 0.0
    for command, text in re.findall(r"([MCV])([^MCV]*)", path):
        numbers = [float(each) for each in text.split()]
        if command == "C":
            corners = [complex(x, y), *(complex(*numbers[place : place + 2]) for place in (0, 2, 4))]
            for along in range(31):
                level = corners
                while len(level) > 1:
                    level = [one + (other - one) * along / 30 for one, other in pairwise(level)]
                yield level[0].real, level[0].imag
        elif command == "V":
            yield from ((x, y + (numbers[0] - y) * along / 30) for along in range(31))
        x, y = (x, numbers[0]) if command == "V" else numbers[-2:]


def check_apart(made: Picture) -> None:
    """No line goes through a box, no two labels overlap, and each stands on its own line."""
    lines = {edge: list(points(edge.path)) for edge in made.edges}
    for edge, node in product(made.edges, made.nodes):
        right, bottom = node.x + BOX_WIDTH, node.y + BOX_HEIGHT
        assert not any(node.x < x < right and node.y < y < bottom for x, y in lines[edge]), (edge, node)
    half = {edge: LETTER_WIDTH * len(edge.label) / 2 for edge in made.edges if edge.label}
    for one, other in combinations(half, 2):
        apart = abs(one.x - other.x) >= half[one] + half[other] - 0.2 or abs(one.y - other.y) >= LABEL_HEIGHT - 0.2
        assert apart, (one, other)
    for edge, node in product(half, made.nodes):
        assert abs(edge.x - node.x - 52) >= half[edge] + 51.8 or not node.y + 3 < edge.y < node.y + 32 + 10
    for edge in half:
        assert any(abs(x - edge.x) <= half[edge] and edge.y - 11 <= y <= edge.y + 3 for x, y in lines[edge])
        assert half[edge] - 0.1 <= edge.x <= WIDTH - half[edge] + 0.1
        assert edge.y + 3 <= made.height


@pytest.mark.parametrize("graph", SHOPS.values(), ids=SHOPS)
def test_a_line_of_the_shop_goes_beside_the_boxes_that_it_skips(graph: Graph) -> None:
    """What fails between two services is never drawn as if it failed at one between them."""
    made = picture(graph)
    assert made
    assert sum(bool(edge.label) for edge in made.edges) == sum(each.is_unusual for each in graph.near() if each.caller)
    check_apart(made)


@pytest.mark.parametrize("seed", range(25))
def test_lines_and_labels_of_any_graph_stand_apart(seed: int) -> None:
    """However many layers a call skips, with loops and calls of oneself, and a label on each."""
    made = picture(layered(seed))
    assert made
    check_apart(made)


def test_two_that_call_each_other_have_a_line_each() -> None:
    """So that it's seen which of the two fails."""
    made = picture(Graph([call("", "a"), call("a", "b", 50), call("b", "a"), call("b", "b")], "b"))
    assert made
    assert len({edge.path for edge in made.edges}) == 3
    check_apart(made)


def test_the_graph_fits_a_phone_whatever_calls_whom() -> None:
    """Loops, calls of oneself, hundreds of services: all boxes are inside, none on another, the rest is counted."""
    ring = [call(f"s{place}", f"s{(place + 1) % 7}", 50) for place in range(7)]
    fan = [call("s0", f"leaf{place}", 50) for place in range(40)]
    made = picture(Graph([call("", "s0"), call("s3", "s3", 50), *ring, *fan], "s3"))
    assert made
    assert all(0 <= node.x <= WIDTH - 104 for node in made.nodes)
    assert len({(node.x, node.y) for node in made.nodes}) == len(made.nodes) == MOST_NODES
    assert made.left_out == 47 - MOST_NODES
    assert max(sum(other.y == node.y for other in made.nodes) for node in made.nodes) <= IN_A_ROW
    assert "s3" in {node.name for node in made.nodes}


def test_values_below_zero_hang_from_zero() -> None:
    """The lowest at the lower edge, zero at the upper one, where all are below."""
    figure = Figure("f", series(-10.0, -5.0, low=-10.0, high=0.0, unit="{order}"), ())
    assert (figure.bottom, figure.top) == (-10.0, 0.0)
    assert [point.split()[1] for point in figure.lines[1:].split(" L")] == ["100.0", "50.0"]
    assert figure.usual_box == (0.0, 100.0)
    assert [(tick.at, tick.text) for tick in figure.height_ticks][::5] == [(100.0, "-10"), (0.0, "0")]


def test_values_on_both_sides_of_zero_are_all_seen() -> None:
    """None is cut off, and zero has its line."""
    figure = Figure("f", series(-30.0, 50.0, unit="{order}"), ())
    assert figure.bottom == -30.0
    heights = [float(point.split()[1]) for point in figure.lines[1:].split(" L")]
    assert heights == pytest.approx([100.0, 4.76], abs=0.01)
    assert [tick.text for tick in figure.height_ticks] == ["-20", "0", "20", "40"]
    assert figure.height_ticks[1].at == pytest.approx(64.29, abs=0.01)


@pytest.mark.parametrize("below", [0.0, 1.0, 20.0, 40.0, 46.0, 999.0])
def test_an_axis_has_two_to_six_values(below: float) -> None:
    """However far it reaches to either side of zero."""
    texts = [tick.text for tick in Figure("f", series(-below, 41.0, unit="{order}"), ()).height_ticks]
    assert "0" in texts
    assert 2 <= len(texts) <= 6


def test_a_low_usual_band_is_seen_whole() -> None:
    """Also where no value lies so low."""
    assert Figure("f", series(1.0, 2.0, low=-4.0, high=2.0, unit="{order}"), ()).bottom == -4.0


def test_large_values_below_zero_are_written_as_those_above() -> None:
    """With their thousands, in seconds where they are many milliseconds."""
    assert Figure("f", series(-40_000.0, unit="{order}"), ()).height_ticks[0].text == "-40,000"
    assert Figure("f", series(-4000.0, unit="ms"), ()).height_ticks[0].text == "-4\u202fs"


@pytest.mark.parametrize("values", [(0.0, 0.0), (None, None)])
def test_a_figure_of_nothing_has_its_zero_below(values: tuple[float | None, ...]) -> None:
    """Nothing is divided by it."""
    figure = Figure("f", series(*values), ())
    assert (figure.bottom, figure.top, figure.height_ticks[0].at) == (0.0, 1.0, 100.0)


@pytest.mark.parametrize("hours", [49, 51, 54, 60, 61, 72, 168, 192, 193, 672, 2160, 9000])
@pytest.mark.parametrize("begins", [0, 10, 23])
def test_a_window_of_days_names_each_of_few_once(hours: int, begins: int) -> None:
    """At midnight, where it begins, and never so many that they cover each other."""
    begin = T0.replace(hour=begins)
    window = Window(begin, begin + timedelta(hours=hours))
    made = Series("x", "ratio", window, 3600, (begin,), (0.1,))
    ticks = Figure("f", made, ()).time_ticks
    assert 2 <= len(ticks) <= 8
    assert len({tick.text for tick in ticks}) == len(ticks)
    for tick in ticks:
        moment = begin + window.length * tick.at / 100
        midnight = (moment + timedelta(hours=12)).replace(hour=0, minute=0)
        assert abs(moment - midnight) <= window.length / 10_000 + timedelta(minutes=1)
        assert tick.text == f"{midnight:%d %b}"


def test_a_window_of_two_days_names_hours() -> None:
    """As shorter ones do."""
    made = Series("x", "ratio", Window(T0, T0 + timedelta(days=2)), 3600, (T0,), (0.1,))
    assert [tick.text for tick in Figure("f", made, ()).time_ticks] == ["12:00", "00:00", "12:00", "00:00"]
