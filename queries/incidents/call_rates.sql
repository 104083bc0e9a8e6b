-- Who calls whom, how often does it fail and how long does it take, in a window and usually?
-- usual_from, usual_to: DateTime64, UTC; when all was as usual, `usual_to` itself not meant
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per caller and callee (a service, or what a service calls its peer), by name; caller '' for requests and
-- messages that enter there. Calls and errors of the window, and usual ones; their mean duration in ms, NULL of none and of
-- messages: nobody waits for them. A callee that does not report is a partner.
WITH
    Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AS is_now,
    Time >= {usual_from:DateTime64(6, 'UTC')} AND Time < {usual_to:DateTime64(6, 'UTC')} AS is_usual,
    SpanKind = 'Consumer' AS is_message
SELECT
    if(SpanKind = 'Client', toString(ServiceName), '') AS caller,
    if(SpanKind = 'Client', toString(Peer), toString(ServiceName)) AS callee,
    sumIf(Requests, is_now) AS calls,
    sumIf(Errors, is_now) AS errors,
    sumIf(Requests, is_usual) AS usual_calls,
    sumIf(Errors, is_usual) AS usual_errors,
    sumIf(red.Duration, is_now AND NOT is_message) / 1e6
        / nullIf(sumIf(Requests, is_now AND NOT is_message), 0) AS mean_ms,
    sumIf(red.Duration, is_usual AND NOT is_message) / 1e6
        / nullIf(sumIf(Requests, is_usual AND NOT is_message), 0) AS usual_mean_ms,
    callee NOT IN (SELECT toString(ServiceName) FROM services) AS is_partner
FROM red
WHERE Time >= least({usual_from:DateTime64(6, 'UTC')}, {from:DateTime64(6, 'UTC')})
    AND Time < greatest({usual_to:DateTime64(6, 'UTC')}, {to:DateTime64(6, 'UTC')})
    AND ((SpanKind = 'Client' AND notEmpty(Peer)) OR is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)}))
GROUP BY caller, callee
HAVING calls + usual_calls > 0
ORDER BY caller, callee
