"""The call graph as a picture: layers from where requests enter down to the partners, no wider than a phone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.pages.layered import drawing
from dashboards.pages.shown import duration, share
from triage.incident.graph import Call, Graph

IN_A_ROW = 3
LONGEST = 14
MOST_NODES = 15
BASELINE = 4
"""How far below its middle a label's letters stand."""


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
    rows = list(_rows({name: depths[name] for name in kept}))
    drawn = drawing(rows, {call: said(call) for call in calls if {call.caller, call.callee} <= set(kept)})
    nodes = [Node(name, round(x, 1), y, name == graph.begins_at) for name, (x, y) in drawn.corners.items()]
    edges = [
        Edge(call, path, round(x, 1), y + BASELINE, said(call))
        for call, path in drawn.paths.items()
        for x, y in [drawn.labels.get(call, (0.0, 0.0))]
    ]
    return Picture(nodes, edges, drawn.height, len(depths) - len(kept))


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


def _rows(depths: Mapping[str, int]) -> Iterator[Sequence[str]]:
    """The layers from the uppermost down, those too wide for the picture in several rows."""
    for depth in sorted(set(depths.values())):
        layer = [name for name in depths if depths[name] == depth]
        yield from (layer[begin : begin + IN_A_ROW] for begin in range(0, len(layer), IN_A_ROW))
