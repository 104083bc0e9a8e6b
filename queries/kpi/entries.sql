-- How did requests do where they enter: how many failed, and how long did they take, in stretches of time?
-- to: DateTime64, UTC; the end of the latest stretch, itself not meant
-- length_s: UInt32, seconds of a stretch
-- every_s: UInt32, seconds from the end of a stretch to the end of the one before, no less than length_s
-- stretches: UInt32, how many
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per stretch with requests, by how many lie after it: the requests that entered, errors, and the 95th percentile
-- of their duration in ms. Where none entered in any stretch, the messages; NULL ms, since nobody waits for them.
WITH
    toUnixTimestamp64Second({to:DateTime64(6, 'UTC')}) - 1 - toUnixTimestamp(Time) AS ago_s,
    SpanKind = 'Consumer' AS is_message
SELECT
    toUInt32(intDiv(ago_s, {every_s:UInt32})) AS stretch,
    sum(Requests) AS requests,
    sum(Errors) AS errors,
    if(is_message, NULL, quantilesTDigestMerge(0.5, 0.95, 0.99)(Durations)[2] / 1e6) AS p95_ms
FROM red
WHERE Time >= {to:DateTime64(6, 'UTC')} - toIntervalSecond({every_s:UInt32} * ({stretches:UInt32} - 1) + {length_s:UInt32})
    AND Time < {to:DateTime64(6, 'UTC')}
    AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
    AND ago_s % {every_s:UInt32} < {length_s:UInt32}
GROUP BY stretch, is_message
QUALIFY is_message = min(is_message) OVER ()
ORDER BY stretch
