-- Which spans name a parent that never arrived, though their trace's root did?
-- from, to: DateTime64, UTC; the window that such a trace begins in, `to` itself not meant; a parent may be a minute late
-- one_in: UInt64, how many traces stand for one that is looked at
-- One row per service that has such spans, the one with most first. Counts are of the traces that were looked at.

CREATE TEMPORARY TABLE looked_at AS
SELECT TraceId, SpanId, ParentSpanId, ServiceName
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC') - INTERVAL 1 MINUTE)
    AND notEmpty(TraceId) AND cityHash64(TraceId) % {one_in:UInt64} = 0;

SELECT
    ServiceName AS service,
    count() AS spans,
    countIf(is_orphan) AS orphans,
    minIf(TraceId, is_orphan) AS example
FROM (
    SELECT
        TraceId, ServiceName,
        notEmpty(ParentSpanId) AND (TraceId, ParentSpanId) NOT IN (SELECT TraceId, SpanId FROM looked_at) AS is_orphan
    FROM looked_at
    WHERE TraceId IN (SELECT TraceId FROM looked_at WHERE empty(ParentSpanId))
)
GROUP BY service
HAVING orphans > 0
ORDER BY orphans DESC, service
