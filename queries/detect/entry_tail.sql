-- How long did each request to an entry operation take lately, against what was usual?
-- usual_from, usual_to: DateTime64, UTC; when all was as usual, `usual_to` itself not meant
-- from, to: DateTime64, UTC; the window, `to` itself not meant; only what had ended by `to` counts
-- service, operation: String, the entry
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row: how many there were usually, their mean and 99th percentile in ms, and the start (seconds since 1970) and
-- duration (ms) of each request in the window, in order of start.
WITH
    Timestamp < {usual_to:DateTime64(6, 'UTC')} AS is_usual,
    Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')} AS is_now
SELECT
    countIf(is_usual) AS usual_requests,
    avgIf(Duration, is_usual) / 1e6 AS usual_mean_ms,
    quantileTDigestIf(0.99)(Duration, is_usual) / 1e6 AS usual_p99_ms,
    arraySort(groupArrayIf((toUnixTimestamp64Milli(Timestamp) / 1000, Duration / 1e6), is_now)) AS recent,
    recent.1 AS starts,
    recent.2 AS durations_ms
FROM otel_traces
WHERE ServiceName = {service:String} AND SpanName = {operation:String}
    AND SpanKind = 'Server' AND is_entry(empty(ParentSpanId), SpanKind, ServiceName, {entry_services:Array(String)})
    AND ((Timestamp >= {usual_from:DateTime64(6, 'UTC')} AND Timestamp < {usual_to:DateTime64(6, 'UTC')})
        OR (Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}))
