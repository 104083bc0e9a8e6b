-- Whose clock disagrees with that of the services that call it?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- one_in: UInt64, how many traces stand for one that is looked at
-- One row per pair of services. `outside` counts the calls whose server span lies partly outside its client span, which
-- it cannot; `ahead_ns` is the median distance of their middles, in ns: by so much the callee's clock is ahead.

CREATE TEMPORARY TABLE calls AS
SELECT
    TraceId, SpanId, ParentSpanId, SpanKind, ServiceName,
    toUnixTimestamp64Nano(Timestamp) AS start_ns,
    start_ns + toInt64(least(Duration, 1000000000000000)) AS end_ns
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND SpanKind IN ('Client', 'Server') AND notEmpty(TraceId) AND cityHash64(TraceId) % {one_in:UInt64} = 0;

SELECT
    client.ServiceName AS caller,
    server.ServiceName AS callee,
    count() AS calls,
    countIf(server.start_ns < client.start_ns OR server.end_ns > client.end_ns) AS outside,
    toInt64(quantileExact(0.5)(intDiv(server.start_ns - client.start_ns + server.end_ns - client.end_ns, 2))) AS ahead_ns
FROM (SELECT * FROM calls WHERE SpanKind = 'Server' AND notEmpty(ParentSpanId)) AS server
INNER JOIN (SELECT * FROM calls WHERE SpanKind = 'Client') AS client
    ON client.TraceId = server.TraceId AND client.SpanId = server.ParentSpanId
WHERE caller != callee
GROUP BY caller, callee
ORDER BY caller, callee
