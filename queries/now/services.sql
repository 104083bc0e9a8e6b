-- What did each service do lately, and what was usual just before?
-- before: DateTime64, UTC; start of the time to compare with, which ends at `from`
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row per service seen in the window, the one with the most errors first. Requests are what a service was asked to
-- do (server and consumer spans, roots); durations are in ms, of requests. `heard_s` is how long before the window
-- the first of any service was heard, in seconds; not above 0 where nothing was.
WITH
    SpanKind IN ('Server', 'Consumer') OR IsRoot AS is_request,
    Time >= {from:DateTime64(6, 'UTC')} AS is_now
SELECT
    ServiceName AS service,
    sumIf(Requests, is_request AND is_now) AS requests,
    sumIf(Errors, is_request AND is_now) AS errors,
    sumIf(Requests, is_request AND NOT is_now) AS requests_before,
    sumIf(Errors, is_request AND NOT is_now) AS errors_before,
    sumIf(Requests, is_now) AS spans,
    quantilesTDigestMergeIf(0.5, 0.95, 0.99)(Durations, is_request AND is_now)[2] / 1e6 AS p95_ms,
    quantilesTDigestMergeIf(0.5, 0.95, 0.99)(Durations, is_request AND NOT is_now)[2] / 1e6 AS p95_before_ms,
    dateDiff('second', (SELECT min(First) FROM services), {from:DateTime64(6, 'UTC')}) AS heard_s
FROM red
WHERE Time >= {before:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
GROUP BY service
HAVING spans > 0
ORDER BY errors DESC, requests DESC, service
LIMIT 1000
