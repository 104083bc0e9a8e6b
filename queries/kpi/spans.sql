-- How many spans of a kind began in each interval, or what does an attribute of theirs sum up to?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- name: String, the span's name
-- service: String, empty for any
-- keys, texts: Array(String); attributes of the span or of its resource, and what each must be
-- failed: String; 'true' for those whose status is Error, 'false' for the others, empty for all
-- value: String, the attribute that is summed up; empty to count
-- step_s: UInt32, seconds of an interval
-- One row per interval in which the service (or any) sent requests: the sum (`part`; 0 where none matched), how many
-- matched (`of`), each span once.
WITH
    matching AS (
        SELECT
            toUnixTimestamp(toStartOfInterval(toDateTime(Timestamp, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS start,
            any(if({value:String} = '', 1, toFloat64OrZero(SpanAttributes[{value:String}]))) AS number
        FROM otel_traces
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
            AND SpanName = {name:String} AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({failed:String} = '' OR (StatusCode = 'Error') = ({failed:String} = 'true'))
            AND arrayAll((key, text) -> if(mapContains(SpanAttributes, key), SpanAttributes[key], ResourceAttributes[key]) = text,
                {keys:Array(String)}, {texts:Array(String)})
            AND ({value:String} = '' OR isFinite(toFloat64OrNull(SpanAttributes[{value:String}])))
        GROUP BY start, TraceId, SpanId, SpanKind, ServiceName, Timestamp
    ),
    heard AS (
        SELECT DISTINCT toUnixTimestamp(toStartOfInterval(Time, toIntervalSecond({step_s:UInt32}))) AS start
        FROM red
        WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
            AND ({service:String} = '' OR ServiceName = {service:String})
    )
SELECT start AS interval_start, sum(number) AS part, toFloat64(sum(matched)) AS of
FROM (
    SELECT start, number, 1 AS matched FROM matching
    UNION ALL
    SELECT start, 0 AS number, 0 AS matched FROM heard
)
GROUP BY interval_start
ORDER BY interval_start
