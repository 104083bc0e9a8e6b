-- Metrics: the OpenTelemetry ClickHouse exporter's five tables, and the way from OTLP bytes into them.

-- One row per gauge data point. IntValue is the value where it was sent as an integer: a Float64 is exact to 2^53 only.
CREATE TABLE IF NOT EXISTS otel_metrics_gauge (
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Value Float64 CODEC(ZSTD(1)),
    IntValue Nullable(Int64) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9, 'UTC'), Value Float64, SpanId String, TraceId String) CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    Received Date DEFAULT today(),
    INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, TimeUnix < '2000-01-01')
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL Received + toIntervalDay({retention_metrics_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Where the collector's exporter made the table before us: what is ours, and the memory of tokens.
ALTER TABLE otel_metrics_gauge
    ADD COLUMN IF NOT EXISTS IntValue Nullable(Int64),
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per sum data point.
CREATE TABLE IF NOT EXISTS otel_metrics_sum (
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Value Float64 CODEC(ZSTD(1)),
    IntValue Nullable(Int64) CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),
    IsMonotonic Bool CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9, 'UTC'), Value Float64, SpanId String, TraceId String) CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    Received Date DEFAULT today(),
    INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, TimeUnix < '2000-01-01')
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL Received + toIntervalDay({retention_metrics_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

ALTER TABLE otel_metrics_sum
    ADD COLUMN IF NOT EXISTS IntValue Nullable(Int64),
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per histogram data point.
CREATE TABLE IF NOT EXISTS otel_metrics_histogram (
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Float64 CODEC(ZSTD(1)),
    BucketCounts Array(UInt64) CODEC(ZSTD(1)),
    ExplicitBounds Array(Float64) CODEC(ZSTD(1)),
    Min Float64 CODEC(ZSTD(1)),
    Max Float64 CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9, 'UTC'), Value Float64, SpanId String, TraceId String) CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    Received Date DEFAULT today(),
    INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, TimeUnix < '2000-01-01')
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL Received + toIntervalDay({retention_metrics_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

ALTER TABLE otel_metrics_histogram
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per exponential histogram data point.
CREATE TABLE IF NOT EXISTS otel_metrics_exponential_histogram (
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Float64 CODEC(ZSTD(1)),
    Scale Int32 CODEC(ZSTD(1)),
    ZeroCount UInt64 CODEC(ZSTD(1)),
    PositiveOffset Int32 CODEC(ZSTD(1)),
    PositiveBucketCounts Array(UInt64) CODEC(ZSTD(1)),
    NegativeOffset Int32 CODEC(ZSTD(1)),
    NegativeBucketCounts Array(UInt64) CODEC(ZSTD(1)),
    Min Float64 CODEC(ZSTD(1)),
    Max Float64 CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9, 'UTC'), Value Float64, SpanId String, TraceId String) CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    Received Date DEFAULT today(),
    INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, TimeUnix < '2000-01-01')
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL Received + toIntervalDay({retention_metrics_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

ALTER TABLE otel_metrics_exponential_histogram
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per summary data point.
CREATE TABLE IF NOT EXISTS otel_metrics_summary (
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Float64 CODEC(ZSTD(1)),
    ValueAtQuantiles Nested (Quantile Float64, Value Float64) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    Received Date DEFAULT today(),
    INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (Day, TimeUnix < '2000-01-01')
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL Received + toIntervalDay({retention_metrics_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

ALTER TABLE otel_metrics_summary
    ADD COLUMN IF NOT EXISTS Day Date MATERIALIZED toDate(filed_under(TimeUnix)),
    ADD COLUMN IF NOT EXISTS Received Date DEFAULT today(),
    MODIFY SETTING non_replicated_deduplication_window = 10000;

-- One row per ResourceMetrics of an OTLP request; holds nothing itself.
CREATE TABLE IF NOT EXISTS landing_metrics (
    resource Tuple(attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String))))),
    scope_metrics Array(Tuple(
        scope Tuple(name String, version String, attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), dropped_attributes_count UInt32),
        metrics Array(Tuple(
            name String, description String, unit String,
            gauge Tuple(data_points Array(Tuple(attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), start_time_unix_nano UInt64, time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), exemplars Array(Tuple(filtered_attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), span_id String, trace_id String)), flags UInt32))),
            sum Tuple(data_points Array(Tuple(attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), start_time_unix_nano UInt64, time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), exemplars Array(Tuple(filtered_attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), span_id String, trace_id String)), flags UInt32)), aggregation_temporality Int32, is_monotonic Bool),
            histogram Tuple(data_points Array(Tuple(
                attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), start_time_unix_nano UInt64, time_unix_nano UInt64,
                count UInt64, sum Float64, bucket_counts Array(UInt64), explicit_bounds Array(Float64),
                exemplars Array(Tuple(filtered_attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), span_id String, trace_id String)),
                flags UInt32, min Float64, max Float64)), aggregation_temporality Int32),
            exponential_histogram Tuple(data_points Array(Tuple(
                attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), start_time_unix_nano UInt64, time_unix_nano UInt64,
                count UInt64, sum Float64, scale Int32, zero_count UInt64,
                positive Tuple(offset Int32, bucket_counts Array(UInt64)),
                negative Tuple(offset Int32, bucket_counts Array(UInt64)),
                flags UInt32,
                exemplars Array(Tuple(filtered_attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), time_unix_nano UInt64, as_double Nullable(Float64), as_int Nullable(Int64), span_id String, trace_id String)),
                min Float64, max Float64)), aggregation_temporality Int32),
            summary Tuple(data_points Array(Tuple(
                attributes Array(Tuple(key String, value Tuple(string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(Tuple(values Array(Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String))))), kvlist_value Nullable(Tuple(values Array(Tuple(key String, value Tuple(string_value Nullable(String), bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), array_value Nullable(String), kvlist_value Nullable(String), bytes_value Nullable(String)))))), bytes_value Nullable(String)))), start_time_unix_nano UInt64, time_unix_nano UInt64,
                count UInt64, sum Float64, quantile_values Array(Tuple(quantile Float64, value Float64)), flags UInt32))))),
        schema_url String)),
    schema_url String
) ENGINE = Null;

-- OTLP data points as rows of the five tables. Each view takes out the parts that it needs while they are still
-- nested: whatever touches a whole metric makes the engine plan for every kind at once.
CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_gauge TO otel_metrics_gauge AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    scope_dropped AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(name) AS MetricName,
    toValidUTF8(description) AS MetricDescription,
    toValidUTF8(unit) AS MetricUnit,
    Attributes,
    otlp_time(start_time) AS StartTimeUnix,
    otlp_time(time) AS TimeUnix,
    ifNull(as_double, ifNull(toFloat64(as_int), 0)) AS Value,
    as_int AS IntValue,
    exemplar_attributes AS `Exemplars.FilteredAttributes`,
    arrayMap(nanoseconds -> otlp_time(nanoseconds), exemplar_times) AS `Exemplars.TimeUnix`,
    arrayMap((double, int) -> ifNull(double, ifNull(toFloat64(int), 0)), exemplar_doubles, exemplar_ints) AS `Exemplars.Value`,
    arrayMap(id -> otlp_id(id), exemplar_span_ids) AS `Exemplars.SpanId`,
    arrayMap(id -> otlp_id(id), exemplar_trace_ids) AS `Exemplars.TraceId`,
    flags AS Flags
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_metrics.schema_url AS scope_schema_url,
        scope_metrics.scope.name AS scope_name,
        scope_metrics.scope.version AS scope_version,
        scope_metrics.scope.dropped_attributes_count AS scope_dropped,
        arrayMap(attributes -> otlp_map(attributes), scope_metrics.scope.attributes) AS ScopeAttributes,
        scope_metrics.metrics.name AS name,
        scope_metrics.metrics.description AS description,
        scope_metrics.metrics.unit AS unit,
        arrayMap(metrics -> arrayMap(points -> arrayMap(attributes -> otlp_map(attributes), points), metrics), scope_metrics.metrics.gauge.data_points.attributes) AS Attributes,
        scope_metrics.metrics.gauge.data_points.start_time_unix_nano AS start_time,
        scope_metrics.metrics.gauge.data_points.time_unix_nano AS time,
        scope_metrics.metrics.gauge.data_points.flags AS flags,
        scope_metrics.metrics.gauge.data_points.as_double AS as_double,
        scope_metrics.metrics.gauge.data_points.as_int AS as_int,
        arrayMap(metrics -> arrayMap(points -> arrayMap(exemplars -> arrayMap(attributes -> otlp_map(attributes), exemplars), points), metrics), scope_metrics.metrics.gauge.data_points.exemplars.filtered_attributes) AS exemplar_attributes,
        scope_metrics.metrics.gauge.data_points.exemplars.time_unix_nano AS exemplar_times,
        scope_metrics.metrics.gauge.data_points.exemplars.as_double AS exemplar_doubles,
        scope_metrics.metrics.gauge.data_points.exemplars.as_int AS exemplar_ints,
        scope_metrics.metrics.gauge.data_points.exemplars.span_id AS exemplar_span_ids,
        scope_metrics.metrics.gauge.data_points.exemplars.trace_id AS exemplar_trace_ids
    FROM landing_metrics
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit, Attributes,
    start_time, time, flags, as_double, as_int, exemplar_attributes, exemplar_times, exemplar_doubles, exemplar_ints,
    exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    name, description, unit, Attributes, start_time, time, flags, as_double, as_int, exemplar_attributes,
    exemplar_times, exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    Attributes, start_time, time, flags, as_double, as_int, exemplar_attributes, exemplar_times, exemplar_doubles,
    exemplar_ints, exemplar_span_ids, exemplar_trace_ids;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_sum TO otel_metrics_sum AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    scope_dropped AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(name) AS MetricName,
    toValidUTF8(description) AS MetricDescription,
    toValidUTF8(unit) AS MetricUnit,
    Attributes,
    otlp_time(start_time) AS StartTimeUnix,
    otlp_time(time) AS TimeUnix,
    ifNull(as_double, ifNull(toFloat64(as_int), 0)) AS Value,
    as_int AS IntValue,
    temporality AS AggregationTemporality,
    is_monotonic AS IsMonotonic,
    exemplar_attributes AS `Exemplars.FilteredAttributes`,
    arrayMap(nanoseconds -> otlp_time(nanoseconds), exemplar_times) AS `Exemplars.TimeUnix`,
    arrayMap((double, int) -> ifNull(double, ifNull(toFloat64(int), 0)), exemplar_doubles, exemplar_ints) AS `Exemplars.Value`,
    arrayMap(id -> otlp_id(id), exemplar_span_ids) AS `Exemplars.SpanId`,
    arrayMap(id -> otlp_id(id), exemplar_trace_ids) AS `Exemplars.TraceId`,
    flags AS Flags
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_metrics.schema_url AS scope_schema_url,
        scope_metrics.scope.name AS scope_name,
        scope_metrics.scope.version AS scope_version,
        scope_metrics.scope.dropped_attributes_count AS scope_dropped,
        arrayMap(attributes -> otlp_map(attributes), scope_metrics.scope.attributes) AS ScopeAttributes,
        scope_metrics.metrics.name AS name,
        scope_metrics.metrics.description AS description,
        scope_metrics.metrics.unit AS unit,
        arrayMap(metrics -> arrayMap(points -> arrayMap(attributes -> otlp_map(attributes), points), metrics), scope_metrics.metrics.sum.data_points.attributes) AS Attributes,
        scope_metrics.metrics.sum.data_points.start_time_unix_nano AS start_time,
        scope_metrics.metrics.sum.data_points.time_unix_nano AS time,
        scope_metrics.metrics.sum.data_points.flags AS flags,
        scope_metrics.metrics.sum.aggregation_temporality AS temporality,
        scope_metrics.metrics.sum.is_monotonic AS is_monotonic,
        scope_metrics.metrics.sum.data_points.as_double AS as_double,
        scope_metrics.metrics.sum.data_points.as_int AS as_int,
        arrayMap(metrics -> arrayMap(points -> arrayMap(exemplars -> arrayMap(attributes -> otlp_map(attributes), exemplars), points), metrics), scope_metrics.metrics.sum.data_points.exemplars.filtered_attributes) AS exemplar_attributes,
        scope_metrics.metrics.sum.data_points.exemplars.time_unix_nano AS exemplar_times,
        scope_metrics.metrics.sum.data_points.exemplars.as_double AS exemplar_doubles,
        scope_metrics.metrics.sum.data_points.exemplars.as_int AS exemplar_ints,
        scope_metrics.metrics.sum.data_points.exemplars.span_id AS exemplar_span_ids,
        scope_metrics.metrics.sum.data_points.exemplars.trace_id AS exemplar_trace_ids
    FROM landing_metrics
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit, temporality,
    is_monotonic, Attributes, start_time, time, flags, as_double, as_int, exemplar_attributes, exemplar_times,
    exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    name, description, unit, temporality, is_monotonic, Attributes, start_time, time, flags, as_double, as_int,
    exemplar_attributes, exemplar_times, exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    Attributes, start_time, time, flags, as_double, as_int, exemplar_attributes, exemplar_times, exemplar_doubles,
    exemplar_ints, exemplar_span_ids, exemplar_trace_ids;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_histogram TO otel_metrics_histogram AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    scope_dropped AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(name) AS MetricName,
    toValidUTF8(description) AS MetricDescription,
    toValidUTF8(unit) AS MetricUnit,
    Attributes,
    otlp_time(start_time) AS StartTimeUnix,
    otlp_time(time) AS TimeUnix,
    count AS Count,
    sum AS Sum,
    bucket_counts AS BucketCounts,
    explicit_bounds AS ExplicitBounds,
    min AS Min,
    max AS Max,
    temporality AS AggregationTemporality,
    exemplar_attributes AS `Exemplars.FilteredAttributes`,
    arrayMap(nanoseconds -> otlp_time(nanoseconds), exemplar_times) AS `Exemplars.TimeUnix`,
    arrayMap((double, int) -> ifNull(double, ifNull(toFloat64(int), 0)), exemplar_doubles, exemplar_ints) AS `Exemplars.Value`,
    arrayMap(id -> otlp_id(id), exemplar_span_ids) AS `Exemplars.SpanId`,
    arrayMap(id -> otlp_id(id), exemplar_trace_ids) AS `Exemplars.TraceId`,
    flags AS Flags
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_metrics.schema_url AS scope_schema_url,
        scope_metrics.scope.name AS scope_name,
        scope_metrics.scope.version AS scope_version,
        scope_metrics.scope.dropped_attributes_count AS scope_dropped,
        arrayMap(attributes -> otlp_map(attributes), scope_metrics.scope.attributes) AS ScopeAttributes,
        scope_metrics.metrics.name AS name,
        scope_metrics.metrics.description AS description,
        scope_metrics.metrics.unit AS unit,
        arrayMap(metrics -> arrayMap(points -> arrayMap(attributes -> otlp_map(attributes), points), metrics), scope_metrics.metrics.histogram.data_points.attributes) AS Attributes,
        scope_metrics.metrics.histogram.data_points.start_time_unix_nano AS start_time,
        scope_metrics.metrics.histogram.data_points.time_unix_nano AS time,
        scope_metrics.metrics.histogram.data_points.flags AS flags,
        scope_metrics.metrics.histogram.aggregation_temporality AS temporality,
        scope_metrics.metrics.histogram.data_points.count AS count,
        scope_metrics.metrics.histogram.data_points.sum AS sum,
        scope_metrics.metrics.histogram.data_points.bucket_counts AS bucket_counts,
        scope_metrics.metrics.histogram.data_points.explicit_bounds AS explicit_bounds,
        scope_metrics.metrics.histogram.data_points.min AS min,
        scope_metrics.metrics.histogram.data_points.max AS max,
        arrayMap(metrics -> arrayMap(points -> arrayMap(exemplars -> arrayMap(attributes -> otlp_map(attributes), exemplars), points), metrics), scope_metrics.metrics.histogram.data_points.exemplars.filtered_attributes) AS exemplar_attributes,
        scope_metrics.metrics.histogram.data_points.exemplars.time_unix_nano AS exemplar_times,
        scope_metrics.metrics.histogram.data_points.exemplars.as_double AS exemplar_doubles,
        scope_metrics.metrics.histogram.data_points.exemplars.as_int AS exemplar_ints,
        scope_metrics.metrics.histogram.data_points.exemplars.span_id AS exemplar_span_ids,
        scope_metrics.metrics.histogram.data_points.exemplars.trace_id AS exemplar_trace_ids
    FROM landing_metrics
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit, temporality,
    Attributes, start_time, time, flags, count, sum, bucket_counts, explicit_bounds, min, max, exemplar_attributes,
    exemplar_times, exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    name, description, unit, temporality, Attributes, start_time, time, flags, count, sum, bucket_counts,
    explicit_bounds, min, max, exemplar_attributes, exemplar_times, exemplar_doubles, exemplar_ints,
    exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    Attributes, start_time, time, flags, count, sum, bucket_counts, explicit_bounds, min, max, exemplar_attributes,
    exemplar_times, exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_exponential_histogram TO otel_metrics_exponential_histogram AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    scope_dropped AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(name) AS MetricName,
    toValidUTF8(description) AS MetricDescription,
    toValidUTF8(unit) AS MetricUnit,
    Attributes,
    otlp_time(start_time) AS StartTimeUnix,
    otlp_time(time) AS TimeUnix,
    count AS Count,
    sum AS Sum,
    scale AS Scale,
    zero_count AS ZeroCount,
    positive_offset AS PositiveOffset,
    positive_counts AS PositiveBucketCounts,
    negative_offset AS NegativeOffset,
    negative_counts AS NegativeBucketCounts,
    min AS Min,
    max AS Max,
    temporality AS AggregationTemporality,
    exemplar_attributes AS `Exemplars.FilteredAttributes`,
    arrayMap(nanoseconds -> otlp_time(nanoseconds), exemplar_times) AS `Exemplars.TimeUnix`,
    arrayMap((double, int) -> ifNull(double, ifNull(toFloat64(int), 0)), exemplar_doubles, exemplar_ints) AS `Exemplars.Value`,
    arrayMap(id -> otlp_id(id), exemplar_span_ids) AS `Exemplars.SpanId`,
    arrayMap(id -> otlp_id(id), exemplar_trace_ids) AS `Exemplars.TraceId`,
    flags AS Flags
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_metrics.schema_url AS scope_schema_url,
        scope_metrics.scope.name AS scope_name,
        scope_metrics.scope.version AS scope_version,
        scope_metrics.scope.dropped_attributes_count AS scope_dropped,
        arrayMap(attributes -> otlp_map(attributes), scope_metrics.scope.attributes) AS ScopeAttributes,
        scope_metrics.metrics.name AS name,
        scope_metrics.metrics.description AS description,
        scope_metrics.metrics.unit AS unit,
        arrayMap(metrics -> arrayMap(points -> arrayMap(attributes -> otlp_map(attributes), points), metrics), scope_metrics.metrics.exponential_histogram.data_points.attributes) AS Attributes,
        scope_metrics.metrics.exponential_histogram.data_points.start_time_unix_nano AS start_time,
        scope_metrics.metrics.exponential_histogram.data_points.time_unix_nano AS time,
        scope_metrics.metrics.exponential_histogram.data_points.flags AS flags,
        scope_metrics.metrics.exponential_histogram.aggregation_temporality AS temporality,
        scope_metrics.metrics.exponential_histogram.data_points.count AS count,
        scope_metrics.metrics.exponential_histogram.data_points.sum AS sum,
        scope_metrics.metrics.exponential_histogram.data_points.scale AS scale,
        scope_metrics.metrics.exponential_histogram.data_points.zero_count AS zero_count,
        scope_metrics.metrics.exponential_histogram.data_points.positive.offset AS positive_offset,
        scope_metrics.metrics.exponential_histogram.data_points.positive.bucket_counts AS positive_counts,
        scope_metrics.metrics.exponential_histogram.data_points.negative.offset AS negative_offset,
        scope_metrics.metrics.exponential_histogram.data_points.negative.bucket_counts AS negative_counts,
        scope_metrics.metrics.exponential_histogram.data_points.min AS min,
        scope_metrics.metrics.exponential_histogram.data_points.max AS max,
        arrayMap(metrics -> arrayMap(points -> arrayMap(exemplars -> arrayMap(attributes -> otlp_map(attributes), exemplars), points), metrics), scope_metrics.metrics.exponential_histogram.data_points.exemplars.filtered_attributes) AS exemplar_attributes,
        scope_metrics.metrics.exponential_histogram.data_points.exemplars.time_unix_nano AS exemplar_times,
        scope_metrics.metrics.exponential_histogram.data_points.exemplars.as_double AS exemplar_doubles,
        scope_metrics.metrics.exponential_histogram.data_points.exemplars.as_int AS exemplar_ints,
        scope_metrics.metrics.exponential_histogram.data_points.exemplars.span_id AS exemplar_span_ids,
        scope_metrics.metrics.exponential_histogram.data_points.exemplars.trace_id AS exemplar_trace_ids
    FROM landing_metrics
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit, temporality,
    Attributes, start_time, time, flags, count, sum, scale, zero_count, positive_offset, positive_counts,
    negative_offset, negative_counts, min, max, exemplar_attributes, exemplar_times, exemplar_doubles, exemplar_ints,
    exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    name, description, unit, temporality, Attributes, start_time, time, flags, count, sum, scale, zero_count,
    positive_offset, positive_counts, negative_offset, negative_counts, min, max, exemplar_attributes, exemplar_times,
    exemplar_doubles, exemplar_ints, exemplar_span_ids, exemplar_trace_ids
ARRAY JOIN
    Attributes, start_time, time, flags, count, sum, scale, zero_count, positive_offset, positive_counts,
    negative_offset, negative_counts, min, max, exemplar_attributes, exemplar_times, exemplar_doubles, exemplar_ints,
    exemplar_span_ids, exemplar_trace_ids;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_summary TO otel_metrics_summary AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope_name) AS ScopeName,
    toValidUTF8(scope_version) AS ScopeVersion,
    ScopeAttributes,
    scope_dropped AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(name) AS MetricName,
    toValidUTF8(description) AS MetricDescription,
    toValidUTF8(unit) AS MetricUnit,
    Attributes,
    otlp_time(start_time) AS StartTimeUnix,
    otlp_time(time) AS TimeUnix,
    count AS Count,
    sum AS Sum,
    quantiles AS `ValueAtQuantiles.Quantile`,
    quantile_values AS `ValueAtQuantiles.Value`,
    flags AS Flags
FROM (
    SELECT
        otlp_map(resource.attributes) AS ResourceAttributes,
        schema_url AS resource_schema_url,
        scope_metrics.schema_url AS scope_schema_url,
        scope_metrics.scope.name AS scope_name,
        scope_metrics.scope.version AS scope_version,
        scope_metrics.scope.dropped_attributes_count AS scope_dropped,
        arrayMap(attributes -> otlp_map(attributes), scope_metrics.scope.attributes) AS ScopeAttributes,
        scope_metrics.metrics.name AS name,
        scope_metrics.metrics.description AS description,
        scope_metrics.metrics.unit AS unit,
        arrayMap(metrics -> arrayMap(points -> arrayMap(attributes -> otlp_map(attributes), points), metrics), scope_metrics.metrics.summary.data_points.attributes) AS Attributes,
        scope_metrics.metrics.summary.data_points.start_time_unix_nano AS start_time,
        scope_metrics.metrics.summary.data_points.time_unix_nano AS time,
        scope_metrics.metrics.summary.data_points.flags AS flags,
        scope_metrics.metrics.summary.data_points.count AS count,
        scope_metrics.metrics.summary.data_points.sum AS sum,
        scope_metrics.metrics.summary.data_points.quantile_values.quantile AS quantiles,
        scope_metrics.metrics.summary.data_points.quantile_values.value AS quantile_values
    FROM landing_metrics
)
ARRAY JOIN
    scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit, Attributes,
    start_time, time, flags, count, sum, quantiles, quantile_values
ARRAY JOIN
    name, description, unit, Attributes, start_time, time, flags, count, sum, quantiles, quantile_values
ARRAY JOIN
    Attributes, start_time, time, flags, count, sum, quantiles, quantile_values;
