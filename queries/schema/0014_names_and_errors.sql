-- Whom a call asks, by an older name too; a database is no partner. What an error says that is told by an RPC's status.

-- What the status of an RPC that failed says, by its number or name: "gRPC 16 UNAUTHENTICATED"; '' where there is none.
CREATE OR REPLACE FUNCTION rpc_error AS (status) -> transform(
    transform(status,
        ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED',
         'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE',
         'DATA_LOSS', 'UNAUTHENTICATED'],
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16'],
        status),
    ['', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16'],
    ['', '', 'gRPC 1 CANCELLED', 'gRPC 2 UNKNOWN', 'gRPC 3 INVALID_ARGUMENT', 'gRPC 4 DEADLINE_EXCEEDED', 'gRPC 5 NOT_FOUND',
     'gRPC 6 ALREADY_EXISTS', 'gRPC 7 PERMISSION_DENIED', 'gRPC 8 RESOURCE_EXHAUSTED', 'gRPC 9 FAILED_PRECONDITION',
     'gRPC 10 ABORTED', 'gRPC 11 OUT_OF_RANGE', 'gRPC 12 UNIMPLEMENTED', 'gRPC 13 INTERNAL', 'gRPC 14 UNAVAILABLE',
     'gRPC 15 DATA_LOSS', 'gRPC 16 UNAUTHENTICATED'],
    concat('RPC ', status));

-- What a failing span says of itself, in at most 300 characters: what was thrown, else its status, else its type.
CREATE OR REPLACE FUNCTION error_text AS (event_names, event_attributes, message, type, http_status) -> substringUTF8(multiIf(
    has(event_names, 'exception'), arrayStringConcat(arrayFilter(text -> notEmpty(text), [
        event_attributes[indexOf(event_names, 'exception')]['exception.type'],
        event_attributes[indexOf(event_names, 'exception')]['exception.message']]), ': '),
    notEmpty(message), message,
    notEmpty(type), type,
    http_status >= 400, concat('HTTP ', toString(http_status)),
    ''), 1, 300);

ALTER TABLE otel_traces_to_span_facts MODIFY QUERY
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings,
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
    if(has(codes, 110), [], arrayDistinct(arrayFilter(name -> notEmpty(name), [texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]]))) AS Peers,
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
    coalesce(nullIf(texts[indexOf(codes, 107)], ''), if(IsError, rpc_error(texts[indexOf(codes, 109)]), '')) AS ErrorType,
    `Events.Name`,
    `Events.Attributes`
FROM otel_traces;

-- The same for those that are read as they were received.
CREATE OR REPLACE VIEW spans AS
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings,
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
    if(has(codes, 110), [], arrayDistinct(arrayFilter(name -> notEmpty(name), [texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]]))) AS Peers,
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
    coalesce(nullIf(texts[indexOf(codes, 107)], ''), if(IsError, rpc_error(texts[indexOf(codes, 109)]), '')) AS ErrorType,
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

-- Who sends log records alone is a service of ours, too, and no partner.
CREATE MATERIALIZED VIEW IF NOT EXISTS otel_logs_to_services TO services AS
SELECT ServiceName, min(Timestamp) AS First, max(Timestamp) AS Last
FROM otel_logs
GROUP BY ServiceName;
