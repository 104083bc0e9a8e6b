-- Where did the requests that failed visibly begin to fail: at which service, or at which partner?
-- from, to: DateTime64, UTC; the window, by the start of the failing spans; `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per suspect, entry operation and version of the suspect, most requests first. A request's suspect is the
-- service (or the partner asked) of its failing span that has no failing span below it, of several the latest.
-- `invalid` counts those that could not be read or validated, by gRPC's status or else by what they say.
WITH
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) < {to:DateTime64(6, 'UTC')}
        )
    ) AS known_services,
    failing AS MATERIALIZED (
        SELECT
            TraceId, SpanId, ParentSpanId, Timestamp, SpanKind, HttpStatus, Error, Version,
            toString(ServiceName) AS Service,
            toString(SpanName) AS Operation,
            if(is_partner(SpanKind, Peers, ServerAddress, known_partners, known_services),
                asked_peer(Peers, toString(ServerAddress), known_partners, known_services), '') AS Partner
        FROM failures
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
            AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')} AND notEmpty(TraceId)
            AND is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, known_partners, known_services)
    ),
    visible AS MATERIALIZED (
        SELECT
            TraceId,
            argMin(tuple(Service, Operation), tuple(notEmpty(ParentSpanId), Timestamp, SpanId)) AS Entry,
            Entry.1 AS EntryService, Entry.2 AS EntryOperation
        FROM failing
        WHERE is_entry(empty(ParentSpanId), SpanKind, Service, {entry_services:Array(String)})
        GROUP BY TraceId
    )
SELECT
    suspect, is_partner, caller, version, entry_service, entry_operation,
    count() AS requests,
    countIf(grpc_status(error) IN (3, 11, 12) OR grpc_status(error) NOT IN (4, 7, 14, 16)
        AND match(lower(error), 'validation|not valid|schema|deseriali|unexpected field|unknown field|missing field|parse|malformed|unprocessable|incompatib|http 4[02]2|^4[02]2$|http 400|^400$')) AS invalid,
    topK(1)(error)[1] AS commonest,
    min(time) AS first
FROM (
    SELECT
        TraceId,
        any(EntryService) AS entry_service,
        any(EntryOperation) AS entry_operation,
        argMax(tuple(if(empty(Partner), Service, Partner), notEmpty(Partner), Service, toString(Version), Error), (Timestamp, SpanId)) AS deepest,
        min(Timestamp) AS time,
        deepest.1 AS suspect, deepest.2 AS is_partner, deepest.3 AS caller, deepest.4 AS version, deepest.5 AS error
    FROM failing INNER JOIN visible USING (TraceId)
    WHERE (TraceId, SpanId) NOT IN (SELECT TraceId, ParentSpanId FROM failing)
    GROUP BY TraceId
)
GROUP BY suspect, is_partner, caller, version, entry_service, entry_operation
ORDER BY requests DESC, suspect, version, entry_service, entry_operation
