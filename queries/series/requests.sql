-- How did requests do over time: how many were there, how many failed, and how long did they take?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- step_s: UInt32, seconds of an interval; a multiple of ten
-- service, operation: String, of the span; '' for any
-- partner: String, whose calls are meant; '' for requests that services of ours answer
-- entries: Array(String), of where requests (`Server`) or messages (`Consumer`) enter only these; [] for any that are answered
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per interval in which there were any, in order; durations in ms.
SELECT
    toUnixTimestamp(toStartOfInterval(Time, toIntervalSecond({step_s:UInt32}))) AS interval_start,
    sum(Requests) AS requests,
    sum(if({partner:String} = '', Errors, greatest(Errors, ClientErrors + ServerErrors))) AS errors,
    sum(red.Duration) / 1e6 / requests AS mean_ms,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(Durations)[2] / 1e6 AS p95_ms
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND multiIf(
        {partner:String} != '', SpanKind = 'Client' AND Peer = {partner:String},
        notEmpty({entries:Array(String)}),
        has({entries:Array(String)}, SpanKind) AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)}),
        SpanKind IN ('Server', 'Consumer') OR IsRoot)
GROUP BY interval_start
ORDER BY interval_start
