-- By how much did counters grow in each interval?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- names: Array(String), the metric of each counter
-- services: Array(String), the service of each, empty for any
-- keys, texts: Array(Array(String)); of each, attributes of the point or of its resource, and what each of them must be
-- step_s: UInt32, seconds of an interval
-- One row per counter (its place, from 1 on) and interval in which any of its series reported: what all of them grew by
-- (`part`; `of` is 0).
-- A delta point counts as it is. A cumulative one counts what it grew by since the point before, no older than an hour,
-- or all of its value where its series began anew in between: where it says so, or where a counter that only grows fell.
-- A series' first point counts if it says that it began within the hour before it. A start that is the moment of the point
-- itself says that nobody knows when the series began. A point received twice counts once.
-- What an interval grew by does not depend on the window that is asked for.
WITH
    points AS (
        SELECT
            counter,
            cityHash64(ServiceName, ResourceAttributes, ScopeName, Attributes) AS series,
            TimeUnix AS time,
            max(StartTimeUnix) AS start,
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
        GROUP BY counter, series, time
    ),
    grown AS (
        SELECT
            counter, time, start, value, is_cumulative, is_monotonic,
            start < time AS is_start_known,
            lagInFrame(value) OVER earlier AS value_before,
            lagInFrame(start) OVER earlier AS start_before,
            row_number() OVER earlier > 1 AND lagInFrame(time) OVER earlier >= time - INTERVAL 1 HOUR AS is_known_before
        FROM points
        WINDOW earlier AS (PARTITION BY counter, series ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    counter,
    toUnixTimestamp(toStartOfInterval(toDateTime(time, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(multiIf(
        NOT is_cumulative, value,
        NOT is_known_before, if(is_start_known AND start >= time - INTERVAL 1 HOUR, value, 0),
        (is_start_known AND start > start_before) OR (is_monotonic AND value < value_before), value,
        value - value_before)) AS part,
    toFloat64(0) AS of
FROM grown
WHERE time >= {from:DateTime64(6, 'UTC')}
GROUP BY counter, interval_start
ORDER BY counter, interval_start
