-- In which seconds did spans of a service begin that took longer than stated, and how many?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant; only what had ended by `to` counts
-- service: String, its name
-- slower_than_ns: Int64, nanoseconds that a span must exceed
-- One row per second in which any did: how many, and when the first and the last of them began.
SELECT
    toUnixTimestamp(toStartOfSecond(Timestamp)) AS second,
    count() AS failures,
    min(Timestamp) AS first,
    max(Timestamp) AS last
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')}
    AND ServiceName = {service:String} AND Duration > {slower_than_ns:Int64}
GROUP BY second
ORDER BY second
