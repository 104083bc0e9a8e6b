-- Who calls whom, and where do requests enter?
-- from, to: DateTime64; the window, to ten seconds
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per caller and callee (a service, or what a service calls its peer); callee '' for a service where requests enter.
SELECT DISTINCT toString(ServiceName) AS caller, if(SpanKind = 'Client', toString(Peer), '') AS callee
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND ((SpanKind = 'Client' AND notEmpty(Peer))
        OR (SpanKind = 'Server' AND (IsRoot OR ServiceName IN {entry_services:Array(String)})))
ORDER BY caller, callee
