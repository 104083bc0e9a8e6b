"""Whose a span is: the customer named on it, else on its nearest named ancestor, else the only one in its trace."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class NamedSpan:
    """A span as far as it tells whose it is; `name` is "" where it names nobody itself."""

    span_id: str
    parent_span_id: str
    start_ns: int
    name: str


def owners(spans: Sequence[NamedSpan]) -> list[str]:
    """The owner of each span of one trace; "" where it can't be told (nobody named, or several and no ancestor)."""
    names = {span.name for span in spans if span.name}
    only = names.pop() if len(names) == 1 else ""
    tree = _Tree(spans)
    return [span.name or tree.above(span.parent_span_id) or only for span in spans]


class _Tree:
    """The span ids of a trace (several spans may share one), with their parents and the earliest name under each."""

    def __init__(self, spans: Sequence[NamedSpan]) -> None:
        self._parents: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, tuple[int, str]] = {}
        self._known = {span.span_id for span in spans}
        for span in spans:
            if span.parent_span_id:
                self._parents[span.span_id].add(span.parent_span_id)
            if span.name:
                named = (span.start_ns, span.name)
                self._names[span.span_id] = min(named, self._names.get(span.span_id, named))
        self._found: dict[str, str] = {}

    def above(self, span_id: str) -> str:
        """The name nearest to `span_id`, itself included, going up level by level; "" if there is none."""
        if not span_id:  # a root's parent, and not the span that came without an id
            return ""
        if span_id not in self._found:
            self._found[span_id] = self._search(span_id)
        return self._found[span_id]

    def _search(self, span_id: str) -> str:
        frontier, seen = {span_id} & self._known, {span_id}
        while frontier:
            named = [self._names[each] for each in frontier if each in self._names]
            if named:
                return min(named)[1]
            frontier = {parent for each in frontier for parent in self._parents[each]} & self._known - seen
            seen |= frontier
        return ""
