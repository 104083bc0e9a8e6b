-- What did each service do over time?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- step_s: UInt32, seconds of an interval; a multiple of ten
-- One row per service and interval in which it was asked anything (server and consumer spans, roots), in order; intervals are
-- counted from the window's start, from 0; the 95th percentile of the duration is in ms.
SELECT
    toString(ServiceName) AS service,
    intDiv(
        toUnixTimestamp(Time) * 1000000 - toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}),
        {step_s:UInt32} * 1000000) AS place,
    sum(Requests) AS requests,
    sum(Errors) AS errors,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(Durations)[2] / 1e6 AS p95_ms
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND (SpanKind IN ('Server', 'Consumer') OR IsRoot)
GROUP BY service, place
ORDER BY service, place
