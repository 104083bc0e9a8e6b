-- Logs: the OpenTelemetry ClickHouse exporter's table, and the way from OTLP bytes into it.

-- One row per log record as received.
CREATE TABLE IF NOT EXISTS otel_logs (
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimestampTime DateTime('UTC') DEFAULT toDateTime(Timestamp),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    TraceFlags UInt8,
    SeverityText LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8,
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(1)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    EventName String CODEC(ZSTD(1)),
    DroppedAttributesCount UInt32 DEFAULT 0 CODEC(ZSTD(1)),  -- what the sender left out
    Day Date MATERIALIZED toDate(filed_under(Timestamp)),
    Received Date DEFAULT today(),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_log_attr_key mapKeys(LogAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_log_attr_value mapValues(LogAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_body lower(Body) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8
)
ENGINE = MergeTree
PARTITION BY (Day, Timestamp < '2000-01-01')
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)
TTL Received + toIntervalDay({retention_logs_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Where the collector's exporter made the table before us: what is ours, and the memory of tokens.
ALTER TABLE otel_logs
    ADD COLUMN IF NOT EXISTS EventName String,
    ADD COLUMN IF NOT EXISTS DroppedAttributesCount UInt32 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(Timestamp)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per ResourceLogs of an OTLP request; holds nothing itself.
CREATE TABLE IF NOT EXISTS landing_logs (
    resource Tuple(attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String))))),
    scope_logs Array(Tuple(
        scope Tuple(name String, version String, attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String))))),
        log_records Array(Tuple(
            time_unix_nano UInt64, severity_number Int32, severity_text String,
            body Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)),
            attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))),
            flags UInt32, trace_id String, span_id String, observed_time_unix_nano UInt64, event_name String, dropped_attributes_count UInt32)),
        schema_url String)),
    schema_url String
) ENGINE = Null;

-- OTLP log records as rows of otel_logs. A record without a time of its own has the time it was observed.
CREATE MATERIALIZED VIEW IF NOT EXISTS landing_logs_to_otel_logs TO otel_logs AS
SELECT
    otlp_time(if(time = 0, observed_time, time)) AS Timestamp,
    otlp_id(trace_id) AS TraceId,
    otlp_id(span_id) AS SpanId,
    toUInt8(bitAnd(flags, 255)) AS TraceFlags,
    toValidUTF8(severity_text) AS SeverityText,
    toUInt8(if(severity_number BETWEEN 0 AND 24, severity_number, 0)) AS SeverityNumber,
    ResourceAttributes['service.name'] AS ServiceName,
    body AS Body,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    ResourceAttributes,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    LogAttributes,
    toValidUTF8(event_name) AS EventName,
    dropped_attributes AS DroppedAttributesCount
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_logs.schema_url AS scope_schema_url,
        scope_logs.scope.name AS scope_name,
        scope_logs.scope.version AS scope_version,
        arrayMap(attributes -> otlp_map(attributes), scope_logs.scope.attributes) AS ScopeAttributes,
        scope_logs.log_records.time_unix_nano AS time,
        scope_logs.log_records.observed_time_unix_nano AS observed_time,
        scope_logs.log_records.severity_number AS severity_number,
        scope_logs.log_records.severity_text AS severity_text,
        arrayMap(records -> arrayMap(any -> otlp_text(any), records), scope_logs.log_records.body) AS body,
        arrayMap(records -> arrayMap(attributes -> otlp_map(attributes), records), scope_logs.log_records.attributes) AS LogAttributes,
        scope_logs.log_records.flags AS flags,
        scope_logs.log_records.trace_id AS trace_id,
        scope_logs.log_records.span_id AS span_id,
        scope_logs.log_records.event_name AS event_name,
        scope_logs.log_records.dropped_attributes_count AS dropped_attributes
    FROM landing_logs
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, ScopeAttributes,
    time, observed_time, severity_number, severity_text, body, LogAttributes, flags, trace_id, span_id, event_name,
    dropped_attributes
ARRAY JOIN
    time, observed_time, severity_number, severity_text, body, LogAttributes, flags, trace_id, span_id, event_name,
    dropped_attributes;
