"""Rows of boxes with lines between them; a line that skips a row has a lane there, beside its boxes.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from statistics import mean

from triage.incident.graph import Call

WIDTH = 344
BOX_WIDTH, BOX_HEIGHT = 104, 32
LETTER_WIDTH, LABEL_HEIGHT = 8.5, 14.0
MARGIN = 5.0
"""Between a box and the labels below and above it."""
LEAST_LEVELS = 3
"""For so many labels, one below the other, there is room between two rows."""
BEST = 0.6
"""How far down a label stands best: near the called, since lines begin together, but not at its box."""
SWEEPS = 4

Stop = tuple[int, str | Call]
"""Where a line passes a row: the box of a name, or the call's own lane."""
Point = tuple[float, float]
Ends = tuple[float, float]
"""Where a piece begins and ends, from the left."""


@dataclass(frozen=True)
class Piece:
    """A line's part below a row, from its upper stop to its lower one; both in one row where it only hangs there."""

    call: Call
    upper: Stop
    lower: Stop

    @property
    def hangs(self) -> bool:
        """Whether it ends in the row where it begins: of a service that calls itself, or one beside it."""
        return self.upper[0] == self.lower[0]


@dataclass(frozen=True)
class Label:
    """A label's middle, and at which level below the row it stands."""

    x: float
    level: int
    width: float

    def overlaps(self, other: Label) -> bool:
        """Whether both take the same room."""
        return self.level == other.level and abs(self.x - other.x) < (self.width + other.width) / 2


@dataclass(frozen=True)
class Drawing:
    """Each box's upper left corner, each call's path, and the middle of each label."""

    corners: Mapping[str, Point]
    paths: Mapping[Call, str]
    labels: Mapping[Call, Point]
    height: float


def drawing(rows: Sequence[Sequence[str]], words: Mapping[Call, str]) -> Drawing:
    """The boxes of these rows, and a line for each call, with its words on it; all calls are between boxes."""
    row_of = {name: number for number, row in enumerate(rows) for name in row}
    ways = {call: list(_way(call, row_of)) for call in words}
    middles = _middles(_ordered(rows, ways.values()))
    pieces = [Piece(call, *stops) for call, way in ways.items() for stops in pairwise(way)]
    ends = _ends(pieces, middles)
    said = {piece: words[piece.call] for piece in pieces if words[piece.call] and piece.lower == ways[piece.call][-1]}
    top, tops, placed = 2.0, list[float](), dict[Piece, Label]()
    for number in range(len(rows)):
        tops.append(top)
        band = {piece: ends[piece] for piece in pieces if piece.upper[0] == number}
        levels, labels = _labels(band, said)
        placed |= labels
        top += BOX_HEIGHT + (2 * MARGIN + levels * LABEL_HEIGHT if band else MARGIN)
    corners = {name: (middles[row, name] - BOX_WIDTH / 2, tops[row]) for name, row in row_of.items()}
    paths: dict[Call, str] = {}
    for piece in pieces:
        level = placed[piece].level if piece in placed else 0
        paths[piece.call] = _path(paths.get(piece.call, ""), piece, ends[piece], tops, level)
    middles_of = {piece.call: (label.x, _level(tops[piece.upper[0]], label.level)) for piece, label in placed.items()}
    return Drawing(corners, paths, middles_of, top)


def _way(call: Call, row_of: Mapping[str, int]) -> Iterator[Stop]:
    """The stops of a call's line, from the upper one down."""
    upper, lower = sorted((call.caller, call.callee), key=row_of.__getitem__)
    yield row_of[upper], upper
    yield from ((row, call) for row in range(row_of[upper] + 1, row_of[lower]))
    yield row_of[lower], lower


def _ordered(rows: Sequence[Sequence[str]], ways: Iterable[Sequence[Stop]]) -> Sequence[Sequence[Stop]]:
    """Each row's boxes and lanes from left to right, each about where its neighbours are, so that few lines cross."""
    order: list[list[Stop]] = [[(number, name) for name in row] for number, row in enumerate(rows)]
    above: Mapping[Stop, list[Stop]] = defaultdict(list)
    below: Mapping[Stop, list[Stop]] = defaultdict(list)
    for way in ways:
        for stop in way[1:-1]:
            order[stop[0]].append(stop)
        for upper, lower in pairwise(way):
            if upper[0] < lower[0]:
                above[lower].append(upper)
                below[upper].append(lower)
    places = {stop: place for row in order for stop, place in _shares(row)}
    for sweep in range(SWEEPS):
        for row in order if sweep % 2 else reversed(order):
            near = above if sweep % 2 else below
            wanted = {stop: mean([places[each] for each in near[stop]] or [places[stop]]) for stop in row}
            row.sort(key=wanted.__getitem__)
            places |= _shares(row)
    return order


def _shares(row: Sequence[Stop]) -> Iterator[tuple[Stop, float]]:
    return ((stop, (place + 0.5) / len(row)) for place, stop in enumerate(row))


def _middles(order: Sequence[Sequence[Stop]]) -> dict[Stop, float]:
    """The middle of each stop, the free room of its row shared out evenly; a lane takes none."""
    middles = {}
    for row in order:
        widths = [BOX_WIDTH if isinstance(what, str) else 0 for _, what in row]
        free = (WIDTH - sum(widths)) / (len(row) + 1)
        for place, stop in enumerate(row):
            middles[stop] = sum(widths[:place]) + widths[place] / 2 + free * (place + 1)
    return middles


def _ends(pieces: Sequence[Piece], middles: Mapping[Stop, float]) -> dict[Piece, Ends]:
    """Where each piece begins and ends: side by side along a box's edge, in the order of where they come from."""
    edges: Mapping[tuple[Stop, bool], list[tuple[Piece, int]]] = defaultdict(list)
    for piece in pieces:
        edges[piece.upper, True].append((piece, 0))
        edges[piece.lower, piece.hangs].append((piece, 1))
    found: dict[tuple[Piece, int], float] = {}
    for (stop, _), along in edges.items():
        along.sort(key=lambda end: middles[end[0].upper if end[1] else end[0].lower])
        width = BOX_WIDTH if isinstance(stop[1], str) else 0
        for end, place in zip(along, count(1), strict=False):
            found[end] = middles[stop] - width / 2 + width * place / (len(along) + 1)
    return {piece: (found[piece, 0], found[piece, 1]) for piece in pieces}


def _labels(band: Mapping[Piece, Ends], said: Mapping[Piece, str]) -> tuple[int, Mapping[Piece, Label]]:
    """How many levels the labels between two rows need, and each one's place; none overlaps another."""
    tried = ((levels, _placed(band, said, levels)) for levels in count(LEAST_LEVELS))
    return next((levels, placed) for levels, placed in tried if placed is not None)


def _placed(band: Mapping[Piece, Ends], said: Mapping[Piece, str], levels: int) -> Mapping[Piece, Label] | None:
    """Each label where it is free, and the fewest lines go through it; None where one finds no place."""
    placed: dict[Piece, Label] = {}
    for piece in [each for each in band if each in said]:
        width = LETTER_WIDTH * len(said[piece])
        labels = [
            Label(_inside(_across(band[piece], level, levels), width), level, width)
            for level in sorted(range(levels), key=lambda level: abs(level - BEST * levels))
        ]
        free = [label for label in labels if not any(map(label.overlaps, placed.values()))]
        if not free:
            return None
        placed[piece] = min(free, key=lambda label: _crossed(label, band, levels))
    return placed


def _crossed(label: Label, band: Mapping[Piece, Ends], levels: int) -> int:
    """How many lines go through a label, its own among them."""
    return sum(abs(_across(ends, label.level, levels) - label.x) < label.width / 2 for ends in band.values())


def _across(ends: Ends, level: int, levels: int) -> float:
    """Where a line is at a level."""
    down = (MARGIN + LABEL_HEIGHT * (level + 0.5)) / (2 * MARGIN + LABEL_HEIGHT * levels)
    return ends[0] + (ends[1] - ends[0]) * (3 - 2 * down) * down**2


def _inside(x: float, width: float) -> float:
    return min(max(x, width / 2), WIDTH - width / 2)


def _level(top: float, level: int) -> float:
    """The middle of a level below the row that begins at `top`."""
    return top + BOX_HEIGHT + MARGIN + LABEL_HEIGHT * (level + 0.5)


def _path(before: str, piece: Piece, ends: Ends, tops: Sequence[float], level: int) -> str:
    """A cubic Bézier curve, upright at both ends, whose height runs evenly; `before` it, down along the lane."""
    from_x, to_x = (round(x, 1) for x in ends)
    row = piece.upper[0]
    from_y = tops[row] + BOX_HEIGHT
    if piece.hangs:
        to_y = from_y
        from_bend = to_bend = from_y + (_level(tops[row], level) - from_y) * 4 / 3
    else:
        to_y = tops[row + 1]
        from_bend, to_bend = (2 * from_y + to_y) / 3, (from_y + 2 * to_y) / 3
    begin = f"{before}V{from_y}" if before else f"M{from_x} {from_y}"
    return f"{begin}C{from_x} {round(from_bend, 1)} {to_x} {round(to_bend, 1)} {to_x} {to_y}"
