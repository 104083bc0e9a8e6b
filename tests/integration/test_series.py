"""What figures are drawn from, on the real engine: a symptom’s measure is unusual after it began, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from queries.store import Store
from tests.bench.staged import write
from tests.loading import empty
from tests.symptoms import Passes
from triage.demo.model import Shop
from triage.detectors import NAMES, symptoms_at
from triage.incident.alerts import as_symptom
from triage.incident.graph import call_graph
from triage.incident.series import markers, symptom_series
from triage.symptom import Symptom
from triage.window import Window

pytestmark = pytest.mark.integration

OPENS = 1_790_085_600
HISTORY_S, FAULT_S = 1500, 240
ARRIVED = """
    INSERT INTO arrivals (Minute, ServiceName, Spans, Misdated, Last)
    VALUES ({at:DateTime('UTC')}, 'pay', 60, 0, now64())
"""
SLICE = ("gateway-5xx", "cache-storm", "inventory-duplicates")
SCENARIOS = (
    *SLICE,
    *(pytest.param(each, marks=pytest.mark.full) for each in ("token-expired", "bad-deploy", "erp-slow")),
)


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(OPENS + second, UTC)


@pytest.fixture(scope="module", params=SCENARIOS)
def symptom(own_store: Store, request: pytest.FixtureRequest) -> Symptom:
    """What the detectors say at the end of a shop's half hour, in whose last minutes it is broken."""
    empty(own_store)
    shop = Shop(request.param, 3, 4.0)
    fault = shop.fault(OPENS + HISTORY_S, OPENS + HISTORY_S + FAULT_S)
    write(own_store, shop, OPENS, OPENS + HISTORY_S + FAULT_S, [fault])
    return symptoms_at(own_store.ask, moment(HISTORY_S + FAULT_S))[0]


def test_a_symptoms_measure_leaves_its_usual_band_when_it_begins(own_store: Store, symptom: Symptom) -> None:
    """Before, it lies in the band nearly always; afterwards above it, and near what the symptom says."""
    window = Window(moment(300), moment(HISTORY_S + FAULT_S))
    series = symptom_series(own_store.ask, symptom, window)
    assert series
    assert series.unit == symptom.unit
    assert series.usual_high is not None
    known = [(time, value) for time, value in zip(series.times, series.values, strict=True) if value is not None]
    before = [value for time, value in known if time + timedelta(seconds=series.step_s) <= symptom.from_]
    after = [value for time, value in known if time >= symptom.from_]
    assert len(before) >= 15
    assert sum(value <= series.usual_high for value in before) >= 0.9 * len(before)
    assert max(after) > 2 * series.usual_high
    assert max(after) > 0.5 * symptom.value
    assert (series.times[0], series.times[-1]) == (moment(300), moment(HISTORY_S + FAULT_S - series.step_s))


@pytest.mark.parametrize("symptom", ["gateway-5xx"], indirect=True)
def test_a_callee_that_does_not_report_is_a_partner(own_store: Store, symptom: Symptom) -> None:
    """All others are services; of what nobody calls nothing is said."""
    passes = Passes()
    passes.look(30, symptom)
    graph = call_graph(own_store.ask, passes.only, Window(moment(300), moment(HISTORY_S + FAULT_S)))
    called = {call.callee for call in graph.calls}
    assert {name for name in called if graph.kind(name) == "partner"} == {"psp", "wms", "erp"} & called != set()
    assert (graph.kind("gateway"), graph.kind("revenue")) == ("service", "")


@pytest.mark.usefixtures("symptom")
@pytest.mark.parametrize("symptom", ["bad-deploy"], indirect=True)
def test_a_deploy_in_the_window_is_a_marker(own_store: Store) -> None:
    """Once, with what it deployed, at its time."""
    told = markers(own_store.ask, Window(moment(HISTORY_S - 300), moment(HISTORY_S + FAULT_S)))
    deploys = [each for each in told if each.kind == "deploy"]
    assert deploys
    assert all(each.text.startswith("deploy of ") for each in deploys)
    assert [each.time for each in told] == sorted(each.time for each in told)


def test_silence_is_drawn_as_nothing_that_arrived(own_store: Store) -> None:
    """An interval without an arrival is a zero, since that is known; before the first one nothing is."""
    empty(own_store)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for minute in range(5, 15):
        at = (now - timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M:%S")
        own_store.command(ARRIVED, at=at)
    symptom = Symptom(
        "no_data", {"service": "pay"}, now - timedelta(minutes=4), None, "warning", "", 4.0, 0.0, "min"  # type: ignore[arg-type]
    )  # fmt: skip
    series = symptom_series(own_store.ask, symptom, Window(now - timedelta(minutes=20), now))
    assert series
    assert series.values == (*[None] * 6, *[60.0] * 10, *[0.0] * 4)
    assert (series.usual_low, series.usual_high) == (60.0, 60.0)


@pytest.mark.parametrize("alertname", NAMES)
@pytest.mark.parametrize(
    "labels", [{}, {"service": "payment", "gateway": "gateway", "operation": "POST /x", "kpi": "o"}]
)
def test_an_alert_is_measured_by_its_service_whatever_it_is_called(
    own_store: Store, alertname: str, labels: dict[str, str]
) -> None:
    """Its name and its labels are free: it is none of our detectors' even where it is called like one."""
    symptom = as_symptom(
        {
            "Source": "alertmanager", "Fingerprint": "f", "Name": alertname, "Severity": "page", "Status": "firing",
            "Time": moment(HISTORY_S), "Ends": None, "Labels": [{"key": key, "value": labels[key]} for key in labels],
            "Annotations": [], "Url": "",
        },
        moment(HISTORY_S + FAULT_S),
    )  # fmt: skip
    series = symptom_series(own_store.ask, symptom, Window(moment(300), moment(HISTORY_S + FAULT_S)))
    assert (series.name if series else None) == ("Errors of requests to payment" if labels else None)


def test_tables_of_one_name_in_two_databases_are_two(own_store: Store) -> None:
    """A connector without schemas, such as MySQL's, tells them apart by the database: each counts for itself."""
    own_store.command("""
        INSERT INTO cdc_events (Id, Connector, Db, `Schema`, `Table`, Key, Op, Sequence, Time, Captured)
        SELECT
            toString(number), 'two', if(number % 2, 'shop_de', 'shop_ch'), '', 'stock', '{"id":1}', 'u',
            intDiv(number, 2) + 50 * (number % 2),
            toDateTime64('2026-09-22 14:00:00', 6, 'UTC') + number AS moment, moment
        FROM numbers(20)
    """)
    window = {"from": datetime(2026, 9, 22, 14, tzinfo=UTC), "to": datetime(2026, 9, 22, 15, tzinfo=UTC)}
    for kind in ("stale", "missing"):
        found = own_store.ask("series/row_changes", **window, step_s=3600, connector="two", kind=kind)
        assert found.select("changes", "wrong").rows() == [(20, 0)]
