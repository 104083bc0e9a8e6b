-- In which of these minutes did a service report on the seven days before, judged by when data arrived?
-- from, to: DateTime64, UTC; the minutes that are looked at on each of those days, no more than a day; `to` itself not meant
-- service: String, empty for any
-- One row per earlier day by which spans of it had come: how many minutes after `from` it reported.
WITH
    days AS (SELECT number + 1 AS day FROM numbers(7)),
    heard AS (
        SELECT DISTINCT
            intDiv(toUnixTimestamp({to:DateTime64(6, 'UTC')}) - 1 - toUnixTimestamp(Minute), 86400) AS day,
            intDiv(toInt64(toUnixTimestamp(Minute)) - toUnixTimestamp({from:DateTime64(6, 'UTC')}) + 86400 * day, 60) AS minute
        FROM arrivals
        WHERE Minute >= {from:DateTime64(6, 'UTC')} - INTERVAL 7 DAY AND Minute < {from:DateTime64(6, 'UTC')}
            AND ({service:String} = '' OR ServiceName = {service:String})
    )
SELECT day, arraySort(groupArrayIf(minute, minute >= 0)) AS seen
FROM days
LEFT JOIN heard ON heard.day = days.day
WHERE {from:DateTime64(6, 'UTC')} - toIntervalDay(day)
    >= (
        SELECT minOrNull(Minute)
        FROM arrivals
        WHERE Minute >= {from:DateTime64(6, 'UTC')} - INTERVAL 8 DAY
            AND ({service:String} = '' OR ServiceName = {service:String})
    )
GROUP BY day
ORDER BY day
