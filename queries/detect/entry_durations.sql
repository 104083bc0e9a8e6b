-- How long do the operations that requests enter by take now, and how long did they before? (Nobody waits for messages.)
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per entry operation that takes at least 1.2 times and 30 ms more in some window of the last five minutes than
-- in the quicker quarter of the time before, or of the hours and days before that: slices of time as in entry_errors, with requests and their total duration in
-- ms. The slices before `from` are of some hours ago, and of this time of days 1, 2 and 7 before: ten minutes of each.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) AS end,
    end - INTERVAL 5 MINUTE AS recent,
    arrayFlatten(arrayMap(
        hours -> arrayMap(place -> toStartOfFiveMinutes(end) - toIntervalSecond(3600 * hours + 10 * place), range(1, 61)),
        [2.5, 3, 3.5, 4, 5, 6, 8, 12, 24, 48, 168])) AS times,
    toUnixTimestamp(recent) AS recent_s,
    arrayMap((ms, n) -> ms / greatest(1, n), durations_ms, requests) AS means_ms,
    toUnixTimestamp(toDateTime({from:DateTime64(6, 'UTC')})) AS from_s,
    arrayMin(arrayFilter(ms -> isFinite(ms), [
        arrayReduce('quantileExact(0.25)', arrayFilter((mean, slice) -> slice >= from_s AND slice < recent_s, means_ms, slices)),
        arrayReduce('quantileExact(0.25)', arrayFilter((mean, slice) -> slice < from_s, means_ms, slices))])) AS quick_ms
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
    WHERE ((Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}) OR Time IN (SELECT arrayJoin(times)))
        AND SpanKind = 'Server' AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
    GROUP BY service, operation, slice
    ORDER BY service, operation, slice
)
GROUP BY service, operation
HAVING arrayExists(
    seconds -> arraySum(arrayMap((slice, ms) -> if(slice >= recent_s + 300 - seconds, ms, 0), slices, durations_ms))
        / greatest(1, arraySum(arrayMap((slice, n) -> if(slice >= recent_s + 300 - seconds, n, 0), slices, requests)))
        > 30 + 1.2 * quick_ms,
    [20, 60, 300])
ORDER BY service, operation
SETTINGS use_index_for_in_with_subqueries_max_values = 0
