-- Was anything heard of a service in a window, and when was it last heard of?
-- service: String; '' for any
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: spans and requests in the window, and the last time before its end that there was any span.
SELECT
    sumIf(Requests, Time >= toStartOfInterval({from:DateTime64(6, 'UTC')}, INTERVAL 10 SECOND)) AS spans,
    sumIf(Requests, IsRoot AND Time >= toStartOfInterval({from:DateTime64(6, 'UTC')}, INTERVAL 10 SECOND)) AS requests,
    toDateTime64(maxOrNull(Time), 0, 'UTC') AS last
FROM red
WHERE Time < {to:DateTime64(6, 'UTC')}
  AND ({service:String} = '' OR ServiceName = {service:String})
