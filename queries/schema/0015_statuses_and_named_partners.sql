-- An RPC's status goes before what else an error says. A database that the settings name is a partner, as others are. Where
-- requests enter.

-- Whether requests or messages enter at a span; `entry_services` are those that phones and browsers call (called.sql).
CREATE OR REPLACE FUNCTION is_entry AS (is_root, kind, service, entry_services) ->
    (is_root AND kind IN ('Server', 'Consumer')) OR (kind = 'Server' AND has(entry_services, service));

-- Of the names of whom a call asks, those that there are; a database has one only where it is a partner's.
CREATE OR REPLACE FUNCTION peer_names AS (names, is_database, partners) -> arrayDistinct(arrayFilter(
    name -> notEmpty(name) AND (NOT is_database OR has(partners, name)), names));

-- What a failing span says of itself, in at most 300 characters: an RPC's status (rpc_error), and what was thrown, else the
-- span's message, else its type.
CREATE OR REPLACE FUNCTION error_text AS (event_names, event_attributes, message, type, http_status) -> substringUTF8(
    arrayStringConcat(arrayDistinct(arrayFilter(text -> notEmpty(text), arrayConcat(
        if(match(type, '^g?RPC '), [type], []),
        multiIf(
            has(event_names, 'exception'), [
                event_attributes[indexOf(event_names, 'exception')]['exception.type'],
                event_attributes[indexOf(event_names, 'exception')]['exception.message']],
            notEmpty(message), [message],
            notEmpty(type), [type],
            http_status >= 400, [concat('HTTP ', toString(http_status))],
            [])))), ': '), 1, 300);

-- The gRPC status that such a text begins with; 0 where there is none.
CREATE OR REPLACE FUNCTION grpc_status AS (error) -> toUInt8OrZero(extract(error, '^gRPC (\\d+) '));

ALTER TABLE otel_traces_to_span_facts MODIFY QUERY
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings,
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    mapValues(SpanAttributes) AS texts,
    attribute_codes(SpanAttributes, meanings) AS codes,
    mapValues(ResourceAttributes) AS resource_texts,
    attribute_codes(ResourceAttributes, meanings) AS resource_codes
SELECT
    Timestamp,
    filed_on(Timestamp, Day) AS Filed,
    TraceId,
    SpanId,
    ParentSpanId,
    ServiceName,
    SpanName,
    SpanKind,
    ResourceAttributes['service.version'] AS Version,
    texts[indexOf(codes, 103)] AS Route,
    peer_names([texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]], has(codes, 110), known_partners) AS Peers,
    coalesce(nullIf(texts[indexOf(codes, 106)], ''), texts[indexOf(codes, 108)]) AS ServerAddress,
    Duration,
    StatusCode = 'Error' AS IsError,
    toUInt16OrZero(meant(codes, texts, 101, 102)) AS HttpStatus,
    if(notEmpty(TraceId), meant(codes, texts, 1, 19), coalesce(nullIf(meant(codes, texts, 1, 19), ''), ResourceCustomer)) AS Customer,
    meant(resource_codes, resource_texts, 1, 19) AS ResourceCustomer,
    meant(codes, texts, 21, 39) AS OrderId,
    toDecimal64OrZero(meant(codes, texts, 41, 59), 4) AS Amount,
    meant(codes, texts, 61, 79) AS Currency,
    match(TraceState, '(^|[;:,=])th:0*[1-9a-f]') AS IsSampled,
    StatusMessage,
    coalesce(nullIf(if(IsError, rpc_error(texts[indexOf(codes, 109)]), ''), ''), texts[indexOf(codes, 107)]) AS ErrorType,
    `Events.Name`,
    `Events.Attributes`
FROM otel_traces;

-- The same for those that are read as they were received.
CREATE OR REPLACE VIEW spans AS
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings,
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    mapValues(SpanAttributes) AS texts,
    attribute_codes(SpanAttributes, meanings) AS codes,
    mapValues(ResourceAttributes) AS resource_texts,
    attribute_codes(ResourceAttributes, meanings) AS resource_codes
SELECT
    Timestamp,
    filed_on(Timestamp, Day) AS Filed,
    TraceId,
    SpanId,
    ParentSpanId,
    ServiceName,
    SpanName,
    SpanKind,
    ResourceAttributes['service.version'] AS Version,
    texts[indexOf(codes, 103)] AS Route,
    peer_names([texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]], has(codes, 110), known_partners) AS Peers,
    coalesce(nullIf(texts[indexOf(codes, 106)], ''), texts[indexOf(codes, 108)]) AS ServerAddress,
    Duration,
    StatusCode = 'Error' AS IsError,
    toUInt16OrZero(meant(codes, texts, 101, 102)) AS HttpStatus,
    if(notEmpty(TraceId), meant(codes, texts, 1, 19), coalesce(nullIf(meant(codes, texts, 1, 19), ''), ResourceCustomer)) AS Customer,
    meant(resource_codes, resource_texts, 1, 19) AS ResourceCustomer,
    meant(codes, texts, 21, 39) AS OrderId,
    toDecimal64OrZero(meant(codes, texts, 41, 59), 4) AS Amount,
    meant(codes, texts, 61, 79) AS Currency,
    match(TraceState, '(^|[;:,=])th:0*[1-9a-f]') AS IsSampled,
    StatusMessage,
    coalesce(nullIf(if(IsError, rpc_error(texts[indexOf(codes, 109)]), ''), ''), texts[indexOf(codes, 107)]) AS ErrorType,
    `Events.Name`,
    `Events.Attributes`
FROM otel_traces;

ALTER TABLE span_facts_to_failures MODIFY QUERY
SELECT
    Timestamp, Filed, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, Version, Route, Peers, ServerAddress,
    IsError, HttpStatus, Duration, Customer,
    error_text(`Events.Name`, `Events.Attributes`, StatusMessage, ErrorType, HttpStatus) AS Error
FROM span_facts
WHERE might_fail(IsError, SpanKind, HttpStatus);
