-- What did gauges say in each interval?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- metrics: Array(String), their names
-- step_s: UInt32, seconds of an interval
-- One row per metric and interval in which it reported: the mean of its points.
SELECT
    MetricName AS metric,
    toUnixTimestamp(toStartOfInterval(toDateTime(TimeUnix), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    avg(Value) AS mean
FROM otel_metrics_gauge
WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
    AND MetricName IN {metrics:Array(String)}
GROUP BY metric, interval_start
ORDER BY metric, interval_start
