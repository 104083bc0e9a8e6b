-- What was logged in this trace?
-- trace_id: String, lower-case hex
-- from, to: DateTime64(9), UTC; where to look
-- at_most: UInt32, records
-- One row per log record, in order of time; what was received twice is one row. `records` counts all of the trace between
-- `from` and `to`.
WITH once AS (
    SELECT *
    FROM otel_logs
    WHERE TraceId = {trace_id:String}
      AND Timestamp >= {from:DateTime64(9, 'UTC')}
      AND Timestamp <= {to:DateTime64(9, 'UTC')}
    LIMIT 1 BY Timestamp, ServiceName, SpanId, SeverityNumber, SeverityText, Body, toString(LogAttributes)
)
SELECT
    SpanId AS span_id,
    ServiceName AS service,
    toUnixTimestamp64Nano(Timestamp) AS time_ns,
    SeverityText AS severity,
    SeverityNumber AS severity_number,
    Body AS body,
    toJSONString(LogAttributes) AS attributes,
    count() OVER () AS records
FROM once
ORDER BY time_ns, service, span_id, body
LIMIT {at_most:UInt32}
