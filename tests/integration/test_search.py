"""Searching traces and log records: what is found, in which order, page by page, each once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration import small_shop
from tests.integration.otlp import SECOND, T0, any_value, attributes, logs, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM, HOSTILE, LAST, ODD, trace_id
from triage.search import going_back
from triage.window import format_time

pytestmark = pytest.mark.integration

WINDOW = {"from": format_time(FROM), "to": format_time(FROM + timedelta(hours=1))}
DAY = {"from": format_time(FROM - timedelta(hours=12)), "to": format_time(FROM + timedelta(hours=12))}
LONG = 0xF00
QUIET_DAYS = 40


@pytest.fixture(scope="module")
def api(own_store: Store) -> Iterator[TestClient]:
    small_shop.fill(own_store)
    _fill(own_store)
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no reason to stop looking early."""
    monkeypatch.setattr(going_back, "ENOUGH_S", 60.0)


def _fill(store: Store) -> None:
    """A trace of two hours that is polled again and again, and a log record a minute of it."""
    polls = [
        span(
            number + 1,
            LONG,
            int(number > 0),
            T0 + number * 60 * SECOND,
            name="poll",
            status=ERROR if number == 7 else None,
        )
        for number in range(120)
    ]
    polls[3].attributes.extend(attributes({"messaging.batch": 7, "empty": ""}))
    polls[4].end_time_unix_nano = polls[4].start_time_unix_nano + 1_001_000
    polls[5].end_time_unix_nano = polls[5].start_time_unix_nano + 4 * SECOND
    store.insert("traces", segment(traces(*polls, resource={"service.name": "poller", "host.name": "h-1"})), token())
    written = [
        LogRecord(
            time_unix_nano=T0 + number * 60 * SECOND,
            severity_number=9 if number % 2 else 13,  # type: ignore[arg-type]  # an enum's number
            body=any_value(f"Größe {number} of <b>100 %</b>_"),
            attributes=attributes({"customer.id": "c-2"} if number == 11 else {}),
        )
        for number in range(120)
    ]
    body = segment(logs(*written, resource={"service.name": "poller"}))
    store.insert("logs", body, token())
    store.insert("logs", segment(logs(written[0], resource={"service.name": "poller"})), token())


def ask(api: TestClient, path: str, **parameters: str) -> httpx.Response:
    answer: httpx.Response = api.get(f"/api/v1/{path}", params=WINDOW | parameters)
    return answer


def found(api: TestClient, path: str, **parameters: str) -> list[dict[str, Any]]:
    """All pages' items."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = ask(api, path, **parameters, **cursor)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if not answer.json()["next"]:
            return items
        cursor = {"cursor": answer.json()["next"]}


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [int(cast(str, item["trace_id"]), 16) for item in items]


class TestTraces:
    def test_a_trace_comes_with_its_entry(self, api: TestClient) -> None:
        """Who was asked for what, how it went and for whom, the latest first."""
        answer = ask(api, "traces", service="gateway").json()
        assert answer.keys() == {"from", "to", "searched_from", "items", "next"}
        assert (answer["from"], answer["to"], answer["searched_from"]) == (WINDOW["from"], WINDOW["to"], WINDOW["from"])
        assert ids(answer["items"]) == [LAST, 6, 5, 4, 3, 2, 1]
        assert answer["items"][-1] == {
            "trace_id": trace_id(1),
            "span_id": f"{1:016x}",
            "service": "gateway",
            "operation": "POST /checkout",
            "start": format_time(FROM + timedelta(seconds=10)),
            "duration_ms": 5.0,
            "spans": 2,
            "failed": True,
            "customer": ODD,
            "matched": {
                "span_id": f"{1:016x}",
                "service": "gateway",
                "operation": "POST /checkout",
                "start": format_time(FROM + timedelta(seconds=10)),
                "duration_ms": 5.0,
            },
        }
        assert answer["items"][1]["customer"] is None

    @pytest.mark.parametrize(
        ("wanted", "which"),
        [
            ({"customer": ODD}, [2, 1]),
            ({"customer": HOSTILE}, [LAST]),
            ({"customer": "c-2", "error": "true"}, [3]),
            ({"order": "o-2"}, [4, 3]),
            ({"order": "o-2", "error": "false", "service": "payment"}, [4]),
            ({"service": "payment", "error": "true"}, [LAST, 5, 3, 2, 1]),
            ({"operation": "POST /charge", "error": "false"}, [6, 4]),
            ({"attribute": "order.id=o-1"}, [2, 1]),
            ({"attribute": "service.version=2.4.0", "error": "true"}, [LAST, 5, 3, 2, 1]),
            ({"attribute": "messaging.batch"}, [LONG]),
            ({"attribute": "empty"}, [LONG]),
            ({"attribute": "messaging.batch=8"}, []),
            ({"service": "poller", "min_duration_ms": "3999.9"}, [LONG]),
            ({"service": "poller", "min_duration_ms": "4000.1"}, []),
            ({"min_duration_ms": "3999"}, []),  # no root took so long
            ({"service": "poller", "duration": "3999.9"}, [LONG]),
            ({"service": "poller", "duration": "4000.1", "min_duration_ms": "1"}, []),
            ({"service": "poller", "min_duration_ms": "1.001", "max_duration_ms": "1.001"}, [LONG]),
            ({"service": "poller", "min_duration_ms": "1.0010001", "max_duration_ms": "4"}, []),
            ({"service": "poller", "min_duration_ms": "0.5", "max_duration_ms": "1.0009"}, []),
            ({"max_duration_ms": "5", "customer": ODD}, [2, 1]),
            ({"service": "nobody"}, []),
        ],
    )
    def test_all_that_is_asked_is_met(self, api: TestClient, wanted: dict[str, str], which: list[int]) -> None:
        """By one span of the trace, and by what the trace names."""
        assert ids(found(api, "traces", **wanted)) == which

    @pytest.mark.parametrize("limit", ["1", "3", "100"])
    def test_each_trace_is_told_of_once(self, api: TestClient, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever the pages, and however long the trace lasts: at its latest span that matches."""
        monkeypatch.setattr(going_back, "QUICK_S", 0.0)  # pieces of ten minutes, so that it lies in many
        assert ids(found(api, "traces", limit=limit)) == [LONG, LAST, 6, 5, 4, 3, 2, 1]
        assert ids(found(api, "traces", limit=limit, service="poller", error="true")) == [LONG]

    def test_a_page_that_takes_too_long_says_how_far_it_looked(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And the next one goes on from there: nothing is left out."""
        monkeypatch.setattr(going_back, "ENOUGH_S", 0.0)
        far = format_time(FROM - timedelta(days=QUIET_DAYS))
        first = ask(api, "traces", **{"from": far}).json()
        assert first["next"]
        assert first["searched_from"] > far
        monkeypatch.setattr(going_back, "ENOUGH_S", 10.0)
        rest = ask(api, "traces", cursor=first["next"]).json()
        assert (rest["from"], rest["next"]) == (far, None)
        assert ids(first["items"]) + ids(rest["items"]) == [LONG, LAST, 6, 5, 4, 3, 2, 1]

    def test_a_cursor_pins_the_question(self, api: TestClient) -> None:
        """And the window, whatever stands beside it in the address."""
        first = ask(api, "traces", service="payment", error="true", limit="2").json()
        rest = api.get("/api/v1/traces", params={"cursor": first["next"], "limit": "2"}).json()
        assert ids(rest["items"]) == [3, 2]
        assert (rest["from"], rest["to"]) == (WINDOW["from"], WINDOW["to"])


class TestLogs:
    def test_records_come_latest_first_and_once(self, api: TestClient) -> None:
        """With all that they say, and the trace that they were written in."""
        items = found(api, "logs", **DAY, limit="50")
        assert len(items) == 121
        assert all(one["time"] >= other["time"] for one, other in pairwise(items))
        said = ask(api, "logs", text="DECLINED").json()["items"]
        assert [(one["service"], one["severity"], one["trace_id"], one["body"]) for one in said] == [
            ("payment", "ERROR", trace_id(1), f"card declined {HOSTILE}")
        ]

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            ({"service": "poller"}, 120),
            ({"severity": "warn"}, 61),
            ({"severity": "error"}, 1),
            ({"severity": "ERROR"}, 1),
            ({"severity": "warning"}, 61),
            ({"severity": "13"}, 61),
            ({"severity": "14"}, 1),
            ({"severity": "18"}, 0),
            ({"severity": "fatal"}, 0),
            ({"text": "größe 11 "}, 1),
            ({"text": "100 %</b>_"}, 120),
            ({"text": "100 _</b>"}, 0),
            ({"trace": trace_id(1).upper()}, 1),
            ({"customer": ODD}, 1),
            ({"customer": "c-2"}, 1),
            ({"customer": "nobody"}, 0),
        ],
    )
    def test_all_that_is_asked_is_met(self, api: TestClient, wanted: dict[str, str], count: int) -> None:
        """By the record itself, or by the trace that it was written in."""
        assert len(found(api, "logs", **DAY, **wanted)) == count


@pytest.mark.parametrize(
    ("path", "wanted", "field"),
    [
        ("traces", {"attribute": "=x"}, "attribute"),
        ("traces", {"attribute": "http.route="}, "attribute"),
        ("traces", {"min_duration_ms": "-1"}, "min_duration_ms"),
        ("traces", {"error": "perhaps"}, "error"),
        ("traces", {"sevice": "x"}, "sevice"),
        ("logs", {"severity": "loud"}, "severity"),
        ("logs", {"severity": "25"}, "severity"),
        ("logs", {"from": "soon"}, "from"),
        ("logs", {"cursor": "abc"}, "cursor"),
    ],
)
def test_what_cannot_be_right_is_named(api: TestClient, path: str, wanted: dict[str, str], field: str) -> None:
    """Which parameter, and in a sentence why."""
    answer = ask(api, path, **wanted)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_cursor_of_another_list_is_refused(api: TestClient) -> None:
    """It would ask something else."""
    cursor = ask(api, "traces", limit="1", service="gateway").json()["next"]
    assert api.get("/api/v1/logs", params={"cursor": cursor}).status_code == 400


def test_now_is_the_end_of_a_window_that_names_none(api: TestClient) -> None:
    """The last hour: nothing of the shop's."""
    answer = api.get("/api/v1/traces").json()
    assert answer["items"] == []
    assert datetime.now(UTC) - datetime.fromisoformat(answer["to"]) < timedelta(minutes=1)


ODD_HOUR = {"from": format_time(FROM - timedelta(days=100)), "to": format_time(FROM - timedelta(days=99))}
ODD_NS = T0 - 100 * 86_400 * SECOND
TWINS, NAMED_IN_LOG = 0xF01, 0xF02


@pytest.fixture(scope="module")
def odd(api: TestClient) -> TestClient:
    """A caller that failed and its callee of the same id that did not; an entry named by a record that came twice."""
    store: Store = cast(FastAPI, api.app).state.store
    twins = [
        span(1, TWINS, 0, ODD_NS, kind=Span.SPAN_KIND_CLIENT, status=ERROR),
        span(1, TWINS, 0, ODD_NS + 1, kind=Span.SPAN_KIND_SERVER, attributes=attributes({"http.route": "/z"})),
    ]
    child = span(2, NAMED_IN_LOG, 1, ODD_NS + 5, attributes=attributes({"customer.id": "c-child"}))
    store.insert("traces", segment(traces(*twins, span(1, NAMED_IN_LOG, 0, ODD_NS + 4), child)), token())
    record = LogRecord(
        time_unix_nano=ODD_NS + 4,
        trace_id=NAMED_IN_LOG.to_bytes(16, "big"),
        span_id=(1).to_bytes(8, "big"),
        body=any_value("paid"),
        attributes=attributes({"customer.id": "c-log"}),
    )
    for _ in range(2):
        store.insert("logs", segment(logs(record)), token())
    return api


def test_one_span_is_all_that_is_asked_though_two_share_an_id(odd: TestClient) -> None:
    """The one that failed has no route."""
    asked = {"attribute": "http.route=/z", **ODD_HOUR}
    assert ids(found(odd, "traces", error="true", **asked)) == []
    assert ids(found(odd, "traces", error="false", **asked)) == [TWINS]


def test_an_entry_is_named_by_its_log_record_too(odd: TestClient) -> None:
    """As where it is asked who was affected."""
    (one,) = found(odd, "traces", customer="c-child", **ODD_HOUR)
    assert one["customer"] == "c-log"


def test_a_trace_has_a_record_once_as_the_search_has(odd: TestClient) -> None:
    """However often it was received."""
    trace_id = f"{NAMED_IN_LOG:032x}"
    assert odd.get(f"/api/v1/traces/{trace_id}").json()["log_count"] == 1
    assert len(found(odd, "logs", trace=trace_id, **ODD_HOUR)) == 1
