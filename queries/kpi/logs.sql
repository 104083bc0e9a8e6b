-- How many log records of a kind were written in each interval, or what does an attribute of theirs sum up to?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- name: String; the event's name, or a text that the body contains
-- service: String, empty for any
-- keys, texts: Array(String); attributes of the record or of its resource, and what each must be
-- failed: String; 'true' for severity ERROR and above, 'false' for the others, empty for all
-- value: String, the attribute that is summed up; empty to count
-- step_s: UInt32, seconds of an interval
-- One row per interval in which the service (or any) wrote records: the sum (`part`; 0 where none matched), how many
-- matched (`of`), each record once.
WITH
    matching AS (
        SELECT
            toUnixTimestamp(toStartOfInterval(toDateTime(Timestamp, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS start,
            any(if({value:String} = '', 1, toFloat64OrZero(LogAttributes[{value:String}]))) AS number
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND (EventName = {name:String} OR position(Body, {name:String}) > 0)
            AND ({failed:String} = '' OR (SeverityNumber >= 17) = ({failed:String} = 'true'))
            AND arrayAll((key, text) -> if(mapContains(LogAttributes, key), LogAttributes[key], ResourceAttributes[key]) = text,
                {keys:Array(String)}, {texts:Array(String)})
            AND ({value:String} = '' OR isFinite(toFloat64OrNull(LogAttributes[{value:String}])))
        GROUP BY start, Timestamp, TraceId, SpanId, ServiceName, Body, toString(LogAttributes), toString(ResourceAttributes)
    ),
    heard AS (
        SELECT DISTINCT toUnixTimestamp(toStartOfInterval(toDateTime(Timestamp, 'UTC'), toIntervalSecond({step_s:UInt32}))) AS start
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
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
