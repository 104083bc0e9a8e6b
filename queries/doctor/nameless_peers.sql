-- Which calls were answered with an HTTP error by somebody whom the caller does not name, and so count as no partner's?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- since: DateTime64, UTC; from when on to look whether a service of ours is at an address
-- One row per caller and address, the one with most first. Where there is no address, only those that count as no failure.
CREATE TEMPORARY TABLE refused AS
SELECT ServiceName, toString(ServerAddress) AS Address
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND SpanKind = 'Client' AND HttpStatus >= 400 AND empty(Peers) AND (NOT IsError OR notEmpty(ServerAddress))
    AND ServerAddress NOT IN (SELECT Name FROM partners)
    AND ServerAddress NOT IN (SELECT ServiceName FROM services WHERE notEmpty(ServiceName))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

CREATE TEMPORARY TABLE our_calls AS
SELECT
    TraceId, SpanId,
    coalesce(nullIf(SpanAttributes['server.address'], ''), SpanAttributes['net.peer.name']) AS Address
FROM otel_traces
WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Client'
    AND Address IN (SELECT Address FROM refused WHERE notEmpty(Address));

SELECT
    ServiceName AS service,
    Address AS address,
    count() AS calls
FROM refused
WHERE Address NOT IN (
    SELECT Address FROM our_calls
    WHERE (TraceId, SpanId) IN (
        SELECT TraceId, ParentSpanId FROM otel_traces
        WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Server'
            AND TraceId IN (SELECT TraceId FROM our_calls)))
GROUP BY service, address
ORDER BY calls DESC, service, address
