-- Which calls were answered with an HTTP error by somebody whom the caller does not name, and so count as no failure?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row per caller and address, the one with most first.
SELECT
    ServiceName AS service,
    ServerAddress AS address,
    count() AS calls
FROM (
    SELECT ServiceName, ServerAddress
    FROM failures
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND SpanKind = 'Client' AND NOT IsError AND HttpStatus >= 400 AND empty(Peers)
        AND ServerAddress NOT IN (SELECT Name FROM partners)
    LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp
)
GROUP BY service, address
ORDER BY calls DESC, service, address
