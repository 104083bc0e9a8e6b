-- How long do the operations that requests enter by take now, and how long did they before?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- One row per entry operation that took at least 1.2 times and 30 ms more in some window of the last five minutes than
-- before them: slices of time as in entry_errors, with requests and their total duration in ms.
WITH toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent
SELECT
    service,
    operation,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(slice_requests) AS requests,
    groupArray(slice_ms) AS durations_ms
FROM (
    SELECT
        toString(ServiceName) AS service,
        toString(SpanName) AS operation,
        if(Time >= recent, Time, toStartOfFiveMinutes(Time)) AS slice,
        sum(Requests) AS slice_requests,
        sum(red.Duration) / 1e6 AS slice_ms
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AND IsRoot AND SpanKind = 'Server'
    GROUP BY service, operation, slice
    ORDER BY service, operation, slice
)
GROUP BY service, operation
HAVING arrayExists(
    seconds -> arraySum(arrayMap((slice, ms) -> if(slice >= toUnixTimestamp(recent) + 300 - seconds, ms, 0), slices, durations_ms))
        / greatest(1, arraySum(arrayMap((slice, n) -> if(slice >= toUnixTimestamp(recent) + 300 - seconds, n, 0), slices, requests)))
        > 30 + 1.2 * arraySum(arrayMap((slice, ms) -> if(slice < toUnixTimestamp(recent), ms, 0), slices, durations_ms))
            / greatest(1, arraySum(arrayMap((slice, n) -> if(slice < toUnixTimestamp(recent), n, 0), slices, requests))),
    [20, 60, 300])
ORDER BY service, operation
