-- Which calls were answered with an HTTP error by somebody whom the caller does not name, and so count as no partner's?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- since: DateTime64, UTC; from when on to look whether a service of ours or a database is at an address
-- One row per caller and address, the one with most first. Where there is no address, only those that count as no failure.
-- A database is no partner: a call that says it asks one, one right below such a call, and any to such a one's address.
CREATE TEMPORARY TABLE refused AS
SELECT TraceId, SpanId, ParentSpanId, ServiceName, toString(ServerAddress) AS Address
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND SpanKind = 'Client' AND HttpStatus >= 400 AND empty(Peers) AND (NOT IsError OR notEmpty(ServerAddress))
    AND ServerAddress NOT IN (SELECT Name FROM partners)
    AND ServerAddress NOT IN (SELECT ServiceName FROM services WHERE notEmpty(ServiceName))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

CREATE TEMPORARY TABLE database_calls AS
SELECT TraceId, SpanId
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND hasAny(mapKeys(SpanAttributes), ['db.system.name', 'db.system']) AND TraceId IN (SELECT TraceId FROM refused);

CREATE TEMPORARY TABLE recent_calls AS
SELECT
    TraceId, SpanId, hasAny(mapKeys(SpanAttributes), ['db.system.name', 'db.system']) AS IsOfDatabase,
    coalesce(nullIf(SpanAttributes['server.address'], ''), SpanAttributes['net.peer.name']) AS Address
FROM otel_traces
WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Client'
    AND Address IN (SELECT Address FROM refused WHERE notEmpty(Address));

SELECT
    ServiceName AS service,
    Address AS address,
    count() AS calls
FROM refused
WHERE (TraceId, SpanId) NOT IN (SELECT TraceId, SpanId FROM database_calls)
    AND (TraceId, ParentSpanId) NOT IN (SELECT TraceId, SpanId FROM database_calls)
    AND Address NOT IN (
        SELECT Address FROM recent_calls
        WHERE IsOfDatabase OR (TraceId, SpanId) IN (
            SELECT TraceId, ParentSpanId FROM otel_traces
            WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Server'
                AND TraceId IN (SELECT TraceId FROM recent_calls)))
GROUP BY service, address
ORDER BY calls DESC, service, address
