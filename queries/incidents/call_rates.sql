-- Who calls whom, how often does it fail and how long does it take, in a window and usually?
-- usual_from, usual_to: DateTime64, UTC; when all was as usual, `usual_to` itself not meant
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row per caller and callee (a service, or what a service calls its peer), by name; caller '' for requests that
-- enter there. Calls and errors of the window, and usual ones; their mean duration in ms, NULL of none. A callee that does
-- not report is a partner.
WITH
    Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AS is_now,
    Time >= {usual_from:DateTime64(6, 'UTC')} AND Time < {usual_to:DateTime64(6, 'UTC')} AS is_usual
SELECT
    if(SpanKind = 'Client', toString(ServiceName), '') AS caller,
    if(SpanKind = 'Client', toString(Peer), toString(ServiceName)) AS callee,
    sumIf(Requests, is_now) AS calls,
    sumIf(Errors, is_now) AS errors,
    sumIf(Requests, is_usual) AS usual_calls,
    sumIf(Errors, is_usual) AS usual_errors,
    if(calls > 0, sumIf(red.Duration, is_now) / 1e6 / calls, NULL) AS mean_ms,
    if(usual_calls > 0, sumIf(red.Duration, is_usual) / 1e6 / usual_calls, NULL) AS usual_mean_ms,
    callee NOT IN (SELECT toString(ServiceName) FROM services) AS is_partner
FROM red
WHERE Time >= least({usual_from:DateTime64(6, 'UTC')}, {from:DateTime64(6, 'UTC')})
    AND Time < greatest({usual_to:DateTime64(6, 'UTC')}, {to:DateTime64(6, 'UTC')})
    AND ((SpanKind = 'Client' AND notEmpty(Peer)) OR (SpanKind = 'Server' AND IsRoot))
GROUP BY caller, callee
HAVING calls + usual_calls > 0
ORDER BY caller, callee
