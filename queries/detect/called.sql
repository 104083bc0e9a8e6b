-- Which services do requests enter by that phones, browsers or load generators begin?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- callers: Array(String), the services that begin them (callers.sql)
-- one_in: UInt64, of how many traces one is looked at
-- One row per service of which a fifth of the server spans below another span, or more, are right below one of theirs.
SELECT toString(ServiceName) AS service
FROM otel_traces
PREWHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Server'
WHERE notEmpty(ParentSpanId) AND cityHash64(TraceId) % {one_in:UInt64} = 0
GROUP BY service
HAVING 5 * countIf((TraceId, ParentSpanId) IN (
    SELECT TraceId, SpanId
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} - INTERVAL 5 MINUTE AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND ServiceName IN {callers:Array(String)} AND cityHash64(TraceId) % {one_in:UInt64} = 0)) >= count()
ORDER BY service
