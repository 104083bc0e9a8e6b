-- What did each service do over time?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- step_s: UInt32, seconds of an interval; a multiple of ten
-- One row per service and interval in which it was asked anything (server and consumer spans, roots), in order;
-- the 95th percentile of the duration is in ms.
SELECT
    toString(ServiceName) AS service,
    toUnixTimestamp(toStartOfInterval(Time, toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(Requests) AS requests,
    sum(Errors) AS errors,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(Durations)[2] / 1e6 AS p95_ms
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND (SpanKind IN ('Server', 'Consumer') OR IsRoot)
GROUP BY service, interval_start
ORDER BY service, interval_start
