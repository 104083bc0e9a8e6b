-- What the answers need, kept narrow. Everything hangs on otel_traces and otel_logs, whoever writes them.
-- Rows with an empty TraceId belong to no trace: a span without one stands alone.

-- What each attribute means: its code in attribute_meanings, 0 for nothing.
CREATE OR REPLACE FUNCTION attribute_codes AS (attributes, meanings) -> arrayMap(
    key -> transform(key, tupleElement(meanings, 1), tupleElement(meanings, 2), toUInt8(0)), mapKeys(attributes));

-- Whether a span counts as failing; `partners` as the settings name them, `services` those that report.
CREATE OR REPLACE FUNCTION is_partner AS (kind, peers, address, partners, services) -> kind = 'Client' AND if(
    notEmpty(partners),
    hasAny(partners, peers) OR has(partners, address),
    NOT hasAll(services, peers));
CREATE OR REPLACE FUNCTION is_failing AS (is_error, kind, http_status, peers, address, partners, services) -> is_error
    OR (kind = 'Server' AND http_status >= 500)
    OR (http_status >= 400 AND is_partner(kind, peers, address, partners, services));

-- Whether it might, whatever is a partner when asked.
CREATE OR REPLACE FUNCTION might_fail AS (is_error, kind, http_status) -> is_error
    OR (kind = 'Server' AND http_status >= 500) OR (kind = 'Client' AND http_status >= 400);

-- Texts as one, in the same order; and as texts again.
CREATE OR REPLACE FUNCTION packed AS (texts) -> arrayStringConcat(
    arrayMap(text -> replaceAll(replaceAll(text, '\x01', '\x01\x02'), '\0', '\x01\x01'), texts), '\0');
CREATE OR REPLACE FUNCTION unpacked AS (joined) -> arrayMap(
    text -> replaceAll(replaceAll(text, '\x01\x01', '\0'), '\x01\x02', '\x01'), splitByChar('\0', joined));

-- A trace's entry as one text, in the order that makes the earliest the least.
CREATE OR REPLACE FUNCTION packed_entry AS (entry) -> packed(arrayConcat([
    toString(toUInt8(tupleElement(entry, 1))),
    leftPad(toString(toInt128(toUnixTimestamp64Nano(tupleElement(entry, 2))) + 9223372036854775808), 20, '0'),
    tupleElement(entry, 3), tupleElement(entry, 4), tupleElement(entry, 5), tupleElement(entry, 6),
    toString(toUInt8(tupleElement(entry, 7))), toString(tupleElement(entry, 8)), toString(tupleElement(entry, 9)),
    tupleElement(entry, 10)], tupleElement(entry, 11)));

-- Of the texts alone, which is quicker: when it began, how long it took (ns), and whether it counts as failing.
CREATE OR REPLACE FUNCTION entry_time AS (texts) ->
    fromUnixTimestamp64Nano(toInt64(toInt128OrZero(texts[2]) - 9223372036854775808), 'UTC');
CREATE OR REPLACE FUNCTION entry_duration AS (texts) -> toUInt64OrZero(texts[9]);
CREATE OR REPLACE FUNCTION entry_is_failing AS (texts, partners, services) -> texts[7] = '1'
    OR (texts[4] = 'Server' AND toUInt16OrZero(texts[8]) >= 500)
    OR (toUInt16OrZero(texts[8]) >= 400 AND is_partner(texts[4], arraySlice(texts, 11), texts[10], partners, services));

-- And all facts of them.
CREATE OR REPLACE FUNCTION entry_facts AS (texts) -> CAST((
    texts[1] = '1', entry_time(texts), texts[3], texts[4], texts[5], texts[6],
    texts[7] = '1', toUInt16OrZero(texts[8]), entry_duration(texts), texts[10], arraySlice(texts, 11)
), 'Tuple(NotRoot Bool, Timestamp DateTime64(9, \'UTC\'), SpanId String, SpanKind String, ServiceName String,
    SpanName String, IsError Bool, HttpStatus UInt16, Duration UInt64, ServerAddress String, Peers Array(String))');

-- What a failing span says of itself, in at most 300 characters: what was thrown, else its status, else its type.
CREATE OR REPLACE FUNCTION error_text AS (event_names, event_attributes, message, type, http_status) -> substringUTF8(multiIf(
    has(event_names, 'exception'), arrayStringConcat(arrayFilter(text -> notEmpty(text), [
        event_attributes[indexOf(event_names, 'exception')]['exception.type'],
        event_attributes[indexOf(event_names, 'exception')]['exception.message']]), ': '),
    notEmpty(message), message,
    notEmpty(type), type,
    http_status > 0, concat('HTTP ', toString(http_status)),
    ''), 1, 300);

-- What the rollups need of each span, worked out once; holds nothing itself.
CREATE TABLE IF NOT EXISTS span_facts (
    Timestamp DateTime64(9, 'UTC'),
    Filed DateTime('UTC'),
    TraceId String,
    SpanId String,
    ParentSpanId String,
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    Version LowCardinality(String),
    Route LowCardinality(String),
    Peers Array(String),  -- service.peer.name and peer.service
    ServerAddress LowCardinality(String),
    Duration UInt64,
    IsError Bool,
    HttpStatus UInt16,
    Customer String,
    ResourceCustomer String,
    OrderId String,
    Amount Decimal(18, 4),
    Currency LowCardinality(String),
    IsSampled Bool,
    StatusMessage String,
    ErrorType String,
    `Events.Name` Array(LowCardinality(String)),
    `Events.Attributes` Array(Map(LowCardinality(String), String))
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_to_span_facts TO span_facts AS
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
    arrayDistinct(arrayFilter(name -> notEmpty(name), [texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]])) AS Peers,
    texts[indexOf(codes, 106)] AS ServerAddress,
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
    texts[indexOf(codes, 107)] AS ErrorType,
    `Events.Name`,
    `Events.Attributes`
FROM otel_traces;

-- The same, read from the spans as they were received: for the few traces that the rollups do not settle.
CREATE VIEW IF NOT EXISTS spans AS
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
    arrayDistinct(arrayFilter(name -> notEmpty(name), [texts[indexOf(codes, 104)], texts[indexOf(codes, 105)]])) AS Peers,
    texts[indexOf(codes, 106)] AS ServerAddress,
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
    texts[indexOf(codes, 107)] AS ErrorType,
    `Events.Name`,
    `Events.Attributes`
FROM otel_traces;

-- One row per span that might count as failing, as received. What counts is decided when asked.
CREATE TABLE IF NOT EXISTS failures (
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Filed DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    Version LowCardinality(String),
    Route LowCardinality(String),
    Peers Array(String),
    ServerAddress LowCardinality(String),
    IsError Bool,
    HttpStatus UInt16,
    Duration UInt64 CODEC(ZSTD(1)),
    Customer String CODEC(ZSTD(1)),
    Error String CODEC(ZSTD(1)),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY (toDate(Filed), Timestamp < '2000-01-01')
ORDER BY (Timestamp, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_failures TO failures AS
SELECT
    Timestamp, Filed, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, Version, Route, Peers, ServerAddress,
    IsError, HttpStatus, Duration, Customer,
    error_text(`Events.Name`, `Events.Attributes`, StatusMessage, ErrorType, HttpStatus) AS Error
FROM span_facts
WHERE might_fail(IsError, SpanKind, HttpStatus);

-- One row per trace, ten minutes and insert, of its spans or of the log records that name a customer: all that the answers
-- need of a trace. Whatever else is kept of a trace by Bucket lies in one of these buckets.
CREATE TABLE IF NOT EXISTS trace_parts (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),  -- the ten minutes that these are filed under
    IsCalm Bool,  -- spans none of which might count as failing; failed traces are asked for, so the others lie together
    TraceHash UInt64 CODEC(NONE),  -- cityHash64 of the id: quicker to look through than texts
    TraceId String CODEC(LZ4),
    First DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Last DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Spans UInt64 CODEC(ZSTD(1)),  -- 0: log records
    Roots UInt64 CODEC(ZSTD(1)),
    Names Array(String) CODEC(LZ4),  -- the customers that the spans or their resources name, or the log records
    Mentions Array(String) CODEC(ZSTD(1)),  -- of these, whom no root among the spans names itself
    SpanHashes Array(UInt64) CODEC(NONE),  -- of span ids: of those that name nobody, since log records may; and of log
        -- records, of the spans in which they were written
    Entry String CODEC(LZ4),  -- the trace's entry if no more spans came, packed; the least of all rows is; '' of log records
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Bucket, IsCalm, TraceHash)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 128, min_compress_block_size = 4096, max_compress_block_size = 65536,
    non_replicated_deduplication_window = 10000;  -- small blocks: some traces of many buckets are read at a time; LZ4 for
        -- what is read of them, since taking blocks apart is most of the work

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_trace_parts TO trace_parts AS
WITH
    if(notEmpty(span_facts.Customer), span_facts.Customer, ResourceCustomer) AS name,
    groupUniqArrayIf(span_facts.Customer, empty(ParentSpanId) AND notEmpty(span_facts.Customer)) AS named_by_roots
SELECT
    toStartOfTenMinutes(Filed) AS Bucket,
    NOT max(might_fail(IsError, SpanKind, HttpStatus)) AS IsCalm,
    cityHash64(TraceId) AS TraceHash,
    TraceId,
    min(Timestamp) AS First,
    max(Timestamp) AS Last,
    count() AS Spans,
    countIf(empty(ParentSpanId)) AS Roots,
    groupUniqArrayIf(name, notEmpty(name)) AS Names,
    arrayFilter(each -> NOT has(named_by_roots, each), Names) AS Mentions,
    if(empty(Names), groupUniqArray(cityHash64(SpanId)), []) AS SpanHashes,
    packed_entry(min((notEmpty(ParentSpanId), Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
        IsError, HttpStatus, Duration, toString(ServerAddress), Peers))) AS Entry
FROM span_facts
WHERE notEmpty(TraceId)
GROUP BY TraceId, Bucket;

-- The exporter's table: one row per trace, ten minutes and insert. Ordered by a hash, in small granules: a few thousand traces
-- are found by reading a few thousand granules, however many traces there are.
CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
    TraceId String CODEC(ZSTD(1)),
    Start DateTime('UTC') CODEC(LZ4),
    End DateTime('UTC') CODEC(LZ4),
    TraceHash UInt64 DEFAULT cityHash64(TraceId) CODEC(NONE),
    Bucket DateTime('UTC') DEFAULT toStartOfTenMinutes(Start) CODEC(LZ4),
    Roots UInt16 DEFAULT 2,  -- of a writer who does not count them: look closer
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Received)
ORDER BY (TraceHash, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 128, non_replicated_deduplication_window = 10000;

ALTER TABLE otel_traces_trace_id_ts
    ADD COLUMN IF NOT EXISTS TraceHash UInt64 DEFAULT cityHash64(TraceId) CODEC(NONE),
    ADD COLUMN IF NOT EXISTS Bucket DateTime('UTC') DEFAULT toStartOfTenMinutes(Start),
    ADD COLUMN IF NOT EXISTS Roots UInt16 DEFAULT 2,
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
SELECT
    TraceId,
    toDateTime(greatest(least(First, toDateTime64('2106-01-01 00:00:00', 9, 'UTC')), toDateTime64(0, 9, 'UTC')), 'UTC') AS Start,
    toDateTime(greatest(least(Last, toDateTime64('2106-01-01 00:00:00', 9, 'UTC')), toDateTime64(0, 9, 'UTC')), 'UTC') AS End,
    TraceHash,
    Bucket,
    toUInt16(least(Roots, 2)) AS Roots
FROM trace_parts;

-- One row per customer, trace, ten minutes and insert that names them, and one per span without a trace: what they tried, and
-- how it went. All in one text, since each column more is sought anew for each customer.
CREATE TABLE IF NOT EXISTS mentions (
    CustomerHash UInt32,  -- the lower half of cityHash64 of the customer
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    Mention String CODEC(LZ4),  -- packed: the customer, the trace, '1' where its root names them itself, and its entry: the
        -- root that names them if no other came, else the trace's if no more of it came; '' of log records and of several customers'
    Customer String ALIAS unpacked(Mention)[1],
    TraceId String ALIAS unpacked(Mention)[2],
    IsRoot Bool ALIAS unpacked(Mention)[3] = '1',
    Entry Array(String) ALIAS arraySlice(unpacked(Mention), 4),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Bucket)
ORDER BY (CustomerHash, Bucket)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 64, min_compress_block_size = 4096, max_compress_block_size = 65536,
    non_replicated_deduplication_window = 10000;  -- small blocks: a few rows of many customers are read at a time

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_parts_to_mentions TO mentions AS
WITH NOT has(Mentions, Customer) AS is_by_root
SELECT
    toUInt32(cityHash64(Customer)) AS CustomerHash,
    Bucket,
    concat(
        packed([Customer, TraceId, if(is_by_root, '1', '')]), '\0',
        if((is_by_root AND Roots = 1) OR length(Names) = 1, Entry, '')) AS Mention
FROM trace_parts
ARRAY JOIN Names AS Customer;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_mentions TO mentions AS
SELECT
    toUInt32(cityHash64(Customer)) AS CustomerHash,
    toStartOfTenMinutes(Filed) AS Bucket,
    concat(packed([Customer, '', '1']), '\0', packed_entry((
        false, Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
        IsError, HttpStatus, Duration, toString(ServerAddress), Peers))) AS Mention
FROM span_facts
WHERE empty(TraceId) AND notEmpty(Customer);

-- One row per span that names an order, as received.
CREATE TABLE IF NOT EXISTS orders (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    OrderId String CODEC(ZSTD(1)),
    Amount Decimal(18, 4) CODEC(ZSTD(1)),
    Currency LowCardinality(String),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Bucket, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 1024, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_orders TO orders AS
SELECT
    toStartOfTenMinutes(Filed) AS Bucket, TraceId, SpanId, Timestamp, ServiceName, SpanName, SpanKind,
    OrderId, Amount, Currency
FROM span_facts
WHERE notEmpty(OrderId);

-- One row per service, operation, kind, peer and version for each ten seconds: requests, errors, duration.
CREATE TABLE IF NOT EXISTS red (
    Time DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    Peer LowCardinality(String),
    Version LowCardinality(String),
    IsRoot Bool,
    Requests SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    ServerErrors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),  -- HTTP ≥ 500
    ClientErrors SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),  -- HTTP 400–499
    Sampled SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Duration SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),  -- ns
    Durations AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64) CODEC(ZSTD(1)),  -- ns
    Received SimpleAggregateFunction(max, Date) DEFAULT today()
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(Time)
ORDER BY (Time, ServiceName, SpanName, SpanKind, Peer, Version, IsRoot)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_red TO red AS
SELECT
    toStartOfInterval(Filed, INTERVAL 10 SECOND) AS Time,
    ServiceName,
    SpanName,
    SpanKind,
    if(SpanKind = 'Client', Peers[1], '') AS Peer,
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

-- One row per service that ever reported, with when (more before merges).
CREATE TABLE IF NOT EXISTS services (
    ServiceName LowCardinality(String),
    First SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
    Last SimpleAggregateFunction(max, DateTime64(9, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY ServiceName
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_services TO services AS
SELECT ServiceName, min(Timestamp) AS First, max(Timestamp) AS Last
FROM span_facts
GROUP BY ServiceName;

-- Customers named by log records written inside a span: of use where the span itself names none.
CREATE TABLE IF NOT EXISTS log_facts (
    Timestamp DateTime64(9, 'UTC'),
    Filed DateTime('UTC'),
    TraceId String,
    SpanId String,
    Customer String
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_logs_to_log_facts TO log_facts AS
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings,
    mapValues(LogAttributes) AS texts,
    arrayMap(key -> transform(key, meanings.1, meanings.2, toUInt8(0)), mapKeys(LogAttributes)) AS codes
SELECT Timestamp, filed_on(Timestamp, Day) AS Filed, TraceId, SpanId, meant(codes, texts, 1, 19) AS Customer
FROM otel_logs
WHERE notEmpty(TraceId) AND notEmpty(SpanId);

-- One row per log record that names the customer of a span, as received.
CREATE TABLE IF NOT EXISTS log_customers (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Customer String CODEC(ZSTD(1)),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Bucket, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 1024, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_facts_to_log_customers TO log_customers AS
SELECT toStartOfTenMinutes(Filed) AS Bucket, TraceId, SpanId, Timestamp, Customer
FROM log_facts
WHERE notEmpty(Customer);

-- So that a trace is found in every bucket that names its customers, and asked "as of" a moment closely.
CREATE MATERIALIZED VIEW IF NOT EXISTS log_facts_to_trace_parts TO trace_parts AS
SELECT
    toStartOfTenMinutes(Filed) AS Bucket,
    false AS IsCalm,
    cityHash64(TraceId) AS TraceHash,
    TraceId,
    min(Timestamp) AS First,
    max(Timestamp) AS Last,
    0 AS Spans,
    0 AS Roots,
    groupUniqArray(Customer) AS Names,
    Names AS Mentions,
    groupUniqArray(cityHash64(SpanId)) AS SpanHashes,
    '' AS Entry
FROM log_facts
WHERE notEmpty(Customer)
GROUP BY TraceId, Bucket;
