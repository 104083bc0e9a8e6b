-- Which partners' answers fail now, and how often did they before?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- least: UInt64, failing calls that a partner must have had in the last five minutes
-- One row per partner: slices of time as in entry_errors. A partner is one that the settings name, or, where they
-- name none, a peer that no service reports as.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) < {to:DateTime64(6, 'UTC')}
        )
    ) AS known_services
SELECT
    partner,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(slice_requests) AS requests,
    groupArray(slice_errors) AS errors
FROM (
    SELECT
        toString(Peer) AS partner,
        if(Time >= recent, Time, toStartOfFiveMinutes(Time)) AS slice,
        sum(Requests) AS slice_requests,
        sum(greatest(Errors, ClientErrors + ServerErrors)) AS slice_errors
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Client'
        AND Peer IN (
            SELECT Peer
            FROM red
            WHERE Time >= recent AND Time < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Client' AND notEmpty(Peer)
                AND is_partner(SpanKind, [Peer], '', known_partners, known_services)
            GROUP BY Peer
            HAVING sum(greatest(Errors, ClientErrors + ServerErrors)) >= {least:UInt64}
        )
    GROUP BY partner, slice
    ORDER BY partner, slice
)
GROUP BY partner
ORDER BY partner
