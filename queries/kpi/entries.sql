-- How did requests and messages do where they enter: how many failed, and how long did they take, in stretches of time?
-- to: DateTime64, UTC; the end of the latest stretch, itself not meant
-- length_s: UInt32, seconds of a stretch
-- every_s: UInt32, seconds from the end of a stretch to the end of the one before, no less than length_s
-- stretches: UInt32, how many
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per kind, `Server` of requests or `Consumer` of messages, and stretch in which any entered, by how many lie after it:
-- how many entered, errors, and the 95th percentile of their duration in ms.
WITH toUnixTimestamp64Second({to:DateTime64(6, 'UTC')}) - 1 - toUnixTimestamp(Time) AS ago_s
SELECT
    toString(SpanKind) AS kind,
    toUInt32(intDiv(ago_s, {every_s:UInt32})) AS stretch,
    sum(Requests) AS requests,
    sum(Errors) AS errors,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(Durations)[2] / 1e6 AS p95_ms
FROM red
WHERE Time >= {to:DateTime64(6, 'UTC')} - toIntervalSecond({every_s:UInt32} * ({stretches:UInt32} - 1) + {length_s:UInt32})
    AND Time < {to:DateTime64(6, 'UTC')}
    AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
    AND ago_s % {every_s:UInt32} < {length_s:UInt32}
GROUP BY kind, stretch
ORDER BY kind, stretch
