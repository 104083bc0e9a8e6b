-- How did the calls to a partner fail, and what did they say?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- partner: String, its name
-- One row per caller, HTTP status (0 where there was none) and kind of complaint, most calls first; one received twice counts
-- once. Where no connection came about (`unanswered`), what is said of certificates, versions and tokens is no answer; nor is
-- an address, or the name of a field. gRPC's status goes before words: some are about what was said, some refuse who says it,
-- and some are no answer; but words that plainly name our key or token go before INVALID_ARGUMENT and UNAVAILABLE.
WITH
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    replaceRegexpAll(lower(Error), '(\\w+:/|\\B)/[^\\s"\'<>(),;]+', '') AS addressed,
    replaceRegexpAll(addressed, '\\b(field|property|attribute|argument|parameter|key)s?:? [\\\\"\'`]+[\\w.-]+', '\\1') AS said,
    (
        match(said, 'conn(ection)? ?(refused|reset|abort)|timed?.?out|deadline.?exceeded|unreach|no ?route')
        OR match(said, '(failed|unable|cannot|could ?n.t)( to)? connect|new connection|max retries|hang up|broken pipe|\\bepipe')
        OR match(said, '(network|host) is down|e(net|host)down|"": (unexpected )?eof')
        OR match(said, '(remote|server) ?disconnect|disconnect/reset|(remote end|peer|server) closed')
        OR match(said, 'no such host|unknown ?host|name.?resol|resolve (host|\\W)|getaddrinfo|enotfound|eai_again|name or service|\\bdns')
        OR match(said, 'x509|pkix|handshake|\\b(open)?(ssl|tls)|err_(ssl|tls)|altname|signed by unknown|self.signed.cert')
        OR match(said, 'verify.{0,11}(cert|leaf)|(peer|remote|issuer|bad).cert|cert(ificate)?.{0,6}(verif|expired|chain)')
    ) AS is_about_connection,
    match(said, 'api.?key.{0,9}(expired|not (valid|found))|invalid api.?key|invalid_grant|metadata from plugin|credentials failed') AS is_about_key,
    grpc_status(Error) IN (7, 16) OR grpc_status(Error) IN (3, 14) AND is_about_key AND NOT is_about_connection AS is_refused,
    grpc_status(Error) IN (3, 9, 11, 12) AND NOT is_refused AS is_invalid,
    (grpc_status(Error) IN (4, 14) OR HttpStatus = 0 AND is_about_connection) AND NOT (is_invalid OR is_refused) AS is_unanswered
SELECT
    toString(ServiceName) AS service,
    HttpStatus AS status,
    is_unanswered AS unanswered,
    is_invalid OR NOT (is_refused OR is_unanswered) AND match(said, 'valid|schema|deseriali|unexpected field|unknown field|missing field|parse|malformed|unprocessable|incompatib|contract|version|failed_?precondition|out_?of_?range|unimplemented') AS invalid,
    is_refused OR NOT (is_invalid OR is_unanswered) AND match(said, 'token|expired|unauthori|forbidden|credential|signature|authenticat|permission_?denied') AS refused,
    uniqExact(TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp) AS calls,
    topK(1)(Error)[1] AS commonest
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND Timestamp + toIntervalNanosecond(Duration) <= {to:DateTime64(6, 'UTC')}
    AND SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has(known_partners, {partner:String})))
GROUP BY service, status, unanswered, invalid, refused
ORDER BY calls DESC, service, status, unanswered, invalid, refused
