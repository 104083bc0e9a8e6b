-- Of requests that failed in the end where phones and browsers enter, how many lie below a root that says all went well?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per service that sends such roots, none of a server's or consumer's: its traces that failed, of these the `untold`, and one of them.
SELECT
    root_service AS service,
    count() AS failed,
    countIf(NOT has_root_failed) AS untold,
    anyIf(TraceId, NOT has_root_failed) AS example
FROM (
    SELECT
        TraceId,
        anyIf(ServiceName, empty(ParentSpanId)) AS root_service,
        countIf(empty(ParentSpanId)) = 1 AND anyIf(SpanKind, empty(ParentSpanId)) NOT IN ('Server', 'Consumer') AS is_from_outside,
        maxIf(StatusCode = 'Error', empty(ParentSpanId)) AS has_root_failed,
        argMaxIf(
            StatusCode = 'Error' OR match(SpanAttributes['http.response.status_code'], '^5') OR match(SpanAttributes['http.status_code'], '^5'),
            Timestamp,
            SpanKind = 'Server' AND notEmpty(ParentSpanId) AND has({entry_services:Array(String)}, ServiceName)) AS has_last_failed
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND notEmpty(TraceId)
    GROUP BY TraceId
    HAVING is_from_outside AND has_last_failed
)
GROUP BY service
HAVING untold >= 10 AND untold >= 0.9 * failed
ORDER BY untold DESC, service
