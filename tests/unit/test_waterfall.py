"""A waterfall holds every span once, whatever the spans say of their parents and clocks."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.pages.trace import OVER_AFTER, is_over
from dashboards.pages.waterfall import Waterfall
from triage.trace import NS, Span, Trace, moment

T0 = 1_790_000_000 * NS
MS = 1_000_000
DAY = 86_400 * NS


def span(span_id: str, parent: str = "", start_ms: float = 0, took_ms: float = 10, **fields: str | bool) -> Span:
    plain = Span(
        span_id=span_id,
        parent_span_id=parent,
        service="shop",
        operation=f"do {span_id}",
        kind="Internal",
        start_ns=T0 + int(start_ms * MS),
        duration_ns=int(took_ms * MS),
        status="Unset",
        failed=fields.get("status") == "Error",
        message="",
        scope="",
        attributes_json="{}",
        resource_json="{}",
        events_json="[]",
        links_json="[]",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # as the fields are


def waterfall(*spans: Span) -> Waterfall:
    ordered = tuple(sorted(spans, key=lambda each: each.key))
    return Waterfall(Trace("t", ordered, len(ordered), 0, (), 0, None))


def outline(drawn: Waterfall) -> list[tuple[str, int]]:
    return [(row.span.span_id, row.depth) for row in drawn.rows]


def notes(drawn: Waterfall) -> dict[str, str]:
    return {row.span.span_id: "; ".join(row.notes) for row in drawn.rows if row.notes}


ids = st.sampled_from(["", "a", "b", "c", "d"])
odd_spans = st.lists(
    st.builds(
        lambda number, span_id, parent, start, took, kind: span(
            span_id or "z", parent, start, took, kind=kind, operation=f"n{number}"
        ),
        st.integers(0, 10**6),
        ids,
        ids,
        st.sampled_from([0.0, 1.0, 50.0, -3e4, 2e8, -1e12]),
        st.sampled_from([0.0, 5.0, 1e6]),
        st.sampled_from(["Client", "Server", "Internal"]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda each: each.key,
)


@given(odd_spans)
def test_every_span_is_drawn_once_and_inside_the_axis(spans: list[Span]) -> None:
    """Loops, orphans, shared ids and clocks decades off included."""
    drawn = waterfall(*spans)
    assert sorted(row.span.key for row in drawn.rows) == sorted(each.key for each in spans)
    for row in drawn.rows:
        assert 0 <= row.left < 100
        assert 0 < row.width <= 100.001


def test_children_stand_below_their_parent_in_order_of_start() -> None:
    """Depth tells who called whom."""
    drawn = waterfall(span("a"), span("c", "a", 5), span("b", "a", 1), span("d", "b", 2))
    assert outline(drawn) == [("a", 0), ("b", 1), ("d", 2), ("c", 1)]
    assert not notes(drawn)


def test_an_orphan_stands_at_the_top_and_says_so() -> None:
    """Its caller may still come."""
    assert notes(waterfall(span("a"), span("b", "gone"))) == {"b": "its caller has not arrived"}


def test_a_loop_is_cut_open_at_its_earliest_span() -> None:
    """Both spans are there, one below the other."""
    drawn = waterfall(span("b", "a", 1), span("a", "b", 0))
    assert outline(drawn) == [("a", 0), ("b", 1)]
    assert notes(drawn) == {"a": "its callers form a loop"}


def test_its_own_parent_is_no_parent() -> None:
    """And is said so."""
    assert notes(waterfall(span("a", "a"))) == {"a": "names itself as its caller"}


def test_caller_and_called_may_share_an_id() -> None:
    """The server's half stands below the client's, and what it calls below it."""
    client, server = span("a", "r", 1, kind="Client"), span("a", "r", 2, kind="Server")
    drawn = waterfall(span("r"), client, server, span("b", "a", 3))
    assert [(row.span.kind, row.depth) for row in drawn.rows] == [
        ("Internal", 0),
        ("Client", 1),
        ("Server", 2),
        ("Internal", 3),
    ]


def test_a_clock_behind_is_drawn_where_it_fits() -> None:
    """In the middle of the caller, and the calls of that service with it."""
    early = span("b", "a", -20_000, 40, service="payment")
    drawn = waterfall(span("a", "", 0, 100), early, span("c", "b", -19_990, 5, service="payment"))
    assert [(row.span.span_id, row.left) for row in drawn.rows] == [("a", 0), ("b", 30), ("c", 40)]
    assert "20.0\xa0s behind its caller’s" in notes(drawn)["b"]
    assert "c" not in notes(drawn)


def test_a_root_years_off_does_not_squeeze_the_rest() -> None:
    """It is drawn at the edge, and says so."""
    drawn = waterfall(span("a"), span("b", "", 2), span("old", "", -DAY * 30 / MS))
    assert "more than a day off" in notes(drawn)["old"]
    assert drawn.axis.length_ms == 12


def test_ten_thousand_levels_are_no_trouble() -> None:
    """No recursion."""
    deep = [span(str(level), str(level - 1) if level else "", level / 1000) for level in range(10_000)]
    assert waterfall(*deep).rows[-1].depth == 9_999


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"message": "no stock"}, "no stock"),
        ({"attributes_json": json.dumps({"http.response.status_code": "503"})}, "HTTP 503"),
        ({"attributes_json": json.dumps({"error.type": "Timeout"})}, "Timeout"),
        ({"attributes_json": json.dumps({"http.response.status_code": "5e3"})}, "error"),
    ],
)
def test_a_span_says_what_went_wrong(fields: dict[str, str], error: str) -> None:
    """Its exception, its message, its error type, or its status code, in this order; nothing where nothing did."""
    assert span("a", failed=True, **fields).error == error  # type: ignore[arg-type]  # texts all of them
    assert span("a", **fields).error == ""  # type: ignore[arg-type]


def test_a_trace_is_over_once_nothing_of_it_happened_for_a_while() -> None:
    """Judged by the end of the span that ends last, whichever began last."""
    longest = span("a", took_ms=60_000)
    trace = Trace("t", (longest, span("b", "a", start_ms=5)), 2, 0, (), 0, None)
    then = moment(longest.end_ns) + OVER_AFTER
    assert not is_over(trace, then)
    assert is_over(trace, then + timedelta(seconds=1))
