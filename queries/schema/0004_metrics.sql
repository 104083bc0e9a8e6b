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

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_gauge TO otel_metrics_gauge AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope.name) AS ScopeName,
    toValidUTF8(scope.version) AS ScopeVersion,
    otlp_map(scope.attributes) AS ScopeAttributes,
    scope.dropped_attributes_count AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(metric.name) AS MetricName,
    toValidUTF8(metric.description) AS MetricDescription,
    toValidUTF8(metric.unit) AS MetricUnit,
    otlp_map(point.attributes) AS Attributes,
    otlp_time(point.start_time_unix_nano) AS StartTimeUnix,
    otlp_time(point.time_unix_nano) AS TimeUnix,
    ifNull(point.as_double, ifNull(toFloat64(point.as_int), 0)) AS Value,
    point.as_int AS IntValue,
    arrayMap(exemplar -> otlp_map(exemplar.filtered_attributes), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(exemplar -> otlp_time(exemplar.time_unix_nano), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(exemplar -> ifNull(exemplar.as_double, ifNull(toFloat64(exemplar.as_int), 0)), point.exemplars) AS `Exemplars.Value`,
    arrayMap(exemplar -> otlp_id(exemplar.span_id), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(exemplar -> otlp_id(exemplar.trace_id), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags
FROM (
    SELECT otlp_map(resource.attributes) AS ResourceAttributes, schema_url AS resource_schema_url,
        scoped.scope AS scope, scoped.schema_url AS scope_schema_url, scoped.metrics AS metrics
    FROM landing_metrics ARRAY JOIN scope_metrics AS scoped
)
ARRAY JOIN metrics AS metric
ARRAY JOIN metric.gauge.data_points AS point;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_sum TO otel_metrics_sum AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope.name) AS ScopeName,
    toValidUTF8(scope.version) AS ScopeVersion,
    otlp_map(scope.attributes) AS ScopeAttributes,
    scope.dropped_attributes_count AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(metric.name) AS MetricName,
    toValidUTF8(metric.description) AS MetricDescription,
    toValidUTF8(metric.unit) AS MetricUnit,
    otlp_map(point.attributes) AS Attributes,
    otlp_time(point.start_time_unix_nano) AS StartTimeUnix,
    otlp_time(point.time_unix_nano) AS TimeUnix,
    ifNull(point.as_double, ifNull(toFloat64(point.as_int), 0)) AS Value,
    point.as_int AS IntValue,
    metric.sum.aggregation_temporality AS AggregationTemporality,
    metric.sum.is_monotonic AS IsMonotonic,
    arrayMap(exemplar -> otlp_map(exemplar.filtered_attributes), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(exemplar -> otlp_time(exemplar.time_unix_nano), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(exemplar -> ifNull(exemplar.as_double, ifNull(toFloat64(exemplar.as_int), 0)), point.exemplars) AS `Exemplars.Value`,
    arrayMap(exemplar -> otlp_id(exemplar.span_id), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(exemplar -> otlp_id(exemplar.trace_id), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags
FROM (
    SELECT otlp_map(resource.attributes) AS ResourceAttributes, schema_url AS resource_schema_url,
        scoped.scope AS scope, scoped.schema_url AS scope_schema_url, scoped.metrics AS metrics
    FROM landing_metrics ARRAY JOIN scope_metrics AS scoped
)
ARRAY JOIN metrics AS metric
ARRAY JOIN metric.sum.data_points AS point;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_histogram TO otel_metrics_histogram AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope.name) AS ScopeName,
    toValidUTF8(scope.version) AS ScopeVersion,
    otlp_map(scope.attributes) AS ScopeAttributes,
    scope.dropped_attributes_count AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(metric.name) AS MetricName,
    toValidUTF8(metric.description) AS MetricDescription,
    toValidUTF8(metric.unit) AS MetricUnit,
    otlp_map(point.attributes) AS Attributes,
    otlp_time(point.start_time_unix_nano) AS StartTimeUnix,
    otlp_time(point.time_unix_nano) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.bucket_counts AS BucketCounts,
    point.explicit_bounds AS ExplicitBounds,
    point.min AS Min,
    point.max AS Max,
    metric.histogram.aggregation_temporality AS AggregationTemporality,
    arrayMap(exemplar -> otlp_map(exemplar.filtered_attributes), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(exemplar -> otlp_time(exemplar.time_unix_nano), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(exemplar -> ifNull(exemplar.as_double, ifNull(toFloat64(exemplar.as_int), 0)), point.exemplars) AS `Exemplars.Value`,
    arrayMap(exemplar -> otlp_id(exemplar.span_id), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(exemplar -> otlp_id(exemplar.trace_id), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags
FROM (
    SELECT otlp_map(resource.attributes) AS ResourceAttributes, schema_url AS resource_schema_url,
        scoped.scope AS scope, scoped.schema_url AS scope_schema_url, scoped.metrics AS metrics
    FROM landing_metrics ARRAY JOIN scope_metrics AS scoped
)
ARRAY JOIN metrics AS metric
ARRAY JOIN metric.histogram.data_points AS point;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_exponential_histogram TO otel_metrics_exponential_histogram AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope.name) AS ScopeName,
    toValidUTF8(scope.version) AS ScopeVersion,
    otlp_map(scope.attributes) AS ScopeAttributes,
    scope.dropped_attributes_count AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(metric.name) AS MetricName,
    toValidUTF8(metric.description) AS MetricDescription,
    toValidUTF8(metric.unit) AS MetricUnit,
    otlp_map(point.attributes) AS Attributes,
    otlp_time(point.start_time_unix_nano) AS StartTimeUnix,
    otlp_time(point.time_unix_nano) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.scale AS Scale,
    point.zero_count AS ZeroCount,
    point.positive.offset AS PositiveOffset,
    point.positive.bucket_counts AS PositiveBucketCounts,
    point.negative.offset AS NegativeOffset,
    point.negative.bucket_counts AS NegativeBucketCounts,
    point.min AS Min,
    point.max AS Max,
    metric.exponential_histogram.aggregation_temporality AS AggregationTemporality,
    arrayMap(exemplar -> otlp_map(exemplar.filtered_attributes), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(exemplar -> otlp_time(exemplar.time_unix_nano), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(exemplar -> ifNull(exemplar.as_double, ifNull(toFloat64(exemplar.as_int), 0)), point.exemplars) AS `Exemplars.Value`,
    arrayMap(exemplar -> otlp_id(exemplar.span_id), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(exemplar -> otlp_id(exemplar.trace_id), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags
FROM (
    SELECT otlp_map(resource.attributes) AS ResourceAttributes, schema_url AS resource_schema_url,
        scoped.scope AS scope, scoped.schema_url AS scope_schema_url, scoped.metrics AS metrics
    FROM landing_metrics ARRAY JOIN scope_metrics AS scoped
)
ARRAY JOIN metrics AS metric
ARRAY JOIN metric.exponential_histogram.data_points AS point;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_otel_metrics_summary TO otel_metrics_summary AS
SELECT
    ResourceAttributes,
    toValidUTF8(resource_schema_url) AS ResourceSchemaUrl,
    toValidUTF8(scope.name) AS ScopeName,
    toValidUTF8(scope.version) AS ScopeVersion,
    otlp_map(scope.attributes) AS ScopeAttributes,
    scope.dropped_attributes_count AS ScopeDroppedAttrCount,
    toValidUTF8(scope_schema_url) AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    toValidUTF8(metric.name) AS MetricName,
    toValidUTF8(metric.description) AS MetricDescription,
    toValidUTF8(metric.unit) AS MetricUnit,
    otlp_map(point.attributes) AS Attributes,
    otlp_time(point.start_time_unix_nano) AS StartTimeUnix,
    otlp_time(point.time_unix_nano) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.quantile_values.quantile AS `ValueAtQuantiles.Quantile`,
    point.quantile_values.value AS `ValueAtQuantiles.Value`,
    point.flags AS Flags
FROM (
    SELECT otlp_map(resource.attributes) AS ResourceAttributes, schema_url AS resource_schema_url,
        scoped.scope AS scope, scoped.schema_url AS scope_schema_url, scoped.metrics AS metrics
    FROM landing_metrics ARRAY JOIN scope_metrics AS scoped
)
ARRAY JOIN metrics AS metric
ARRAY JOIN metric.summary.data_points AS point;
