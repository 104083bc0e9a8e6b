-- When did the spans of each service arrive, and did it fall silent?
-- from, to: DateTime64, UTC; the window, of arrival; `to` itself not meant
-- One row per service. Minutes are those in which anything arrived; pauses are in minutes, from one such to the next,
-- up to the last in which anything arrived from anybody. `ahead` is how far the latest start lay in the future, in seconds.
WITH
    (
        SELECT max(Minute) FROM arrivals
        WHERE Minute >= {from:DateTime64(6, 'UTC')} AND Minute < {to:DateTime64(6, 'UTC')}
    ) AS newest,
    arraySort(groupUniqArray(Minute)) AS arrived,
    arrayMap(minute -> toUInt32(dateDiff('minute', arrived[minute], arrived[minute + 1])), range(1, length(arrived))) AS between,
    arrayPushBack(between, toUInt32(dateDiff('minute', arrived[-1], newest))) AS pauses
SELECT
    ServiceName AS service,
    sum(Spans) AS spans,
    length(arrived) AS minutes,
    if(empty(between), 0, arrayReduce('quantileExact(0.5)', between)) AS usual_pause,
    arrayMax(pauses) AS longest_pause,
    toDateTime64(arrived[indexOf(pauses, longest_pause)], 3, 'UTC') AS silent_from,
    indexOf(pauses, longest_pause) = length(arrived) AS is_silent,
    sum(Misdated) AS misdated,
    max(dateDiff('second', Minute + INTERVAL 1 MINUTE, least(Last, toDateTime64('2200-01-01 00:00:00', 9, 'UTC')))) AS ahead
FROM arrivals
WHERE Minute >= toStartOfMinute({from:DateTime64(6, 'UTC')}) AND Minute < {to:DateTime64(6, 'UTC')}
GROUP BY service
ORDER BY service
