-- By how much did counters grow in each interval?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- names: Array(String), the metric of each counter
-- services: Array(String), the service of each, empty for any
-- keys, texts: Array(Array(String)); of each, attributes of the point or of its resource, and what each of them must be
-- step_s: UInt32, seconds of an interval
-- One row per counter (its place, from 1 on) and interval in which any of its series reported: what all of them grew by
-- (`part`; `of` is 0).
-- A delta point counts as it is. A cumulative one counts what it grew by since the point before, no older than an hour,
-- or all of its value where a counter that only grows fell in between. What began at another time is another series: a
-- replica, or a process that began anew; so are deltas. A series' first point counts if it says that it began within the
-- hour before it. A start that is the moment of the point itself says that nobody knows when the series began: it goes on
-- with what was reported before. A point received twice counts once.
-- What an interval grew by does not depend on the window that is asked for.
WITH
    points AS (
        SELECT
            counter,
            cityHash64(ServiceName, ResourceAttributes, ScopeName, Attributes, AggregationTemporality) AS series,
            StartTimeUnix AS start,
            TimeUnix AS time,
            max(Value) AS value,
            max(AggregationTemporality) = 2 AS is_cumulative,
            max(IsMonotonic) AS is_monotonic
        FROM otel_metrics_sum
        ARRAY JOIN arrayFilter((place, name) -> name = MetricName, arrayEnumerate({names:Array(String)}), {names:Array(String)}) AS counter
        WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 HOUR AND TimeUnix < {to:DateTime64(6, 'UTC')}
            AND MetricName IN {names:Array(String)}
            AND ({services:Array(String)}[counter] = '' OR ServiceName = {services:Array(String)}[counter])
            AND arrayAll((key, text) -> if(mapContains(Attributes, key), Attributes[key], ResourceAttributes[key]) = text,
                {keys:Array(Array(String))}[counter], {texts:Array(Array(String))}[counter])
            AND isFinite(Value) AND bitAnd(Flags, 1) = 0
        GROUP BY counter, series, start, time
    ),
    grown AS (
        SELECT
            counter, time, start, value, is_cumulative, is_monotonic,
            start < time AS is_start_known,
            if(is_start_known, lagInFrame(value) OVER earlier, lagInFrame(value) OVER of_any_start) AS value_before,
            if(is_start_known, lagInFrame(time) OVER earlier, lagInFrame(time) OVER of_any_start) AS time_before
        FROM points
        WINDOW
            earlier AS (PARTITION BY counter, series, start ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
            of_any_start AS (PARTITION BY counter, series ORDER BY time, start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    counter,
    toUnixTimestamp(toStartOfInterval(toDateTime(time, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(multiIf(
        NOT is_cumulative, value,
        time_before < time - INTERVAL 1 HOUR, if(is_start_known AND start >= time - INTERVAL 1 HOUR, value, 0),
        is_monotonic AND value < value_before, value,
        value - value_before)) AS part,
    toFloat64(0) AS of
FROM grown
WHERE time >= {from:DateTime64(6, 'UTC')}
GROUP BY counter, interval_start
ORDER BY counter, interval_start
