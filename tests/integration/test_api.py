"""The JSON API: what it answers, and what it says to those who ask wrongly."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import quote

import httpx
import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.errors import QueryFailed, QueryTooExpensive, StoreBusy, StoreError, StoreUnavailable
from queries.store import Store
from tests.integration import small_shop
from tests.integration.small_shop import FROM, HOSTILE, ODD, trace_id
from triage.window import format_time

pytestmark = pytest.mark.integration

AFFECTED = "/api/v1/affected"
WINDOW = {"from": format_time(FROM), "to": format_time(FROM + timedelta(hours=1))}
KEYS = {
    "from", "to", "as_of", "question", "customers", "not_recovered", "recovered", "masked", "failures",
    "failed_requests", "unattributed_failures", "ambiguous_failures", "attribution", "amount_at_risk", "exact",
    "caveat", "computed_at", "took_ms", "items", "next",
}  # fmt: skip


@pytest.fixture(scope="module")
def api(own_store: Store) -> Iterator[TestClient]:
    small_shop.fill(own_store)
    app = create_app(own_store, metrics=lambda: "triage_lag_seconds 0\n", ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def ask(api: TestClient, path: str = AFFECTED, **parameters: str) -> httpx.Response:
    answer: httpx.Response = api.get(path, params=WINDOW | parameters)
    return answer


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """The problem document that the answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["status"] == status
    return body


class TestAffected:
    def test_it_answers_as_the_contract_says(self, api: TestClient) -> None:
        """Every key of the contract, figures that add up, and each customer's outcome."""
        answer = ask(api).json()
        assert answer.keys() == KEYS
        assert {item["customer"]: item["outcome"] for item in answer["items"]} == {
            ODD: "not_recovered",
            "c-2": "recovered",
            "c-3": "masked",
            HOSTILE: "not_recovered",
        }
        assert (answer["customers"], answer["failures"], answer["unattributed_failures"]) == (4, 10, 1)
        assert answer["attribution"] == 0.9
        assert answer["amount_at_risk"] == {"EUR": 49.9}
        assert answer["question"]["service"] is None
        assert (answer["from"], answer["to"]) == (WINDOW["from"], WINDOW["to"])

    def test_a_customer_comes_with_orders_amount_and_evidence(self, api: TestClient) -> None:
        """Most failures first; evidence says which span, and what it said."""
        first = ask(api, service="payment").json()["items"][0]
        assert (first["customer"], first["failures"], first["orders"], first["amount"]) == (
            ODD,
            2,
            ["o-1"],
            {"EUR": 49.9},
        )
        assert first["evidence"][0] == {
            "trace_id": trace_id(1),
            "span_id": f"{2:016x}",
            "time": format_time(FROM + timedelta(seconds=10.01)),
            "service": "payment",
            "operation": "POST /charge",
            "error": "TimeoutError: no answer within 2 s",
        }

    @pytest.mark.parametrize(
        ("asked", "customers"),
        [
            ({"service": "payment"}, 4),
            ({"operation": "POST /checkout"}, 2),
            ({"route": "/checkout"}, 3),
            ({"version": "2.4.0", "operation": "POST /charge"}, 4),
            ({"version": "9"}, 0),
            ({"partner": "psp"}, 0),
            ({"slower_than_ms": "1"}, 4),
            ({"slower_than_ms": "10000"}, 0),
            ({"service": ""}, 4),
        ],
    )
    def test_every_parameter_narrows_the_question(self, api: TestClient, asked: dict[str, str], customers: int) -> None:
        """An empty one is as good as none."""
        assert ask(api, **asked).json()["customers"] == customers

    def test_no_failures_have_no_attribution(self, api: TestClient) -> None:
        """Null, not 1 or 0."""
        answer = ask(api, service="nobody").json()
        assert (answer["customers"], answer["attribution"], answer["items"]) == (0, None, [])

    def test_as_of_a_moment_it_knows_nothing_later(self, api: TestClient) -> None:
        """What began later is neither a failure nor a success."""
        answer = ask(api, as_of=format_time(FROM + timedelta(seconds=35))).json()
        assert {item["customer"]: item["outcome"] for item in answer["items"]} == {
            ODD: "not_recovered",
            "c-2": "not_recovered",
        }

    def test_pages_join_to_the_whole_and_keep_the_question(self, api: TestClient) -> None:
        """A cursor brings its question and window along, whatever stands beside it."""
        whole = ask(api).json()
        pages, cursor = [], None
        while True:
            answer = api.get(AFFECTED, params={"limit": "1", **({"cursor": cursor} if cursor else WINDOW)}).json()
            assert (answer["from"], answer["customers"]) == (whole["from"], 4)
            pages += answer["items"]
            if (cursor := answer["next"]) is None:
                break
        assert pages == whole["items"]

    def test_every_page_is_as_of_the_moment_of_the_first(self, api: TestClient) -> None:
        """Whoever gets through while the pages are read does not make them contradict each other."""
        first = api.get(AFFECTED, params={**WINDOW, "limit": "1"}).json()
        second = api.get(AFFECTED, params={"cursor": first["next"]}).json()
        assert second["as_of"] == first["as_of"]

    def test_the_csv_is_whole_and_safe_to_open(self, api: TestClient) -> None:
        """One line for each customer, the same figures; downloaded under the window's name."""
        answer = ask(api, f"{AFFECTED}.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert 'filename="affected-' in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        items = ask(api).json()["items"]
        assert [(row["customer"], int(row["failures"]), row["outcome"]) for row in rows] == [
            (item["customer"], item["failures"], item["outcome"]) for item in items
        ]

    @pytest.mark.parametrize(
        ("from_", "to"),
        [
            ("1790000000", "1790003600"),
            ("2026-09-21T15:13:20 01:00", "2026-09-21T15:13:20Z"),
            (" 2026-09-21", "2026-09-22"),
        ],
    )
    def test_times_are_taken_in_every_form(self, api: TestClient, from_: str, to: str) -> None:
        """Epoch seconds, another zone (its plus lost in the address), days."""
        assert api.get(AFFECTED, params={"from": from_, "to": to}).json()["customers"] == 4

    def test_the_default_window_is_the_last_hour(self, api: TestClient) -> None:
        """As the contract says."""
        answer = api.get(AFFECTED).json()
        start, end = (datetime.fromisoformat(answer[name]) for name in ("from", "to"))
        assert end - start == timedelta(hours=1)
        assert abs(end - datetime.now(UTC)) < timedelta(minutes=1)
        assert answer["to"].endswith("Z")


class TestWrongQuestions:
    @pytest.mark.parametrize(
        ("parameters", "field", "says"),
        [
            ({"from": "yesterday"}, "from", "15m"),
            ({"to": "1790000000000"}, "to", "seconds"),
            ({"as_of": "x"}, "as_of", "no time"),
            ({"from": "1h", "to": "2h"}, "from", "empty"),
            ({"from": "2026-02-30"}, "from", "no time"),
            ({"from": "99999999999d"}, "from", "longer"),
            ({"limit": "0"}, "limit", "at least 1"),
            ({"limit": "10001"}, "limit", "at most 10,000"),
            ({"limit": "ten"}, "limit", "whole number"),
            ({"slower_than_ms": "fast"}, "slower_than_ms", "number"),
            ({"slower_than_ms": "nan"}, "slower_than_ms", "finite"),
            ({"slower_than_ms": "-1"}, "slower_than_ms", "at least 0"),
            ({"slower_than_ms": "9223372036855"}, "slower_than_ms", "at most 9,223,372,036,854"),
            ({"servcie": "payment"}, "servcie", "did you mean 'service'?"),
            ({"cursor": "zzz"}, "cursor", "next"),
            ({"cursor": "é"}, "cursor", "next"),
            ({"cursor": "WzEsMiwzXQ"}, "cursor", "next"),
        ],
    )
    def test_the_field_at_fault_is_named(
        self, api: TestClient, parameters: dict[str, str], field: str, says: str
    ) -> None:
        """400, which field, and what would be right; the CSV says so before its first line."""
        body = problem(api.get(AFFECTED, params=parameters), 400)
        (error,) = cast(list[dict[str, str]], body["errors"])
        assert error["field"] == field
        assert says in error["detail"]
        if field not in ("limit", "cursor"):
            problem(api.get(f"{AFFECTED}.csv", params=parameters), 400)

    def test_a_parameter_given_twice_is_ambiguous(self, api: TestClient) -> None:
        """Which is meant can't be told."""
        assert "more than once" in str(problem(api.get(f"{AFFECTED}?service=a&service=b"), 400)["detail"])

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/api/v1/nothing", 404),
            ("POST", AFFECTED, 405),
            ("GET", "/api/v1/traces/ffff", 404),
            ("GET", "/api/v1/customers/nobody", 404),
            ("GET", "/api/v1/traces/x?cursor=1", 400),
            ("GET", "/api/v1/customers/c-2?from=soon", 400),
        ],
    )
    def test_every_error_is_a_problem_document(self, api: TestClient, method: str, path: str, status: int) -> None:
        """With a sentence in it."""
        assert " " in str(problem(api.request(method, path), status)["detail"])


class TestCustomer:
    @pytest.mark.parametrize("name", [ODD, HOSTILE, "c-2"])
    def test_any_name_opens(self, api: TestClient, name: str) -> None:
        """Ids are opaque text."""
        answer = ask(api, f"/api/v1/customers/{quote(name, safe='')}")
        assert answer.json()["customer"] == name

    def test_the_story_is_told_in_order(self, api: TestClient) -> None:
        """What they tried, what failed with its evidence, what they ordered, and how it ended."""
        answer = ask(api, "/api/v1/customers/c-2").json()
        assert answer["story"] == ("Tried to check out once at 14:13; it failed at payment; bought at 14:14.")
        assert (answer["outcome"], answer["requests"], answer["failures"]) == ("recovered", 2, 2)
        assert [(item["operation"], item["failed"], len(item["failures"])) for item in answer["items"]] == [
            ("POST /checkout", True, 2),
            ("POST /checkout", False, 0),
        ]
        assert answer["orders"] == [{"order": "o-2", "amount": 49.9, "currency": "EUR"}]

    def test_it_says_the_same_as_the_list_of_affected(self, api: TestClient) -> None:
        """Failures, outcome, recovery and last attempt are those of /affected."""
        for item in ask(api).json()["items"]:
            one = ask(api, f"/api/v1/customers/{quote(item['customer'], safe='')}").json()
            for key in ("failures", "outcome", "recovered_at", "last_attempt"):
                assert one[key] == item[key], (item["customer"], key)

    def test_pages_join_to_the_whole(self, api: TestClient) -> None:
        """The cursor keeps the window."""
        whole = ask(api, "/api/v1/customers/c-2").json()["items"]
        first = ask(api, "/api/v1/customers/c-2", limit="1").json()
        second = api.get("/api/v1/customers/c-2", params={"cursor": first["next"], "limit": "1"}).json()
        assert first["items"] + second["items"] == whole
        assert second["next"] is None

    def test_a_window_without_them_is_empty_but_known(self, api: TestClient) -> None:
        """Known customers are not "not found" for having been quiet."""
        answer = api.get("/api/v1/customers/c-2", params={"from": "2026-01-01", "to": "2026-01-02"})
        assert (answer.status_code, answer.json()["requests"], answer.json()["outcome"]) == (200, 0, None)


class TestTrace:
    def test_spans_come_with_their_logs(self, api: TestClient) -> None:
        """In order of start, with attributes, events and errors as they were sent."""
        answer = api.get(f"/api/v1/traces/{trace_id(1)}").json()
        gateway, payment = answer["spans"]
        assert (gateway["operation"], gateway["parent_span_id"], gateway["failed"]) == ("POST /checkout", None, True)
        assert payment["parent_span_id"] == gateway["span_id"]
        assert payment["error"] == "TimeoutError: no answer within 2 s"
        assert payment["attributes"]["order.id"] == "o-1"
        assert payment["resource"]["service.version"] == "2.4.0"
        (record,) = payment["logs"]
        assert (record["severity"], record["body"]) == ("ERROR", f"card declined {HOSTILE}")
        assert (answer["span_count"], answer["log_count"], answer["logs"], answer["next"]) == (2, 1, [], None)
        assert gateway["start"] == "2026-09-21T14:13:30.000000000Z"

    def test_an_id_is_taken_in_upper_case_too(self, api: TestClient) -> None:
        """People paste what their tools show."""
        assert api.get(f"/api/v1/traces/{trace_id(small_shop.LAST).upper()}").status_code == 200

    def test_pages_join_to_the_whole(self, api: TestClient) -> None:
        """A trace of very many spans is read in parts."""
        first = api.get(f"/api/v1/traces/{trace_id(1)}", params={"limit": "1"}).json()
        second = api.get(f"/api/v1/traces/{trace_id(1)}", params={"limit": "1", "cursor": first["next"]}).json()
        assert [span["service"] for span in first["spans"] + second["spans"]] == ["gateway", "payment"]
        assert second["next"] is None
        assert second["span_count"] == 2


class TestAround:
    def test_probes_and_metrics_answer(self, api: TestClient) -> None:
        """At the root."""
        assert api.get("/healthz").status_code == 200
        assert api.get("/readyz").status_code == 200
        assert api.get("/metrics").text == "triage_lag_seconds 0\n"
        assert api.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")

    def test_not_being_ready_says_why(self) -> None:
        """503 with a sentence and when to ask again."""
        app = create_app(None, metrics=str, ready=lambda: "The store cannot be reached.")  # type: ignore[arg-type]
        answer = TestClient(app, base_url="http://127.0.0.1").get("/readyz")
        assert problem(answer, 503)["detail"] == "The store cannot be reached."
        assert answer.headers["retry-after"]

    def test_the_schema_describes_every_route(self, api: TestClient) -> None:
        """With parameters under their own names, and problem documents for errors."""
        paths = api.get("/openapi.json").json()["paths"]
        assert {"/api/v1/affected", "/api/v1/affected.csv", "/api/v1/customers/{customer}", "/healthz"} <= paths.keys()
        names = {parameter["name"] for parameter in paths[AFFECTED]["get"]["parameters"]}
        assert {"from", "to", "as_of", "service", "slower_than_ms", "limit", "cursor"} <= names

    def test_the_schema_tells_the_problems_that_come(self, api: TestClient) -> None:
        """Whatever the gate refuses; an unknown name where there is one in the path, a body where there is one."""
        schema = api.get("/openapi.json").json()
        assert "HTTPValidationError" not in schema["components"]["schemas"], "what is no value is answered with 400"
        assert "503" in schema["paths"]["/readyz"]["get"]["responses"]
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                told = operation["responses"].keys()
                assert ({"401", "403", "429"} <= told) == (path not in {"/healthz", "/readyz"}), path
                assert ("404" in told) == ("{" in path or path == "/api/v1/customers"), path
                assert ("413" in told) == ("requestBody" in operation), path

    @pytest.mark.parametrize(
        ("error", "status", "retry"),
        [
            (StoreUnavailable("no route to 10.0.0.1"), 503, True),
            (StoreBusy("too many"), 503, True),
            (QueryTooExpensive("MEMORY_LIMIT_EXCEEDED"), 422, False),
            (QueryFailed("DB::Exception at line 7"), 500, False),
        ],
    )
    def test_a_store_that_cannot_answer_is_said_so(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch, error: StoreError, status: int, retry: bool
    ) -> None:
        """Whether asking again helps, and nothing of what the engine said."""

        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("dashboards.api.affected.affected", fail)
        answer = ask(api)
        assert str(error) not in str(problem(answer, status)["detail"])
        assert ("retry-after" in answer.headers) == retry
