"""The call graph as a picture: layers from where requests enter down to the partners, no wider than a phone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.pages.shown import duration, share
from triage.incident.graph import Call, Graph

WIDTH = 344
BOX_WIDTH, BOX_HEIGHT = 104, 32
ROW_HEIGHT = 84
IN_A_ROW = 3
LONGEST = 14
LETTER_WIDTH, LABEL_HEIGHT = 7.0, 14.0
LABEL_AT = (0.75, 0.65, 0.55, 0.45, 0.35, 0.25)
"""How far along a line its label may stand, best first: near the called, since lines begin together."""
MOST_NODES = 15

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A service or partner: its box's upper left corner, and whether it begins there."""

    name: str
    x: float
    y: float
    begins: bool

    @property
    def label(self) -> str:
        """Its name as far as there is room."""
        return self.name if len(self.name) <= LONGEST else f"{self.name[: LONGEST - 1]}…"


@dataclass(frozen=True)
class Edge:
    """Calls, as a path between two boxes; `label` says what is unusual."""

    call: Call
    path: str
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Box:
    """A part of the picture that is taken."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """The area that both take."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)


@dataclass(frozen=True)
class Picture:
    """Boxes and lines; `left_out` services had no room."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    height: float
    left_out: int

    @property
    def words(self) -> str:
        """What it shows, for who can't see it."""
        labels = {node.name: node.label for node in self.nodes}
        unusual = [
            f"{labels[edge.call.caller]} to {labels[edge.call.callee]} {edge.label}"
            for edge in self.edges
            if edge.label
        ]
        begins = [node.label for node in self.nodes if node.begins]
        return ". ".join(
            [*(f"It begins at {name}" for name in begins), *(["Unusual: " + ", ".join(unusual)] if unusual else [])]
        )


def picture(graph: Graph) -> Picture | None:
    """The part of the graph around where it begins; None where there is nothing to draw."""
    calls = graph.near()
    depths = _depths(calls)
    if len(depths) < 2:
        return None
    kept = sorted(depths, key=lambda name: (depths[name], name != graph.begins_at, name))[:MOST_NODES]
    places = _places({name: depths[name] for name in kept})
    nodes = [Node(name, *places[name], name == graph.begins_at) for name in kept]
    edges = list(_edges([call for call in calls if {call.caller, call.callee} <= places.keys()], places))
    height = max(y for _, y in places.values()) + BOX_HEIGHT + 4
    return Picture(nodes, edges, height, len(depths) - len(kept))


def said(call: Call) -> str:
    """What is unusual about calls, in a word or two."""
    if call.fails:
        return f"{share(call.errors, call.calls)} fail"
    return f"+{duration(call.added_ms)}" if call.added_ms else ""


def _depths(calls: Sequence[Call]) -> dict[str, int]:
    """How far each is from where requests enter: the longest way down, loops left out."""
    below: Mapping[str, list[str]] = defaultdict(list)
    for call in calls:
        if call.caller:
            below[call.caller].append(call.callee)
    called = {call.callee for call in calls if call.caller}
    entered = [call.callee for call in calls if not call.caller and call.callee not in called]
    callers = [call.caller for call in calls if call.caller and call.caller not in called]
    depths = dict.fromkeys([*entered, *callers] or [call.callee for call in calls[:1]], 0)
    for _ in range(len(below) + 1):
        for caller, callees in below.items():
            for callee in callees:
                if caller in depths and callee != caller and depths.get(callee, -1) <= depths[caller] < len(below) + 1:
                    depths[callee] = depths[caller] + 1
    return {name: min(depth, len(below) + 1) for name, depth in depths.items()}


def _places(depths: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    layers: dict[int, list[str]] = defaultdict(list)
    for name, depth in depths.items():
        layers[depth].append(name)
    rows = [row for depth in sorted(layers) for row in _rows(layers[depth])]
    return {name: place for number, row in enumerate(rows) for name, place in _row(number, row)}


def _rows(layer: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(layer), IN_A_ROW):
        yield layer[begin : begin + IN_A_ROW]


def _row(number: int, row: Sequence[str]) -> Iterator[tuple[str, tuple[float, float]]]:
    room = WIDTH / len(row)
    for place, name in enumerate(row):
        yield name, (round(room * (place + 0.5) - BOX_WIDTH / 2, 1), 2.0 + ROW_HEIGHT * number)


def _edges(calls: Sequence[Call], places: Mapping[str, Point]) -> Iterator[Edge]:
    """Each call's line; labels keep off the boxes, and off each other."""
    taken = [Box(x, y, BOX_WIDTH, BOX_HEIGHT) for x, y in places.values()]
    for call in calls:
        start, after, before, end = curve = _curve(places[call.caller], places[call.callee])
        path = f"M{start[0]} {start[1]}C{after[0]} {after[1]} {before[0]} {before[1]} {end[0]} {end[1]}"
        label = said(call)
        box = _place(curve, LETTER_WIDTH * len(label), taken)
        if label:
            taken.append(box)
        yield Edge(call, path, round(box.left + box.width / 2, 1), round(box.top + LABEL_HEIGHT - 3, 1), label)


def _curve(caller: Point, callee: Point) -> tuple[Point, Point, Point, Point]:
    """A cubic Bézier's points, from under the caller's box to the top of the called one's."""
    (x0, y0), (x1, y1) = caller, callee
    from_x, to_x = x0 + BOX_WIDTH / 2, x1 + BOX_WIDTH / 2
    from_y, to_y = (y0 + BOX_HEIGHT, y1) if y1 > y0 else (y0 + BOX_HEIGHT / 2, y1 + BOX_HEIGHT / 2)
    bend = (to_y - from_y) / 2
    return (from_x, from_y), (from_x, from_y + bend), (to_x, to_y - bend), (to_x, to_y)


def _place(curve: Sequence[Point], width: float, taken: Sequence[Box]) -> Box:
    """The first place on a line where a label overlaps nothing, or else the one where it overlaps least."""
    boxes = [_around(_point(curve, along), width) for along in LABEL_AT]
    return min(boxes, key=lambda box: sum(map(box.overlap, taken)))


def _around(point: Point, width: float) -> Box:
    left = min(max(point[0] - width / 2, 0), WIDTH - width)
    return Box(left, point[1] - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)


def _point(curve: Sequence[Point], along: float) -> Point:
    rest = 1 - along
    weights = (rest**3, 3 * rest**2 * along, 3 * rest * along**2, along**3)
    x, y = (sum(weight * each[axis] for weight, each in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y
