-- How did the calls to a partner fail, and what did they say?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- partner: String, its name
-- One row per caller, HTTP status (0 where there was none) and kind of complaint, most calls first; one received twice counts
-- once. Where no connection came about, what is said of certificates, versions and tokens is no answer.
WITH
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    HttpStatus = 0 AND match(lower(Error), 'x509|certificate|pkix|\\b(open)?ssl|\\btls|conn(ection)? ?(refused|reset)|timeout|timed out|unreachable') AS is_unanswered
SELECT
    toString(ServiceName) AS service,
    HttpStatus AS status,
    NOT is_unanswered AND match(lower(Error), 'valid|schema|deseriali|unexpected field|unknown field|missing field|parse|malformed|unprocessable|incompatib|contract|version') AS invalid,
    NOT is_unanswered AND match(lower(Error), 'token|expired|unauthori|forbidden|credential|signature|authenticat') AS refused,
    uniqExact(TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp) AS calls,
    topK(1)(Error)[1] AS commonest
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')}
    AND SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has(known_partners, {partner:String})))
GROUP BY service, status, invalid, refused
ORDER BY calls DESC, service, status, invalid, refused
