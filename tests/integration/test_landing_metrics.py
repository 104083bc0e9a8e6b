"""Metrics: all five kinds, every figure exact, and the odd ones that senders send."""

from __future__ import annotations

import itertools
import math

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
    Summary,
    SummaryDataPoint,
)

from queries.store import Store
from tests.integration.otlp import T0, attributes, metrics, segment, token

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_invalid_utf8_is_repaired_wherever_it_stands",)

_services = (f"metrics-{number}" for number in itertools.count())
Row = dict[str, object]


def land(store: Store, table: str, *each: Metric) -> list[Row]:
    """Loads the metrics and reads one table's rows back, in the order of their times."""
    service = next(_services)
    store.insert("metrics", segment(metrics(*each, resource={"service.name": service})), token())
    sql = f"SELECT * FROM otel_metrics_{table} WHERE ServiceName = {{service:String}} ORDER BY MetricName, TimeUnix"
    return store.select(sql, service=service).to_dicts()


def number(at: int = 0, **fields: object) -> NumberDataPoint:
    point = NumberDataPoint(time_unix_nano=T0 + at, start_time_unix_nano=T0 - 1)
    point.MergeFrom(NumberDataPoint(**fields))  # type: ignore[arg-type]  # the message checks them
    return point


def test_integers_are_exact_and_told_from_floats(store: Store):
    """Value is the float that the exporter writes; IntValue is what was sent, null where it was a float or nothing."""
    points = [
        number(0, as_int=0),
        number(1, as_int=2**53 + 1),
        number(2, as_int=2**63 - 1),
        number(3, as_int=-(2**63)),
        number(4, as_double=0.0),
        number(5, as_double=1.5),
        number(6),
        number(7, as_double=math.inf),
        number(8, as_double=math.nan),
    ]
    rows = land(store, "gauge", Metric(name="g", gauge=Gauge(data_points=points)))
    assert [row["IntValue"] for row in rows] == [0, 2**53 + 1, 2**63 - 1, -(2**63), *[None] * 5]
    values = [float(str(row["Value"])) for row in rows]
    assert values[:8] == [0, 2.0**53, 2.0**63, -(2.0**63), 0, 1.5, 0, math.inf]
    assert math.isnan(values[8])


def test_sums_keep_temporality_and_monotonicity(store: Store):
    """Unspecified and unknown temporalities as their number; delta and cumulative side by side; resets as they come."""
    each = []
    for n, how in enumerate((0, 1, 2, 9)):
        points = [number(as_int=n)]
        sums = Sum(data_points=points, aggregation_temporality=how, is_monotonic=n % 2 == 1)  # type: ignore[arg-type]  # 9
        each.append(Metric(name=f"s{n}", sum=sums))
    reset = Sum(data_points=[number(1, as_int=10), number(2, as_int=3, start_time_unix_nano=T0 + 1)])
    rows = land(store, "sum", *each, Metric(name="z", sum=reset))
    assert [row["AggregationTemporality"] for row in rows] == [0, 1, 2, 9, 0, 0]
    assert [row["IsMonotonic"] for row in rows] == [False, True, False, True, False, False]
    assert [row["IntValue"] for row in rows] == [0, 1, 2, 3, 10, 3]


def test_flags_tell_that_no_value_was_recorded(store: Store):
    """The flag is kept: a zero beside it is no zero."""
    rows = land(store, "gauge", Metric(name="g", gauge=Gauge(data_points=[number(flags=1), number(1, as_int=0)])))
    assert [(row["Flags"], row["IntValue"]) for row in rows] == [(1, None), (0, 0)]


def test_times_of_points_may_be_missing_or_beyond_reason(store: Store):
    """Unknown start, start equal to time, time 0, and beyond 2262."""
    points = [
        NumberDataPoint(time_unix_nano=0, as_int=1),
        NumberDataPoint(time_unix_nano=T0, start_time_unix_nano=T0, as_int=2),
        NumberDataPoint(time_unix_nano=2**64 - 1, as_int=3),
    ]
    service = land(store, "gauge", Metric(name="g", gauge=Gauge(data_points=points)))[0]["ServiceName"]
    found = store.select(
        "SELECT IntValue, toUnixTimestamp64Nano(TimeUnix) AS t, toUnixTimestamp64Nano(StartTimeUnix) AS start, "
        "Day BETWEEN '2000-01-01' AND today() + 1 AS filed FROM otel_metrics_gauge WHERE ServiceName = {s:String} "
        "ORDER BY IntValue",
        s=str(service),
    )
    assert found.rows() == [(1, 0, 0, 1), (2, T0, T0, 1), (3, 2**63 - 1, 0, 1)]


def test_exemplars_are_kept_with_or_without_a_value(store: Store):
    """Integer, float and no value; ids as hex; the filtered attributes."""
    exemplars = [
        Exemplar(as_int=7, time_unix_nano=T0, trace_id=b"\x0a" * 16, span_id=b"\x0b" * 8),
        Exemplar(as_double=0.5, time_unix_nano=T0, filtered_attributes=attributes({"customer.id": "c-1", "n": 2**60})),
        Exemplar(),
    ]
    each = [
        Metric(name="g", gauge=Gauge(data_points=[number(exemplars=exemplars), number(1)])),
        Metric(name="s", sum=Sum(data_points=[number(exemplars=exemplars)])),
        Metric(name="h", histogram=Histogram(data_points=[HistogramDataPoint(exemplars=exemplars)])),
        Metric(
            name="e",
            exponential_histogram=ExponentialHistogram(
                data_points=[ExponentialHistogramDataPoint(exemplars=exemplars)]
            ),
        ),
    ]
    service = land(store, "gauge", *each)[0]["ServiceName"]
    for table in ("gauge", "sum", "histogram", "exponential_histogram"):
        sql = f"SELECT * FROM otel_metrics_{table} WHERE ServiceName = {{s:String}} ORDER BY TimeUnix"
        rows = store.select(sql, s=str(service)).to_dicts()
        row = rows[0]
        assert row["Exemplars.Value"] == [7, 0.5, 0], table
        assert row["Exemplars.TraceId"] == ["0a" * 16, "", ""]
        assert row["Exemplars.SpanId"] == ["0b" * 8, "", ""]
        assert [dict(each) for each in row["Exemplars.FilteredAttributes"]] == [
            {},
            {"customer.id": "c-1", "n": str(2**60)},
            {},
        ]
        assert len(row["Exemplars.TimeUnix"]) == 3
        assert all(other["Exemplars.Value"] == [] for other in rows[1:])


def test_histograms_keep_every_bucket(store: Store):
    """With sum, min and max; without (written as 0, as the exporter does); with bounds and counts both empty."""
    whole = HistogramDataPoint(
        time_unix_nano=T0,
        count=2**53 + 1,
        sum=-2.5,
        min=-3,
        max=0,
        bucket_counts=[0, 2**63, 1],
        explicit_bounds=[-1.5, math.inf],
        attributes=attributes({"le": "x"}),
    )
    empty = HistogramDataPoint(time_unix_nano=T0 + 1, count=3)
    metric = Metric(name="h", histogram=Histogram(data_points=[whole, empty], aggregation_temporality=1))  # type: ignore[arg-type]  # a number on the wire
    first, second = land(store, "histogram", metric)
    assert (first["Count"], first["Sum"], first["Min"], first["Max"]) == (2**53 + 1, -2.5, -3, 0)
    assert (first["BucketCounts"], first["ExplicitBounds"]) == ([0, 2**63, 1], [-1.5, math.inf])
    assert first["AggregationTemporality"] == 1
    assert (second["Count"], second["Sum"], second["Min"], second["Max"]) == (3, 0, 0, 0)
    assert second["BucketCounts"] == second["ExplicitBounds"] == []


def test_exponential_histograms_keep_scale_offsets_and_counts(store: Store):
    """Negative scales and offsets; a side that is missing altogether."""
    buckets = ExponentialHistogramDataPoint.Buckets
    point = ExponentialHistogramDataPoint(
        time_unix_nano=T0,
        count=7,
        sum=1.25,
        scale=-3,
        zero_count=2,
        positive=buckets(offset=-5, bucket_counts=[1, 0, 2**40]),
        negative=buckets(offset=2**31 - 1, bucket_counts=[4]),
        min=0.5,
        max=9,
    )
    bare = ExponentialHistogramDataPoint(time_unix_nano=T0 + 1)
    exponential = ExponentialHistogram(data_points=[point, bare], aggregation_temporality=2)  # type: ignore[arg-type]  # a number on the wire
    first, second = land(store, "exponential_histogram", Metric(name="e", exponential_histogram=exponential))
    assert (first["Scale"], first["ZeroCount"], first["Count"], first["Sum"]) == (-3, 2, 7, 1.25)
    assert (first["PositiveOffset"], first["PositiveBucketCounts"]) == (-5, [1, 0, 2**40])
    assert (first["NegativeOffset"], first["NegativeBucketCounts"]) == (2**31 - 1, [4])
    assert (first["Min"], first["Max"], first["AggregationTemporality"]) == (0.5, 9, 2)
    assert (second["PositiveBucketCounts"], second["NegativeBucketCounts"], second["Count"]) == ([], [], 0)


def test_summaries_keep_their_quantiles(store: Store):
    """With and without any."""
    quantile = SummaryDataPoint.ValueAtQuantile
    points = [
        SummaryDataPoint(
            time_unix_nano=T0,
            count=3,
            sum=0.75,
            quantile_values=[quantile(quantile=0, value=-1), quantile(quantile=0.99, value=5)],
        ),
        SummaryDataPoint(time_unix_nano=T0 + 1, flags=1),
    ]
    first, second = land(store, "summary", Metric(name="q", summary=Summary(data_points=points)))
    assert (first["Count"], first["Sum"]) == (3, 0.75)
    assert (first["ValueAtQuantiles.Quantile"], first["ValueAtQuantiles.Value"]) == ([0, 0.99], [-1, 5])
    assert (second["ValueAtQuantiles.Quantile"], second["Flags"]) == ([], 1)


def test_names_units_scopes_and_resources_go_with_their_own_points(store: Store):
    """Several kinds, scopes and points in one request; a metric without data is no row, and harms none."""
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add(schema_url="https://r")
    of_resource.resource.attributes.extend(attributes({"service.name": "metrics-mixed"}))
    for n in range(3):
        scope = InstrumentationScope(
            name=f"scope-{n}", version="1", attributes=attributes({"n": n}), dropped_attributes_count=n
        )
        of_scope = of_resource.scope_metrics.add(scope=scope, schema_url=f"https://s{n}")
        for m in range(n):
            points = [number(k, as_int=100 * n + 10 * m + k, attributes=attributes({"k": k})) for k in range(2)]
            of_scope.metrics.add(name=f"m{n}{m}", description="what", unit="By", gauge=Gauge(data_points=points))
        of_scope.metrics.add(name=f"none{n}")
        of_scope.metrics.add(name=f"empty{n}", gauge=Gauge(), metadata=attributes({"x": 1}))
        of_scope.metrics.add(name=f"other{n}", sum=Sum(data_points=[number(as_int=n)]))
    store.insert("metrics", segment(request, ExportMetricsServiceRequest()), token())
    sql = "SELECT * FROM otel_metrics_gauge WHERE ServiceName = 'metrics-mixed' ORDER BY IntValue"
    rows = store.select(sql).to_dicts()
    assert [row["IntValue"] for row in rows] == [100, 101, 200, 201, 210, 211]
    for row in rows:
        n, m, k = (int(digit) for digit in str(row["IntValue"]))
        assert (row["MetricName"], row["MetricDescription"], row["MetricUnit"]) == (f"m{n}{m}", "what", "By")
        assert (row["ScopeName"], row["ScopeSchemaUrl"], row["ScopeDroppedAttrCount"]) == (
            f"scope-{n}",
            f"https://s{n}",
            n,
        )
        assert (dict(row["ScopeAttributes"]), dict(row["Attributes"])) == ({"n": str(n)}, {"k": str(k)})
        assert row["ResourceSchemaUrl"] == "https://r"
    sums = store.select("SELECT count() AS n FROM otel_metrics_sum WHERE ServiceName = 'metrics-mixed'")
    assert sums["n"][0] == 3


OLD_WIRE = bytes.fromhex("0a03") + b"old" + bytes.fromhex("22020801") + bytes.fromhex("42020a00")


def test_the_older_wires_metrics_that_decode_to_no_data_are_no_row(store: Store):
    """Before 0.9 integers had fields 4, 6 and 8: they are read as unknown, and the rest of the request is kept."""
    request = metrics(
        Metric.FromString(OLD_WIRE),
        Metric(name="new", gauge=Gauge(data_points=[number(as_int=1)])),
        resource={"service.name": "metrics-old"},
    )
    store.insert("metrics", segment(request), token())
    found = store.select("SELECT MetricName FROM otel_metrics_gauge WHERE ServiceName = 'metrics-old'")
    assert found["MetricName"].to_list() == ["new"]


def test_invalid_utf8_is_repaired_wherever_it_stands(store: Store):
    """In names, units, attributes and exemplars."""
    point = number(
        as_int=1,
        attributes=attributes({"BAD!": "BAD!"}),
        exemplars=[Exemplar(filtered_attributes=attributes({"BAD!": "BAD!"}))],
    )
    metric = Metric(name="BAD!", description="BAD!", unit="BAD!", gauge=Gauge(data_points=[point]))
    body = segment(metrics(metric, resource={"service.name": "metrics-bad", "BAD!": "BAD!"}))
    store.insert("metrics", body.replace(b"BAD!", b"\xff\xfe\x80\xc0"), token())
    row = store.select("SELECT * FROM otel_metrics_gauge WHERE ServiceName = 'metrics-bad'").row(0, named=True)
    repaired = row["MetricName"]
    assert set(repaired) == {"\ufffd"}
    assert row["MetricDescription"] == row["MetricUnit"] == repaired
    assert dict(row["Attributes"]) == dict(row["Exemplars.FilteredAttributes"][0]) == {repaired: repaired}
    assert dict(row["ResourceAttributes"])[repaired] == repaired
