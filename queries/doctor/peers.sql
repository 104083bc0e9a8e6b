-- Whom do client spans call, and which of them count as partners?
-- from, to: DateTime64, UTC; the window, in whole ten seconds; `to` itself not meant
-- One row per peer that is called or that the settings name as a partner, partners first.
WITH
    (SELECT groupArray(Name) FROM partners) AS named,
    (SELECT groupUniqArray(toString(ServiceName)) FROM services) AS known_services
SELECT
    toString(name) AS peer,
    sum(requests) AS calls,
    has(named, peer) AS is_named,
    if(notEmpty(named), is_named, NOT has(known_services, peer)) AS is_partner
FROM (
    SELECT Peer AS name, Requests AS requests
    FROM red
    WHERE SpanKind = 'Client' AND notEmpty(Peer)
        AND Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT Name, 0 FROM partners
)
GROUP BY peer
ORDER BY is_partner DESC, calls DESC, peer
