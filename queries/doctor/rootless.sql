-- Which traces have no root, and where do they begin instead?
-- from, to: DateTime64, UTC; the window that a trace lies in, `to` itself not meant; a root may be a minute late
-- One row per service that such traces begin in, and whether somebody called it there or it was at work (neither is known
-- of an internal span), most first; `example` is one of them.

CREATE TEMPORARY TABLE candidates AS
SELECT TraceId
FROM trace_parts
WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) AND Bucket < {to:DateTime64(6, 'UTC')}
GROUP BY TraceId
HAVING sum(Roots) = 0 AND sum(Spans) > 0
    AND min(First) >= {from:DateTime64(6, 'UTC')} AND max(Last) < least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC') - INTERVAL 1 MINUTE);

-- Those whose root is filed elsewhere have one.
CREATE TEMPORARY TABLE rootless AS
SELECT TraceId FROM candidates
WHERE cityHash64(TraceId) NOT IN (
    SELECT TraceHash FROM otel_traces_trace_id_ts
    WHERE TraceHash IN (SELECT cityHash64(TraceId) FROM candidates)
    GROUP BY TraceHash HAVING sum(Roots) > 0);

SELECT
    entry[5] AS service,
    entry[4] IN ('Server', 'Consumer') AS is_called,
    entry[4] IN ('Client', 'Producer') AS is_at_work,
    count() AS traces,
    min(TraceId) AS example
FROM (
    SELECT TraceId, unpacked(min(Entry)) AS entry
    FROM trace_parts
    WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) AND Bucket < {to:DateTime64(6, 'UTC')}
        AND TraceId IN (SELECT TraceId FROM rootless) AND Spans > 0
    GROUP BY TraceId
)
GROUP BY service, is_called, is_at_work
ORDER BY traces DESC, service, is_called, is_at_work
