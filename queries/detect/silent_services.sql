-- When did each service report, and when did any, judged by when data arrived?
-- from, to: DateTime64, UTC; the time to look back over, by arrival, to the minute; `to` itself not meant
-- One row per service that reported in at least 15 minutes of the time, and first of all one of all together (`is_all`):
-- the minutes in which it reported (seconds since 1970), in order, and how many spans in each.
SELECT
    is_all,
    name AS service,
    groupArray(toUnixTimestamp(minute)) AS seen,
    groupArray(spans_then) AS spans
FROM (
    SELECT
        arrayJoin([true, false]) AS is_all,
        if(is_all, '', toString(ServiceName)) AS name,
        Minute AS minute,
        sum(Spans) AS spans_then
    FROM arrivals
    WHERE Minute >= {from:DateTime64(6, 'UTC')} AND Minute < {to:DateTime64(6, 'UTC')}
    GROUP BY is_all, name, minute
    ORDER BY is_all DESC, name, minute
)
GROUP BY is_all, name
HAVING is_all OR length(seen) >= 15
ORDER BY is_all DESC, service
