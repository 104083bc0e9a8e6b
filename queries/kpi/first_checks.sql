-- How do requests do where they enter: how many fail, and how long do they take, in a window and in as long a time before?
-- before: DateTime64, UTC; start of the time to compare with, which ends at `from`
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: of root server spans the requests and errors, and the 95th percentile of their duration in ms (NULL of none).
WITH Time >= {from:DateTime64(6, 'UTC')} AS is_now
SELECT
    sumIf(Requests, is_now) AS requests,
    sumIf(Errors, is_now) AS errors,
    sumIf(Requests, NOT is_now) AS usual_requests,
    sumIf(Errors, NOT is_now) AS usual_errors,
    if(requests > 0, quantilesTDigestMergeIf(0.5, 0.95, 0.99)(Durations, is_now)[2] / 1e6, NULL) AS p95_ms,
    if(usual_requests > 0, quantilesTDigestMergeIf(0.5, 0.95, 0.99)(Durations, NOT is_now)[2] / 1e6, NULL) AS usual_p95_ms
FROM red
WHERE Time >= {before:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AND IsRoot AND SpanKind = 'Server'
