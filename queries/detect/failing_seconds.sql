-- In which seconds did spans fail that a question would count, and how many?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- service, version, partner: String, of the failing span; '' for any
-- One row per second in which any failed: how many (one received twice counts once), when the first and the last of
-- them began, and how many requests (of a partner: calls) there were since `from`: `before` its ten seconds began, and
-- until their end.
WITH
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) < {to:DateTime64(6, 'UTC')}
        )
    ) AS known_services
SELECT
    second, failures, first, last,
    max(asked.before) OVER (ORDER BY second) AS before,
    max(asked.so_far) OVER (ORDER BY second) AS requests
FROM (
    SELECT
        toUnixTimestamp(toStartOfSecond(Timestamp)) AS second,
        uniqExact(TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp) AS failures,
        min(Timestamp) AS first,
        max(Timestamp) AS last
    FROM failures
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')}
        AND is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, known_partners, known_services)
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({version:String} = '' OR Version = {version:String})
        AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
            has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has(known_partners, {partner:String})))))
    GROUP BY second
) AS failing
LEFT JOIN (
    SELECT
        toUnixTimestamp(Time) AS slice,
        sum(sum(Requests)) OVER (ORDER BY slice) AS so_far,
        so_far - sum(Requests) AS before
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
        AND if({partner:String} = '',
            SpanKind IN ('Server', 'Consumer')
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({version:String} = '' OR Version = {version:String}),
            SpanKind = 'Client' AND Peer = {partner:String})
    GROUP BY slice
) AS asked ON intDiv(failing.second, 10) * 10 = asked.slice
ORDER BY second
