-- Traces: the OpenTelemetry ClickHouse exporter's table, and the way from OTLP bytes into it.

-- One row per span as received (a span sent twice is there twice).
CREATE TABLE IF NOT EXISTS otel_traces (
    Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(ZSTD(1)),  -- ns
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested (Timestamp DateTime64(9, 'UTC'), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    DroppedAttributesCount UInt32 DEFAULT 0 CODEC(ZSTD(1)),  -- what the sender left out
    DroppedEventsCount UInt32 DEFAULT 0 CODEC(ZSTD(1)),
    DroppedLinksCount UInt32 DEFAULT 0 CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(Timestamp)),
    Received Date DEFAULT today(),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, Timestamp < '2000-01-01')  -- naming Timestamp here keeps its range for each part
ORDER BY (toStartOfTenMinutes(Timestamp), ServiceName, SpanName, Timestamp)
PRIMARY KEY (toStartOfTenMinutes(Timestamp), ServiceName, SpanName)
TTL Received + toIntervalDay({retention_traces_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Where the collector's exporter made the table before us: what is ours, and the memory of tokens.
ALTER TABLE otel_traces
    ADD COLUMN IF NOT EXISTS DroppedAttributesCount UInt32 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS DroppedEventsCount UInt32 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS DroppedLinksCount UInt32 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(Timestamp)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per ResourceSpans of an OTLP request; holds nothing itself.
CREATE TABLE IF NOT EXISTS landing_traces (
    resource Tuple(attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String))))),
    scope_spans Array(Tuple(
        scope Tuple(name String, version String),
        spans Array(Tuple(
            trace_id String, span_id String, trace_state String, parent_span_id String,
            name String, kind Int32, start_time_unix_nano UInt64, end_time_unix_nano UInt64,
            attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))),
            events Array(Tuple(time_unix_nano UInt64, name String, attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))))),
            links Array(Tuple(trace_id String, span_id String, trace_state String, attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))))),
            status Tuple(message String, code Int32),
            dropped_attributes_count UInt32, dropped_events_count UInt32, dropped_links_count UInt32))))
) ENGINE = Null;

-- OTLP spans as rows of otel_traces. Attributes become maps while they are still nested, so that the
-- two ARRAY JOINs copy finished columns only.
CREATE MATERIALIZED VIEW IF NOT EXISTS landing_traces_to_otel_traces TO otel_traces AS
SELECT
    otlp_time(start_time) AS Timestamp,
    otlp_id(trace_id) AS TraceId,
    otlp_id(span_id) AS SpanId,
    otlp_id(parent_span_id) AS ParentSpanId,
    toValidUTF8(trace_state) AS TraceState,
    toValidUTF8(name) AS SpanName,
    transform(kind, [1, 2, 3, 4, 5], ['Internal', 'Server', 'Client', 'Producer', 'Consumer'], 'Unspecified') AS SpanKind,
    ResourceAttributes['service.name'] AS ServiceName,
    ResourceAttributes,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    SpanAttributes,
    if(end_time > start_time, end_time - start_time, 0) AS Duration,
    transform(code, [1, 2], ['Ok', 'Error'], 'Unset') AS StatusCode,
    toValidUTF8(message) AS StatusMessage,
    event_times AS `Events.Timestamp`,
    event_names AS `Events.Name`,
    event_attributes AS `Events.Attributes`,
    link_trace_ids AS `Links.TraceId`,
    link_span_ids AS `Links.SpanId`,
    link_states AS `Links.TraceState`,
    link_attributes AS `Links.Attributes`,
    dropped_attributes AS DroppedAttributesCount,
    dropped_events AS DroppedEventsCount,
    dropped_links AS DroppedLinksCount
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        scope_spans.scope.name AS scope_name,
        scope_spans.scope.version AS scope_version,
        scope_spans.spans.trace_id AS trace_id,
        scope_spans.spans.span_id AS span_id,
        scope_spans.spans.trace_state AS trace_state,
        scope_spans.spans.parent_span_id AS parent_span_id,
        scope_spans.spans.name AS name,
        scope_spans.spans.kind AS kind,
        scope_spans.spans.start_time_unix_nano AS start_time,
        scope_spans.spans.end_time_unix_nano AS end_time,
        scope_spans.spans.status.code AS code,
        scope_spans.spans.status.message AS message,
        scope_spans.spans.dropped_attributes_count AS dropped_attributes,
        scope_spans.spans.dropped_events_count AS dropped_events,
        scope_spans.spans.dropped_links_count AS dropped_links,
        arrayMap(spans -> arrayMap(attributes -> otlp_map(attributes), spans), scope_spans.spans.attributes) AS SpanAttributes,
        arrayMap(spans -> arrayMap(events -> arrayMap(time -> otlp_time(time), events), spans), scope_spans.spans.events.time_unix_nano) AS event_times,
        arrayMap(spans -> arrayMap(events -> arrayMap(text -> toValidUTF8(text), events), spans), scope_spans.spans.events.name) AS event_names,
        arrayMap(spans -> arrayMap(events -> arrayMap(attributes -> otlp_map(attributes), events), spans), scope_spans.spans.events.attributes) AS event_attributes,
        arrayMap(spans -> arrayMap(links -> arrayMap(id -> otlp_id(id), links), spans), scope_spans.spans.links.trace_id) AS link_trace_ids,
        arrayMap(spans -> arrayMap(links -> arrayMap(id -> otlp_id(id), links), spans), scope_spans.spans.links.span_id) AS link_span_ids,
        arrayMap(spans -> arrayMap(links -> arrayMap(text -> toValidUTF8(text), links), spans), scope_spans.spans.links.trace_state) AS link_states,
        arrayMap(spans -> arrayMap(links -> arrayMap(attributes -> otlp_map(attributes), links), spans), scope_spans.spans.links.attributes) AS link_attributes
    FROM landing_traces
)
ARRAY JOIN
    scope_name, scope_version, trace_id, span_id, trace_state, parent_span_id, name, kind, start_time, end_time, code, message, SpanAttributes,
    event_times, event_names, event_attributes, link_trace_ids, link_span_ids, link_states, link_attributes,
    dropped_attributes, dropped_events, dropped_links
ARRAY JOIN
    trace_id, span_id, trace_state, parent_span_id, name, kind, start_time, end_time, code, message, SpanAttributes,
    event_times, event_names, event_attributes, link_trace_ids, link_span_ids, link_states, link_attributes,
    dropped_attributes, dropped_events, dropped_links;
