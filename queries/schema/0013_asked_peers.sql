-- By which of its names a call goes: the first that makes whom it asks a partner (is_partner), else the first peer.
CREATE OR REPLACE FUNCTION asked_peer AS (peers, address, partners, services) -> arrayConcat(
    if(notEmpty(partners),
        arrayFilter(name -> has(partners, name), arrayPushBack(peers, address)),
        arrayFilter(name -> NOT has(services, name), peers)),
    peers)[1];

-- Calls are counted under that name, so that a partner is seen by whichever key it is named. Where the settings name none,
-- the first peer is: which services report is known only later.
ALTER TABLE span_facts_to_red MODIFY QUERY
WITH (SELECT groupArray(Name) FROM partners) AS known_partners
SELECT
    toStartOfInterval(Filed, INTERVAL 10 SECOND) AS Time,
    ServiceName,
    SpanName,
    SpanKind,
    if(SpanKind = 'Client', asked_peer(Peers, toString(ServerAddress), known_partners, emptyArrayString()), '') AS Peer,
    Version,
    empty(ParentSpanId) AS IsRoot,
    count() AS Requests,
    countIf(IsError OR (SpanKind = 'Server' AND HttpStatus >= 500)) AS Errors,
    countIf(HttpStatus >= 500) AS ServerErrors,
    countIf(HttpStatus BETWEEN 400 AND 499) AS ClientErrors,
    countIf(IsSampled) AS Sampled,
    sum(Duration) AS Duration,
    quantilesTDigestState(0.5, 0.95, 0.99)(span_facts.Duration) AS Durations
FROM span_facts
GROUP BY Time, ServiceName, SpanName, SpanKind, Peer, Version, IsRoot;
