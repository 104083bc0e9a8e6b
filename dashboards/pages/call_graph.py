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
LABEL_AT = 0.85
"""How far along a line its label stands: near the called, since lines begin together."""
MOST_NODES = 15


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
    edges = [_edge(call, places) for call in calls if {call.caller, call.callee} <= places.keys()]
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


def _edge(call: Call, places: Mapping[str, tuple[float, float]]) -> Edge:
    (x0, y0), (x1, y1) = places[call.caller], places[call.callee]
    from_x, to_x = x0 + BOX_WIDTH / 2, x1 + BOX_WIDTH / 2
    down = y1 > y0
    from_y, to_y = (y0 + BOX_HEIGHT, y1) if down else (y0 + BOX_HEIGHT / 2, y1 + BOX_HEIGHT / 2)
    bend = (to_y - from_y) / 2
    path = f"M{from_x} {from_y}C{from_x} {from_y + bend} {to_x} {to_y - bend} {to_x} {to_y}"
    label_x, label_y = from_x + (to_x - from_x) * LABEL_AT, (from_y + to_y) / 2 + 8
    return Edge(call, path, round(label_x, 1), round(label_y, 1), said(call))
