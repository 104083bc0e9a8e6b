-- Which services that used to report have sent nothing for some minutes, judged by when data arrived?
-- from, to: DateTime64, UTC; the time to look back over, by arrival; `to` itself not meant
-- One row per service that reported in at least 15 minutes of the time: in how many minutes, over how many (from its
-- first to its last), how many spans, its last minute, and the last minute in which anybody reported.
SELECT
    toString(ServiceName) AS service,
    uniqExact(Minute) AS minutes,
    dateDiff('minute', min(Minute), max(Minute)) + 1 AS over_minutes,
    sum(Spans) AS spans,
    toUnixTimestamp(max(Minute)) AS last_minute,
    toUnixTimestamp(max(max(Minute)) OVER ()) AS last_of_all,
    arraySort(groupUniqArray(toUnixTimestamp(Minute))) AS seen
FROM arrivals
WHERE Minute >= {from:DateTime64(6, 'UTC')} AND Minute < {to:DateTime64(6, 'UTC')}
GROUP BY service
HAVING minutes >= 15
ORDER BY service
