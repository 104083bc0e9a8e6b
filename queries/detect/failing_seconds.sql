-- In which seconds did spans fail that a question would count, and how many?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- service, version, partner: String, of the failing span; '' for any
-- One row per second in which any failed: how many (one received twice counts once), and when the first and the last of
-- them began.
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
ORDER BY second
