-- Where do requests to an entry operation spend their time now, and where did they usually: hop by hop?
-- usual_from, usual_to: DateTime64, UTC; when all was as usual, `usual_to` itself not meant
-- from, to: DateTime64, UTC; the window, `to` itself not meant; only requests that had ended by `to` count
-- service, operation: String, the entry
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- traces: UInt64, how many requests to look at, usual ones and late ones each (the latest)
-- One row per hop (service, operation, kind, and the peer or partner asked), most added time first: requests looked at,
-- calls, time in ms (`own_ms` without the calls below), and what the spans said of lookups in a cache (an attribute
-- such as `cache.hit`). Work that begins after the answer is left out.
CREATE TEMPORARY TABLE chosen AS
SELECT TraceId, false AS Late, Timestamp AS Begin, Timestamp + toIntervalNanosecond(Duration) AS End
FROM otel_traces
WHERE Timestamp >= {usual_from:DateTime64(6, 'UTC')} AND Timestamp < {usual_to:DateTime64(6, 'UTC')}
    AND ServiceName = {service:String} AND SpanName = {operation:String}
    AND SpanKind = 'Server' AND is_entry(empty(ParentSpanId), SpanKind, ServiceName, {entry_services:Array(String)})
    AND notEmpty(TraceId)
ORDER BY Timestamp DESC, TraceId LIMIT {traces:UInt64}
UNION ALL
SELECT TraceId, true AS Late, Timestamp AS Begin, Timestamp + toIntervalNanosecond(Duration) AS End
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')}
    AND ServiceName = {service:String} AND SpanName = {operation:String}
    AND SpanKind = 'Server' AND is_entry(empty(ParentSpanId), SpanKind, ServiceName, {entry_services:Array(String)})
    AND notEmpty(TraceId)
ORDER BY Timestamp DESC, TraceId LIMIT {traces:UInt64};

CREATE TEMPORARY TABLE reach AS
SELECT
    minIf(Begin, NOT Late) AS UsualBegin, maxIf(End, NOT Late) AS UsualEnd, minIf(Begin, Late) AS LateBegin,
    countIf(NOT Late) AS UsualRequests, countIf(Late) AS LateRequests,
    (SELECT groupArray(Name) FROM partners) AS Partners,
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) < {to:DateTime64(6, 'UTC')}
        )
    ) AS Services
FROM chosen;

CREATE TEMPORARY TABLE inside AS
WITH
    (SELECT UsualBegin FROM reach) AS usual_begin,
    (SELECT UsualEnd FROM reach) AS usual_end,
    (SELECT LateBegin FROM reach) AS late_begin,
    arrayFirst(key -> match(key, '(?i)cache.*hit'), mapKeys(SpanAttributes)) AS hit_key
SELECT
    TraceId, SpanId, ParentSpanId, Timestamp AS Start, Duration / 1e6 AS Ms,
    toString(ServiceName) AS Service, toString(SpanName) AS Operation, toString(SpanKind) AS Kind,
    peer_names([SpanAttributes['service.peer.name'], SpanAttributes['peer.service']],
        hasAny(mapKeys(SpanAttributes), ['db.system.name', 'db.system']), (SELECT Partners FROM reach)) AS Peers,
    coalesce(nullIf(SpanAttributes['server.address'], ''), SpanAttributes['net.peer.name']) AS Address,
    notEmpty(hit_key) AS IsLookup,
    lower(SpanAttributes[hit_key]) IN ('true', '1', 'hit') AS IsHit
FROM otel_traces
PREWHERE ((Timestamp >= usual_begin AND Timestamp <= usual_end)
        OR (Timestamp >= late_begin AND Timestamp < {to:DateTime64(6, 'UTC')}))
    AND TraceId IN (SELECT TraceId FROM chosen);

WITH
    (SELECT Partners FROM reach) AS known_partners,
    (SELECT Services FROM reach) AS known_services
SELECT
    Service AS hop_service,
    Operation AS hop_operation,
    Kind AS kind,
    if(Kind = 'Client', asked_peer(Peers, Address, known_partners, known_services), '') AS peer,
    is_partner(Kind, Peers, Address, known_partners, known_services) AS is_partner_call,
    (SELECT UsualRequests FROM reach) AS usual_requests,
    (SELECT LateRequests FROM reach) AS late_requests,
    countIf(NOT Late) AS usual_calls,
    countIf(Late) AS late_calls,
    sumIf(Ms, NOT Late) AS usual_ms,
    sumIf(Ms, Late) AS late_ms,
    sumIf(greatest(0, Ms - below.BelowMs), NOT Late) AS usual_own_ms,
    sumIf(greatest(0, Ms - below.BelowMs), Late) AS late_own_ms,
    countIf(IsLookup AND NOT Late) AS usual_lookups,
    countIf(IsLookup AND IsHit AND NOT Late) AS usual_hits,
    countIf(IsLookup AND Late) AS late_lookups,
    countIf(IsLookup AND IsHit AND Late) AS late_hits
FROM inside
    INNER JOIN chosen ON inside.TraceId = chosen.TraceId
    LEFT JOIN (
        SELECT TraceId, ParentSpanId, sum(Ms) AS BelowMs FROM inside GROUP BY TraceId, ParentSpanId
    ) AS below ON inside.TraceId = below.TraceId AND inside.SpanId = below.ParentSpanId
WHERE Start >= Begin AND Start < End
GROUP BY hop_service, hop_operation, kind, peer, is_partner_call
ORDER BY late_own_ms / greatest(1, late_requests) - usual_own_ms / greatest(1, usual_requests) DESC, hop_service, hop_operation, kind, peer
