-- What did a gauge say in each interval?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- name: String, the metric: a gauge, or a cumulative sum that can fall
-- service: String, empty for any
-- keys, texts: Array(String); attributes of the point or of its resource, and what each must be
-- step_s: UInt32, seconds of an interval
-- One row per interval in which any of its series reported: the sum of what was said (`part`) and how often (`of`), each
-- point once.
WITH points AS (
    SELECT any(value) AS value, time
    FROM (
        SELECT
            cityHash64(ServiceName, toString(ResourceAttributes), ScopeName, toString(Attributes)) AS series,
            TimeUnix AS time, Value AS value
        FROM otel_metrics_gauge
        WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            AND MetricName = {name:String} AND ({service:String} = '' OR ServiceName = {service:String})
            AND arrayAll((key, text) -> if(mapContains(Attributes, key), Attributes[key], ResourceAttributes[key]) = text,
                {keys:Array(String)}, {texts:Array(String)})
            AND isFinite(Value) AND bitAnd(Flags, 1) = 0
        UNION ALL
        SELECT
            cityHash64(ServiceName, toString(ResourceAttributes), ScopeName, toString(Attributes)) AS series,
            TimeUnix AS time, Value AS value
        FROM otel_metrics_sum
        WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            AND MetricName = {name:String} AND ({service:String} = '' OR ServiceName = {service:String})
            AND arrayAll((key, text) -> if(mapContains(Attributes, key), Attributes[key], ResourceAttributes[key]) = text,
                {keys:Array(String)}, {texts:Array(String)})
            AND isFinite(Value) AND bitAnd(Flags, 1) = 0
            AND NOT IsMonotonic AND AggregationTemporality = 2
    )
    GROUP BY series, time
)
SELECT
    toUnixTimestamp(toStartOfInterval(toDateTime(time, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(value) AS part,
    toFloat64(count()) AS of
FROM points
GROUP BY interval_start
ORDER BY interval_start
