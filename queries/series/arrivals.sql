-- How many spans arrived over time, judged by when they came?
-- from, to: DateTime64, UTC; the window, by arrival; `to` itself not meant
-- step_s: UInt32, seconds of an interval; a multiple of sixty
-- service: String, whose; '' for all
-- One row per interval in which any arrived, in order.
SELECT
    toUnixTimestamp(toStartOfInterval(Minute, toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(Spans) AS spans
FROM arrivals
WHERE Minute >= {from:DateTime64(6, 'UTC')} AND Minute < {to:DateTime64(6, 'UTC')}
    AND ({service:String} = '' OR ServiceName = {service:String})
GROUP BY interval_start
ORDER BY interval_start
