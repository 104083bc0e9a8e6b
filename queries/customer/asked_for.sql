-- Which spans of these traces does a question ask for?
-- trace_ids: Array(String), lower-case hex
-- from, to: DateTime64(9), the window: from <= start < to
-- service, operation, route, partner, version: String, of the span; '' for any
-- slower_than_ns: Int64, nanoseconds that a span must exceed; negative: spans that failed
-- One row per span.

-- bind: failing, slow
SELECT {slower_than_ns:Int64} < 0, {slower_than_ns:Int64} >= 0;

CREATE TEMPORARY TABLE asked (
    TraceId String, SpanId String, SpanKind String, ServiceName String, SpanName String, Route String, Version String,
    Peers Array(String), ServerAddress String
);

-- if: failing
INSERT INTO asked
SELECT TraceId, SpanId, SpanKind, ServiceName, SpanName, Route, Version, Peers, ServerAddress
FROM failures
WHERE TraceId IN {trace_ids:Array(String)}
    AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')};

-- if: slow
INSERT INTO asked
SELECT TraceId, SpanId, SpanKind, ServiceName, SpanName, Route, Version, Peers, ServerAddress
FROM spans
WHERE toInt64(Duration) > {slower_than_ns:Int64}
    AND TraceId IN {trace_ids:Array(String)}
    AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')};

SELECT DISTINCT TraceId AS trace_id, SpanId AS span_id
FROM asked
WHERE ({service:String} = '' OR ServiceName = {service:String})
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({route:String} = '' OR Route = {route:String})
    AND ({version:String} = '' OR Version = {version:String})
    AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
        has(Peers, {partner:String})
        OR (ServerAddress = {partner:String} AND has((SELECT groupArray(Name) FROM partners), {partner:String})))))
