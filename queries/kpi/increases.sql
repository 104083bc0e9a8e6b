-- By how much did counters grow in each interval?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- metrics: Array(String), their names
-- step_s: UInt32, seconds of an interval
-- One row per metric and interval in which any of its series reported: what all of them grew by. A delta point counts as
-- it is; of a cumulative series what it grew by since its point before, from zero where it was started anew or fell.
-- A point received twice counts once; a series first seen in the window counts from zero only if it started in it.
WITH
    points AS (
        SELECT
            MetricName AS metric,
            cityHash64(ServiceName, toString(ResourceAttributes), ScopeName, toString(Attributes)) AS series,
            TimeUnix AS time,
            max(StartTimeUnix) AS start,
            max(Value) AS value,
            max(AggregationTemporality) = 2 AS is_cumulative
        FROM otel_metrics_sum
        WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} - INTERVAL 5 MINUTE AND TimeUnix < {to:DateTime64(6, 'UTC')}
            AND MetricName IN {metrics:Array(String)}
        GROUP BY metric, series, time
    ),
    grown AS (
        SELECT
            metric, time, is_cumulative, value, start,
            lagInFrame(value) OVER earlier AS value_before,
            lagInFrame(start) OVER earlier AS start_before,
            row_number() OVER earlier = 1 AS is_first
        FROM points
        WINDOW earlier AS (PARTITION BY metric, series ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    metric,
    toUnixTimestamp(toStartOfInterval(toDateTime(time), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(multiIf(
        NOT is_cumulative, value,
        is_first, if(start >= {from:DateTime64(6, 'UTC')} - INTERVAL 5 MINUTE, value, 0),
        start_before != start OR value < value_before, value,
        value - value_before)) AS grown_by
FROM grown
WHERE time >= {from:DateTime64(6, 'UTC')}
GROUP BY metric, interval_start
ORDER BY metric, interval_start
