"""What the pages of search and of affected customers say of nothing, and the links that they pin a question in."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries import schema
from queries.errors import QueryTooExpensive
from queries.store import Store
from tests.integration.otlp import SECOND, T0, any_value, attributes, logs, segment, span, token, traces
from tests.integration.small_shop import FROM
from triage.window import format_time

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
LOGS, TRACES, SLOW, FAILED, BEHIND = "logs", "traces", "slow", "failed", "behind"


Pages = dict[str, TestClient]


def slow() -> Span:
    """A customer's request that took 40 minutes."""
    made = span(1, 1, 0, T0)
    made.attributes.extend(attributes({"customer.id": "c-1"}))
    made.end_time_unix_nano = made.start_time_unix_nano + 2400 * SECOND
    return made


def failing(number: int) -> Span:
    """A failing request of a customer of its own."""
    error, named = Status(code=Status.STATUS_CODE_ERROR), attributes({"customer.id": f"c-{number}"})
    return span(1, number, 0, T0 + number * SECOND, name="POST /x", status=error, attributes=named)


def behind() -> Iterator[Span]:
    """Two requests of 208 ms: the earlier one has the later "book order" behind it, and both of these took seconds."""
    for trace, at_s, took_s in ((1, 0, 30), (2, 10, 5)):
        entry = span(1, trace, 0, T0 + at_s * SECOND)
        booked = span(2, trace, 1, T0 + (at_s + (20 if trace == 1 else 1)) * SECOND, name="book order", kind=5)
        entry.end_time_unix_nano = entry.start_time_unix_nano + 208 * SECOND // 1000
        booked.end_time_unix_nano = booked.start_time_unix_nano + took_s * SECOND
        yield from (entry, booked)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages of five databases: one span, three log records, one slow span, five that failed, slow ones behind."""
    dsn = f"chdb://{tmp_path_factory.mktemp('pages')}/clickhouse"
    records = [LogRecord(time_unix_nano=T0 + number * SECOND, body=any_value("paid")) for number in range(3)]
    fillings: dict[str, Callable[[Store], object]] = {
        TRACES: lambda store: store.insert("traces", segment(traces(span(1, 1, 0, T0))), token()),
        LOGS: lambda store: store.insert("logs", segment(logs(*records)), token()),
        SLOW: lambda store: store.insert("traces", segment(traces(slow())), token()),
        BEHIND: lambda store: store.insert("traces", segment(traces(*behind())), token()),
        FAILED: lambda store: store.insert("traces", segment(traces(*map(failing, range(1, 6)))), token()),
    }
    with ExitStack() as stack:
        made = {}
        for name, fill in fillings.items():
            store = Store.open(dsn, database=name, handles=2)
            stack.callback(store.close)
            schema.apply(store)
            fill(store)
            app = create_app(store, metrics=str, ready=lambda: None)
            client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
            made[name] = stack.enter_context(client)
        yield made


def page(client: TestClient, path: str, ago: timedelta = timedelta(), **parameters: str) -> str:
    """The page's text, of the shop's hour or of one so long after it."""
    window = {"from": format_time(FROM + ago), "to": format_time(FROM + HOUR + ago)}
    answer = client.get(path, params=window | parameters)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


class TestNothingFound:
    def test_each_tab_counts_what_it_searches(self, pages: Pages) -> None:
        """Log records for log records, spans for traces."""
        assert "3 log records arrived in this window." in page(pages[LOGS], "/search", kind=LOGS, service="nobody")
        assert "1 span arrived in this window." in page(pages[TRACES], "/search", kind=TRACES, service="nobody")

    def test_what_never_arrived_is_told_of_the_tab_s_kind_alone(self, pages: Pages) -> None:
        """Spans are no sign of log records, nor the other way."""
        assert "No log record ever arrived before" in page(pages[TRACES], "/search", kind=LOGS)
        assert "No span ever arrived before" in page(pages[LOGS], "/search", kind=TRACES)

    def test_whom_failures_hit_is_unknown_where_nothing_was_heard(self, pages: Pages) -> None:
        """Nobody is a finding: it takes data."""
        later = page(pages[TRACES], "/affected", timedelta(days=2))
        assert "hit a customer is unknown: there is no data." in later
        assert "No customer was hit" not in later
        assert "No customer was hit by failures" in page(pages[TRACES], "/affected")

    def test_a_silent_window_says_when_the_last_was(self, pages: Pages) -> None:
        """Of what is searched."""
        later = timedelta(days=2)
        assert "The last log record before its end was written at" in page(pages[LOGS], "/search", later, kind=LOGS)
        assert "The last span before its end began at" in page(pages[TRACES], "/search", later, kind=TRACES)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1234567", "1234567"), ("0.1234567", "0.1234567"), ("250", "250"), ("0", "0"), ("1e3", "1000")],
)
def test_a_duration_is_the_same_in_the_page_s_links(pages: Pages, given: str, kept: str) -> None:
    """All its digits: a link asks what the page asked."""
    affected = page(pages[SLOW], "/affected", slower_than_ms=given)
    assert parameter(affected, "/api/v1/affected.csv", "slower_than_ms") == kept
    found = page(pages[SLOW], "/search", max_duration_ms="12345678.5", min_duration_ms="0")
    assert parameter(found, "/api/v1/traces", "max_duration_ms") == "12345678.5"


def test_the_short_name_of_a_duration_stands_in_the_form(pages: Pages) -> None:
    """So that it is asked for again."""
    (field,) = re.findall(r'<input[^>]*name="min_duration_ms"[^>]*>', page(pages[SLOW], "/search", duration="2000"))
    assert 'value="2000"' in field


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ({"service": "shop"}, "nothing failed"),
        ({"slower_than_ms": "1e9"}, "nothing matches"),
        ({"route": "/x"}, "nothing matches"),
    ],
)
def test_nothing_that_matches_is_not_called_nothing_that_failed(
    pages: Pages, asked: dict[str, str], heading: str
) -> None:
    """Only who asks for every failure of a service is told that there was none."""
    assert f"Data is arriving, {heading}" in page(pages[TRACES], "/affected", timedelta(), **asked)


def test_a_moment_that_nobody_asked_for_stays_in_the_cursor(pages: Pages) -> None:
    """Page after page: asked again, it is asked as of now."""
    text = page(pages[FAILED], "/affected", limit="1")
    for _ in range(3):
        following = next_page(text)
        assert "as_of" not in following
        text = str(pages[FAILED].get(following).text)
        again = re.search(r'href="([^"]*)">ask again as of now', text)
        assert again
        assert "as_of" not in again[1]
        assert 'name="as_of" type="text" value=""' in text


def test_what_is_too_expensive_on_a_later_page_is_told_of_its_own_window(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the form still has the question."""
    following = next_page(page(pages[FAILED], "/search", limit="1", operation="POST /x"))

    def too_much(*_: object) -> None:
        raise QueryTooExpensive("too much")

    monkeypatch.setattr("triage.search.traces._matching", too_much)
    answer = pages[FAILED].get(following)
    assert answer.status_code == 422
    assert 'shorter window than the one from <time datetime="2026-09-21T14:13:20Z">' in answer.text
    assert 'name="operation" type="text" value="POST /x"' in answer.text


def next_page(text: str) -> str:
    """The address of the page after this one."""
    link = re.search(r'rel="next" href="([^"]*)"', text)
    assert link
    return html.unescape(link[1])


def parameter(text: str, path: str, name: str) -> str:
    """What the page's link to the path says for the parameter."""
    link = text.partition(f'href="{path}?')[2].partition('"')[0].replace("&amp;", "&")
    (said,) = parse_qs(urlsplit(f"?{link}").query)[name]
    return said


class TestSpanBehind:
    def test_the_span_that_was_asked_for_is_told(self, pages: Pages) -> None:
        """When it began, by which the list is in order, and how long it took; the request's own beside it."""
        found = page(pages[BEHIND], "/search", operation="book order", min_duration_ms="2000")
        text = " ".join(re.sub("<[^>]*>", " ", found).split(" "))
        began = re.findall(r"14:13:[0-9.]+|30\.0\xa0s|5\.00\xa0s|208\xa0ms", text[text.index("Spans") :])
        assert began == [
            *("14:13:40.000", "14:13:20.000", "208\xa0ms", "30.0\xa0s"),
            *("14:13:31.000", "14:13:30.000", "208\xa0ms", "5.00\xa0s"),
        ]
        assert "its  book order  in" in text

    def test_a_request_stands_for_itself_where_no_span_is_asked_for(self, pages: Pages) -> None:
        """Nor is one told of that is the request."""
        for text in (page(pages[BEHIND], "/search"), page(pages[BEHIND], "/search", min_duration_ms="100")):
            assert text.count("208\xa0ms") == 2
            assert "book order" not in text

    def test_the_json_tells_it_too(self, pages: Pages) -> None:
        """By which the traces are in order."""
        asked = {"operation": "book order", "from": format_time(FROM), "to": format_time(FROM + HOUR)}
        items = pages[BEHIND].get("/api/v1/traces", params=asked).json()["items"]
        assert [item["matched"]["duration_ms"] for item in items] == [30_000, 5_000]
        assert [item["duration_ms"] for item in items] == [208, 208]
        assert {item["matched"]["operation"] for item in items} == {"book order"}
