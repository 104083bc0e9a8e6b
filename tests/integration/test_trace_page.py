"""What the page of a trace says first, and traces that began in odd years, on the real engine."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from triage.trace import read_trace
from triage.window import format_time

pytestmark = pytest.mark.integration

ERROR = Status(code=Status.STATUS_CODE_ERROR)
ORPHAN, LONG, FIRST, YEARS = 1, 2, 3, {1970: 5, 2106: 6, 2150: 7, 2261: 8}


def named(name: str, number: int, trace: int, parent: int = 0, late_ms: int = 0, *, failed: bool = False) -> Span:
    status = ERROR if failed else None
    return span(number, trace, parent, T0 + late_ms * 1_000_000, name=name, status=status)


def of_year(year: int) -> Span:
    """A request with its customer."""
    start = int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) * SECOND
    return span(1, YEARS[year], 0, start, name="GET /", status=ERROR, attributes=attributes({"customer.id": "c-1"}))


@pytest.fixture(scope="module")
def pages(own_store: Store) -> Iterator[TestClient]:
    """Traces: one with an orphan earlier than its root; two of five spans, of which the last, or the root, failed."""
    sent = [named("checkout", 1, ORPHAN, late_ms=500, failed=True), named("orphan", 2, ORPHAN, 99)]
    for trace in (LONG, FIRST):
        steps = [named(f"step {n}", n, trace, 1, n, failed=n == 5 and trace == LONG) for n in range(2, 6)]
        sent += [named("checkout", 1, trace, failed=trace == FIRST), *steps]
    own_store.insert("traces", segment(traces(*sent, *map(of_year, YEARS))), token())
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def three_spans_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if that were very many."""
    monkeypatch.setattr("dashboards.pages.trace.read_trace", partial(read_trace, at_most=3))


def text(answer: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", answer))).replace("\xa0", " ")


def following(pages: TestClient, answer: str) -> str:
    """The next page of a trace."""
    link = re.search(r'href="([^"]*)">The next ones', answer)
    assert link
    return str(pages.get(html.unescape(link[1])).text)


def headline(answer: str) -> str:
    found = re.search(r"<h1.*?</h1>", answer, re.DOTALL)
    assert found
    return text(found[0])


def test_the_entry_is_the_root_though_an_orphan_began_earlier(pages: TestClient) -> None:
    """As in the list of traces."""
    said = headline(pages.get(f"/traces/{ORPHAN:032x}").text)
    assert said == "checkout in shop took 5 ms and failed; the deepest failure is checkout in shop (error)."


@pytest.mark.usefixtures("three_spans_a_page")
class TestATraceOfManyPages:
    def test_what_failed_on_a_later_page_is_told_on_the_first(self, pages: TestClient) -> None:
        """It is counted in the whole trace."""
        first = pages.get(f"/traces/{LONG:032x}").text
        well = "checkout in shop took 5 ms and went well, though 1 span in it failed"
        assert headline(first) == f"{well}; what failed is not drawn here."
        assert "Failed1 of all its spans" in text(first)
        assert headline(following(pages, first)) == f"{well}: the deepest is step 5 in shop (error)."

    def test_a_later_page_tells_of_the_entry(self, pages: TestClient) -> None:
        """Not of the span that comes first there."""
        later = following(pages, pages.get(f"/traces/{FIRST:032x}").text)
        assert headline(later) == "checkout in shop took 5 ms and failed; what failed is not drawn here."


@pytest.mark.parametrize("year", YEARS)
def test_a_trace_of_any_year_is_found(pages: TestClient, year: int) -> None:
    """On its page, in the API and by a search."""
    trace_id, from_ = f"{YEARS[year]:032x}", datetime(year, 1, 1, tzinfo=UTC)
    assert pages.get(f"/traces/{trace_id}").status_code == 200
    assert pages.get(f"/api/v1/traces/{trace_id}").json()["span_count"] == 1
    window = {"from": format_time(from_), "to": format_time(from_ + timedelta(days=364))}
    assert [one["trace_id"] for one in pages.get("/api/v1/traces", params=window).json()["items"]] == [trace_id]
