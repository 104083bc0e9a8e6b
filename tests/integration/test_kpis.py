"""Business figures from counters and gauges: what they grew by, with resets right, as the API tells them."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from starlette.testclient import TestClient

from dashboards.api.cursors import write_cursor
from dashboards.app import create_app
from queries.store import Store, varint
from triage.kpi.named import shipped
from triage.kpi.values import values
from triage.window import Window

pytestmark = pytest.mark.integration

T0 = 1_790_000_040  # a whole minute
WINDOW = Window(datetime.fromtimestamp(T0, UTC), datetime.fromtimestamp(T0 + 600, UTC))
CUMULATIVE, DELTA = 2, 1


def points(metric: str, temporality: int, told: list[tuple[int, int, float]], instance: str = "a") -> bytes:
    """A counter's points: when its series started, when it was read (s since T0), and its value."""
    request = ExportMetricsServiceRequest()
    of = request.resource_metrics.add()
    of.resource.attributes.add(key="service.name").value.string_value = "gateway"
    of.resource.attributes.add(key="service.instance.id").value.string_value = instance
    made = of.scope_metrics.add().metrics.add(name=metric)
    made.sum.aggregation_temporality = temporality  # type: ignore[assignment]  # an enum's number
    made.sum.is_monotonic = True
    for started, read, value in told:
        made.sum.data_points.add(
            start_time_unix_nano=(T0 + started) * 10**9, time_unix_nano=(T0 + read) * 10**9, as_double=value
        )
    return request.SerializeToString()


@pytest.fixture(scope="module")
def own_store(own_store: Store) -> Store:
    """Counters of three kinds: cumulative with a restart, cumulative of another instance, delta with a repeat."""
    sent = [
        points("shop.orders", CUMULATIVE, [(-9000, -10, 100), (-9000, 10, 103), (-9000, 70, 104), (80, 90, 2)]),
        points("shop.orders", CUMULATIVE, [(-9000, -10, 7), (-9000, 30, 8)], "b"),
        points("shop.visits", DELTA, [(0, 10, 10), (10, 70, 5), (10, 70, 5)]),
    ]
    for number, body in enumerate(sent):
        own_store.insert("metrics", varint(len(body)) + body, f"kpi-{number}")
    return own_store


def test_a_ratio_is_of_both_counters(own_store: Store) -> None:
    """A point that was received twice counts once."""
    assert [value.value for value in values(own_store.ask, shipped()[0], WINDOW)] == [
        pytest.approx(0.4),
        pytest.approx(0.6),
    ]


def test_the_api_tells_figures_and_checks(own_store: Store) -> None:
    """The list, a series, the first checks; what is unknown gets a problem document."""
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    window = {"from": str(T0), "to": str(T0 + 600)}
    with TestClient(app, base_url="http://127.0.0.1") as api:
        assert "conversion" in [item["name"] for item in api.get("/api/v1/kpis").json()["items"]]
        told = api.get("/api/v1/kpis/orders", params={**window, "step": "1m"}).json()
        assert [item["value"] for item in told["items"]] == [4, 3]
        assert told["step_ms"] == 60_000
        assert told["kpi"]["of"]["name"] == "shop.orders"
        checks = api.get("/api/v1/checks", params=window).json()["items"]
        assert [check["name"] for check in checks[:3]] == ["gateway_errors", "latency", "kpi:conversion"]
        assert checks[0]["state"] == "unknown"
        assert api.get("/api/v1/kpis/none").status_code == 404
        assert api.get("/api/v1/kpis/orders", params={"step": "1ms"}).status_code == 400


@pytest.mark.parametrize("path", ["kpis", "kpis/orders", "checks", "runbook"])
def test_each_list_comes_in_pages_that_join_to_the_whole(own_store: Store, path: str) -> None:
    """`limit` and `cursor` go with every list, and the cursor keeps the window; what is out of bounds is refused."""
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    window = {"from": str(T0), "to": str(T0 + 600)} if path in {"kpis/orders", "checks"} else {}
    with TestClient(app, base_url="http://127.0.0.1") as api:
        address = f"/api/v1/{path}"
        whole = api.get(address, params=window).json()
        assert whole["next"] is None
        told = [api.get(address, params={**window, "limit": "1"}).json()]
        while cursor := told[-1]["next"]:
            told.append(api.get(address, params={"limit": "1", "cursor": cursor}).json())
        assert len(told) == len(whole["items"]) > 1
        assert [item for page in told for item in page["items"]] == whole["items"]
        assert len({(page.get("from"), page.get("to")) for page in told}) == 1
        for wrong in ({"limit": "0"}, {"limit": "10001"}, {"cursor": "x"}):
            assert api.get(address, params=wrong).status_code == 400


@pytest.mark.parametrize("step_s", [0, -1, 31 * 86_400 + 1, 1 << 62, (1 << 63) - 1])
def test_a_cursor_that_was_made_up_may_ask_for_no_other_steps(own_store: Store, step_s: int) -> None:
    """Than the parameter may: 1 s to 31 d."""
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as api:
        window = "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"
        answer = api.get("/api/v1/kpis/orders", params={"cursor": write_cursor((window[0], *window, step_s))})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("path", ["/", "/api/v1/checks"])
def test_a_window_may_end_in_any_year(own_store: Store, path: str) -> None:
    """Beyond 2106, too, where a count of seconds leaves 32 bits."""
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as api:
        answer = api.get(path, params={"from": str(T0), "to": "2261-12-31"})
        assert answer.status_code == 200


def test_a_step_in_bare_digits_is_milliseconds(own_store: Store) -> None:
    """As every duration of the API is."""
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as api:
        assert api.get("/api/v1/kpis/orders", params={"step": "60000"}).json()["step_ms"] == 60_000


def test_nothing_known_is_no_zero(own_store: Store) -> None:
    """An hour without points has no values."""
    late = Window(WINDOW.to + timedelta(hours=1), WINDOW.to + timedelta(hours=2))
    assert values(own_store.ask, shipped()[0], late) == []
