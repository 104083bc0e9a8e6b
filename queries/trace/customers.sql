-- Whom does this trace name?
-- trace_id: String, lower-case hex
-- One row per customer that its spans, their resources or its log records name.
SELECT DISTINCT arrayJoin(Names) AS customer
FROM trace_parts
WHERE TraceHash = cityHash64({trace_id:String}) AND TraceId = {trace_id:String}
    AND Bucket IN (
        SELECT Bucket FROM otel_traces_trace_id_ts
        WHERE TraceHash = cityHash64({trace_id:String}) AND TraceId = {trace_id:String})
ORDER BY customer
LIMIT 100
