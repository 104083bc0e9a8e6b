-- What the answers need, kept narrow. Everything hangs on otel_traces and otel_logs, whoever writes them.
-- Rows with an empty TraceId belong to no trace: a span without one stands alone.

-- What the rollups need of each span, worked out once; holds nothing itself.
CREATE TABLE IF NOT EXISTS span_facts (
    Timestamp DateTime64(9, 'UTC'),
    Filed DateTime('UTC'),
    TraceId String,
    SpanId String,
    IsRoot Bool,
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    Version LowCardinality(String),
    Route LowCardinality(String),
    Peers Array(String),
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
    arrayMap(key -> transform(key, meanings.1, meanings.2, toUInt8(0)), mapKeys(SpanAttributes)) AS codes,
    mapValues(ResourceAttributes) AS resource_texts,
    arrayMap(key -> transform(key, meanings.1, meanings.2, toUInt8(0)), mapKeys(ResourceAttributes)) AS resource_codes
SELECT
    Timestamp,
    filed_under(Timestamp) AS Filed,
    TraceId,
    SpanId,
    empty(ParentSpanId) AS IsRoot,
    ServiceName,
    SpanName,
    SpanKind,
    ResourceAttributes['service.version'] AS Version,
    texts[indexOf(codes, 103)] AS Route,
    arrayDistinct(arrayFilter(name -> notEmpty(name), [texts[indexOf(codes, 104)], texts[indexOf(codes, 105)], texts[indexOf(codes, 106)]])) AS Peers,
    Duration,
    StatusCode = 'Error' AS IsError,
    toUInt16OrZero(meant(codes, texts, 101, 102)) AS HttpStatus,
    meant(codes, texts, 1, 19) AS Customer,
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
    IsRoot Bool,
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    Version LowCardinality(String),
    Route LowCardinality(String),
    Peers Array(LowCardinality(String)),
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
WITH
    `Events.Attributes`[indexOf(`Events.Name`, 'exception')] AS exception,
    arrayStringConcat(arrayFilter(text -> notEmpty(text), [exception['exception.type'], exception['exception.message']]), ': ') AS thrown
SELECT
    Timestamp, Filed, TraceId, SpanId, IsRoot, ServiceName, SpanName, SpanKind, Version, Route, Peers, IsError, HttpStatus, Duration, Customer,
    substringUTF8(multiIf(
        notEmpty(thrown), thrown,
        notEmpty(StatusMessage), StatusMessage,
        notEmpty(ErrorType), ErrorType,
        HttpStatus > 0, concat('HTTP ', toString(HttpStatus)),
        ''), 1, 300) AS Error
FROM span_facts
WHERE IsError OR (SpanKind = 'Server' AND HttpStatus >= 500) OR (SpanKind = 'Client' AND HttpStatus >= 400);

-- One row per trace and insert (fewer after merges): what of a trace arrived together, and whom it names.
-- FirstCustomer and LastCustomer are the least and greatest name given by spans or their resources, LogFirst…
-- and LogLast… those given by log records: where they agree, the whole trace names one customer.
CREATE TABLE IF NOT EXISTS trace_parts (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),  -- ten minutes of filing time
    TraceId String CODEC(ZSTD(1)),
    First SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
    Last SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
    Spans SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Roots SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    FirstCustomer SimpleAggregateFunction(min, Nullable(String)) CODEC(ZSTD(1)),
    LastCustomer SimpleAggregateFunction(max, Nullable(String)) CODEC(ZSTD(1)),
    LogFirstCustomer SimpleAggregateFunction(min, Nullable(String)) CODEC(ZSTD(1)),
    LogLastCustomer SimpleAggregateFunction(max, Nullable(String)) CODEC(ZSTD(1)),
    Received SimpleAggregateFunction(max, Date) DEFAULT today()
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Bucket, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 1024, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_trace_parts TO trace_parts AS
SELECT
    toStartOfTenMinutes(min(Filed)) AS Bucket,
    TraceId,
    min(Timestamp) AS First,
    max(Timestamp) AS Last,
    count() AS Spans,
    countIf(IsRoot) AS Roots,
    min(nullIf(if(notEmpty(Customer), Customer, ResourceCustomer), '')) AS FirstCustomer,
    max(nullIf(if(notEmpty(Customer), Customer, ResourceCustomer), '')) AS LastCustomer,
    CAST(NULL, 'Nullable(String)') AS LogFirstCustomer,
    CAST(NULL, 'Nullable(String)') AS LogLastCustomer
FROM span_facts
WHERE notEmpty(TraceId)
GROUP BY TraceId;

-- The exporter's table: one row per trace and insert. Ordered by a hash so that a few thousand traces are
-- found by reading a few thousand small granules, however many traces there are.
CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
    TraceId String CODEC(ZSTD(1)),
    Start DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    End DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceHash UInt32 DEFAULT cityHash64(TraceId),
    Bucket DateTime('UTC') DEFAULT toStartOfTenMinutes(Start) CODEC(Delta(4), ZSTD(1)),
    Roots UInt32 DEFAULT 2,  -- a writer who does not count them: look closer
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Bucket)
ORDER BY (TraceHash, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
SELECT
    TraceId,
    toDateTime(least(First, toDateTime64('2106-02-07 00:00:00', 9, 'UTC')), 'UTC') AS Start,  -- later ones would wrap to 1970
    toDateTime(least(Last, toDateTime64('2106-02-07 00:00:00', 9, 'UTC')), 'UTC') AS End,
    toUInt32(cityHash64(TraceId)) AS TraceHash,
    Bucket,
    toUInt32(Roots) AS Roots
FROM trace_parts;

-- One row per root span as received, found by its trace.
CREATE TABLE IF NOT EXISTS roots (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    IsError Bool,
    HttpStatus UInt16,
    Peers Array(LowCardinality(String)),
    Duration UInt64 CODEC(ZSTD(1)),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Bucket, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 1024, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_roots TO roots AS
SELECT toStartOfTenMinutes(Filed) AS Bucket, TraceId, Timestamp, SpanId, ServiceName, SpanName, SpanKind, IsError, HttpStatus, Peers, Duration
FROM span_facts
WHERE IsRoot AND notEmpty(TraceId);

-- One row per root span that names its customer itself, found by the customer: what they tried, and how it went.
CREATE TABLE IF NOT EXISTS entries (
    Customer String CODEC(ZSTD(1)),
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Filed DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    IsError Bool,
    HttpStatus UInt16,
    Peers Array(LowCardinality(String)),
    Duration UInt64 CODEC(ZSTD(1)),
    Received Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY toDate(Filed)
ORDER BY (Customer, Timestamp)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 256, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_entries TO entries AS
SELECT Customer, Timestamp, Filed, TraceId, SpanId, ServiceName, SpanName, SpanKind, IsError, HttpStatus, Peers, Duration
FROM span_facts
WHERE IsRoot AND notEmpty(Customer);

-- One row per trace and customer whom it names elsewhere than on a root that arrived with it.
CREATE TABLE IF NOT EXISTS mentions (
    Customer String CODEC(ZSTD(1)),
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    Received Date DEFAULT today()
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(Bucket)
ORDER BY (Customer, Bucket, TraceId)
TTL Received + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, index_granularity = 256, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_mentions TO mentions AS
SELECT if(notEmpty(span_facts.Customer), span_facts.Customer, ResourceCustomer) AS Customer, toStartOfTenMinutes(min(Filed)) AS Bucket, TraceId
FROM span_facts
WHERE notEmpty(TraceId) AND notEmpty(Customer)
GROUP BY Customer, TraceId
HAVING countIf(IsRoot AND notEmpty(span_facts.Customer)) = 0;

-- One row per span that names an order, as received.
CREATE TABLE IF NOT EXISTS orders (
    Bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
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
SELECT toStartOfTenMinutes(Filed) AS Bucket, TraceId, SpanId, Timestamp, OrderId, Amount, Currency
FROM span_facts
WHERE notEmpty(OrderId) AND notEmpty(TraceId);

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
    IsRoot,
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
SELECT Timestamp, filed_under(Timestamp) AS Filed, TraceId, SpanId, meant(codes, texts, 1, 19) AS Customer
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

CREATE MATERIALIZED VIEW IF NOT EXISTS log_facts_to_trace_parts TO trace_parts AS
SELECT
    toStartOfTenMinutes(min(Filed)) AS Bucket,
    TraceId,
    min(Timestamp) AS First,
    max(Timestamp) AS Last,
    0 AS Spans,
    0 AS Roots,
    CAST(NULL, 'Nullable(String)') AS FirstCustomer,
    CAST(NULL, 'Nullable(String)') AS LastCustomer,
    min(Customer) AS LogFirstCustomer,
    max(Customer) AS LogLastCustomer
FROM log_facts
WHERE notEmpty(Customer)
GROUP BY TraceId;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_facts_to_mentions TO mentions AS
SELECT Customer, toStartOfTenMinutes(min(Filed)) AS Bucket, TraceId
FROM log_facts
WHERE notEmpty(Customer)
GROUP BY Customer, TraceId;
