"""What must be equal if every table and rollup has counted each span and log record once."""

from queries.store import Store

PROMISES = (
    ("red: requests", "SELECT sum(Requests) FROM red", "SELECT count() FROM otel_traces"),
    ("red: errors", "SELECT sum(Errors) FROM red", "SELECT countIf(StatusCode = 'Error') FROM otel_traces"),
    ("red: duration", "SELECT sum(Duration) FROM red", "SELECT sum(Duration) FROM otel_traces"),
    ("failures", "SELECT count() FROM failures", "SELECT countIf(StatusCode = 'Error') FROM otel_traces"),
    (
        "failures: spans",
        "SELECT uniqExact(SpanId) FROM failures",
        "SELECT countIf(StatusCode = 'Error') FROM otel_traces",
    ),
    ("trace_parts: spans", "SELECT sum(Spans) FROM trace_parts", "SELECT count() FROM otel_traces"),
    ("trace_parts: traces", "SELECT uniqExact(TraceId) FROM trace_parts", "SELECT uniqExact(TraceId) FROM otel_traces"),
    ("roots", "SELECT count() FROM roots", "SELECT countIf(ParentSpanId = '') FROM otel_traces"),
    (
        "entries",
        "SELECT count() FROM entries",
        "SELECT countIf(ParentSpanId = '' AND SpanAttributes['customer.id'] != '') FROM otel_traces",
    ),
    ("services", "SELECT uniqExact(ServiceName) FROM services", "SELECT uniqExact(ServiceName) FROM otel_traces"),
    (
        "trace times",
        "SELECT uniqExact(TraceId) FROM otel_traces_trace_id_ts",
        "SELECT uniqExact(TraceId) FROM otel_traces",
    ),
    ("spans twice", "SELECT count() FROM otel_traces", "SELECT uniqExact(TraceId, SpanId) FROM otel_traces"),
)


def differences(store: Store) -> dict[str, tuple[int, int]]:
    """What is not equal: by promise, what is there and what should be."""
    found = {}
    for promise, there, should in PROMISES:
        row = store.select(f"SELECT toUInt64(({there})) AS there, toUInt64(({should})) AS should")
        if row["there"][0] != row["should"][0]:
            found[promise] = (row["there"][0], row["should"][0])
    return found
