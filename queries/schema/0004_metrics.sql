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

-- One row per data point of any kind; holds nothing itself. What its kind does not have is 0 or empty.
CREATE TABLE IF NOT EXISTS landing_metric_points (
    Kind LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String),
    ResourceSchemaUrl String,
    ScopeName String,
    ScopeVersion String,
    ScopeAttributes Map(LowCardinality(String), String),
    ScopeDroppedAttrCount UInt32,
    ScopeSchemaUrl String,
    ServiceName LowCardinality(String),
    MetricName String,
    MetricDescription String,
    MetricUnit String,
    Attributes Map(LowCardinality(String), String),
    StartTimeUnix DateTime64(9, 'UTC'),
    TimeUnix DateTime64(9, 'UTC'),
    Flags UInt32,
    AggregationTemporality Int32,
    IsMonotonic Bool,
    Value Float64,
    IntValue Nullable(Int64),
    Count UInt64,
    Sum Float64,
    Min Float64,
    Max Float64,
    BucketCounts Array(UInt64),
    ExplicitBounds Array(Float64),
    Scale Int32,
    ZeroCount UInt64,
    PositiveOffset Int32,
    PositiveBucketCounts Array(UInt64),
    NegativeOffset Int32,
    NegativeBucketCounts Array(UInt64),
    Quantiles Array(Float64),
    QuantileValues Array(Float64),
    ExemplarAttributes Array(Map(LowCardinality(String), String)),
    ExemplarTimes Array(DateTime64(9, 'UTC')),
    ExemplarValues Array(Float64),
    ExemplarSpanIds Array(String),
    ExemplarTraceIds Array(String)
) ENGINE = Null;

-- OTLP data points as rows. The parts are taken out while they are still nested: whatever touches a whole metric makes the
-- engine plan for every kind at once. A metric's points of each kind follow each other, the gauge's first.
CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metrics_to_landing_metric_points TO landing_metric_points AS
SELECT
    kinds AS Kind,
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
    otlp_map(attributes) AS Attributes,
    otlp_time(start_times) AS StartTimeUnix,
    otlp_time(times) AS TimeUnix,
    flags AS Flags,
    temporalities AS AggregationTemporality,
    monotonic AS IsMonotonic,
    ifNull(doubles, ifNull(toFloat64(ints), 0)) AS Value,
    ints AS IntValue,
    counts AS Count,
    totals AS Sum,
    minima AS Min,
    maxima AS Max,
    bucket_counts AS BucketCounts,
    bounds AS ExplicitBounds,
    scales AS Scale,
    zero_counts AS ZeroCount,
    positive_offsets AS PositiveOffset,
    positive_counts AS PositiveBucketCounts,
    negative_offsets AS NegativeOffset,
    negative_counts AS NegativeBucketCounts,
    quantiles AS Quantiles,
    quantile_values AS QuantileValues,
    arrayMap(attributes -> otlp_map(attributes), exemplar_attributes) AS ExemplarAttributes,
    arrayMap(nanoseconds -> otlp_time(nanoseconds), exemplar_times) AS ExemplarTimes,
    arrayMap((double, int) -> ifNull(double, ifNull(toFloat64(int), 0)), exemplar_doubles, exemplar_ints) AS ExemplarValues,
    arrayMap(id -> otlp_id(id), exemplar_span_ids) AS ExemplarSpanIds,
    arrayMap(id -> otlp_id(id), exemplar_trace_ids) AS ExemplarTraceIds
FROM (
    SELECT
        ResourceAttributes, resource_schema_url, scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes,
        name, description, unit,
        length(gauge_times) AS gauges,
        length(sum_times) AS sums,
        length(histogram_times) AS histograms,
        length(exponential_times) AS exponentials,
        length(summary_times) AS summaries,
        arrayConcat(arrayWithConstant(gauges, 'gauge'), arrayWithConstant(sums, 'sum'), arrayWithConstant(histograms, 'histogram'),
            arrayWithConstant(exponentials, 'exponential_histogram'), arrayWithConstant(summaries, 'summary')) AS kinds,
        arrayConcat(
            gauge_attributes, sum_attributes, histogram_attributes, exponential_attributes, summary_attributes) AS attributes,
        arrayConcat(
            gauge_start_times, sum_start_times, histogram_start_times, exponential_start_times, summary_start_times) AS start_times,
        arrayConcat(gauge_times, sum_times, histogram_times, exponential_times, summary_times) AS times,
        arrayConcat(gauge_flags, sum_flags, histogram_flags, exponential_flags, summary_flags) AS flags,
        arrayConcat(arrayWithConstant(gauges, toInt32(0)), arrayWithConstant(sums, sum_temporality),
            arrayWithConstant(histograms, histogram_temporality), arrayWithConstant(exponentials, exponential_temporality),
            arrayWithConstant(summaries, toInt32(0))) AS temporalities,
        arrayConcat(arrayWithConstant(gauges, false), arrayWithConstant(sums, sum_is_monotonic),
            arrayWithConstant(histograms + exponentials + summaries, false)) AS monotonic,
        arrayConcat(
            gauge_doubles, sum_doubles,
            arrayWithConstant(histograms + exponentials + summaries, CAST(NULL, 'Nullable(Float64)'))) AS doubles,
        arrayConcat(
            gauge_ints, sum_ints,
            arrayWithConstant(histograms + exponentials + summaries, CAST(NULL, 'Nullable(Int64)'))) AS ints,
        arrayConcat(
            arrayWithConstant(gauges + sums, toUInt64(0)), histogram_counts, exponential_counts, summary_counts) AS counts,
        arrayConcat(
            arrayWithConstant(gauges + sums, toFloat64(0)), histogram_totals, exponential_totals, summary_totals) AS totals,
        arrayConcat(
            arrayWithConstant(gauges + sums, toFloat64(0)), histogram_minima, exponential_minima,
            arrayWithConstant(summaries, toFloat64(0))) AS minima,
        arrayConcat(
            arrayWithConstant(gauges + sums, toFloat64(0)), histogram_maxima, exponential_maxima,
            arrayWithConstant(summaries, toFloat64(0))) AS maxima,
        arrayConcat(
            arrayWithConstant(gauges + sums, CAST([], 'Array(UInt64)')), histogram_bucket_counts,
            arrayWithConstant(exponentials + summaries, CAST([], 'Array(UInt64)'))) AS bucket_counts,
        arrayConcat(
            arrayWithConstant(gauges + sums, CAST([], 'Array(Float64)')), histogram_bounds,
            arrayWithConstant(exponentials + summaries, CAST([], 'Array(Float64)'))) AS bounds,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, toInt32(0)), exponential_scales,
            arrayWithConstant(summaries, toInt32(0))) AS scales,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, toUInt64(0)), exponential_zero_counts,
            arrayWithConstant(summaries, toUInt64(0))) AS zero_counts,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, toInt32(0)), exponential_positive_offsets,
            arrayWithConstant(summaries, toInt32(0))) AS positive_offsets,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, CAST([], 'Array(UInt64)')), exponential_positive_counts,
            arrayWithConstant(summaries, CAST([], 'Array(UInt64)'))) AS positive_counts,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, toInt32(0)), exponential_negative_offsets,
            arrayWithConstant(summaries, toInt32(0))) AS negative_offsets,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms, CAST([], 'Array(UInt64)')), exponential_negative_counts,
            arrayWithConstant(summaries, CAST([], 'Array(UInt64)'))) AS negative_counts,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms + exponentials, CAST([], 'Array(Float64)')),
            summary_quantiles) AS quantiles,
        arrayConcat(
            arrayWithConstant(gauges + sums + histograms + exponentials, CAST([], 'Array(Float64)')),
            summary_quantile_values) AS quantile_values,
        arrayResize(arrayConcat(
            gauge_exemplar_attributes, sum_exemplar_attributes, histogram_exemplar_attributes,
            exponential_exemplar_attributes), length(kinds)) AS exemplar_attributes,
        arrayResize(arrayConcat(
            gauge_exemplar_times, sum_exemplar_times, histogram_exemplar_times, exponential_exemplar_times), length(kinds)) AS exemplar_times,
        arrayResize(arrayConcat(
            gauge_exemplar_doubles, sum_exemplar_doubles, histogram_exemplar_doubles, exponential_exemplar_doubles), length(kinds)) AS exemplar_doubles,
        arrayResize(arrayConcat(
            gauge_exemplar_ints, sum_exemplar_ints, histogram_exemplar_ints, exponential_exemplar_ints), length(kinds)) AS exemplar_ints,
        arrayResize(arrayConcat(
            gauge_exemplar_span_ids, sum_exemplar_span_ids, histogram_exemplar_span_ids,
            exponential_exemplar_span_ids), length(kinds)) AS exemplar_span_ids,
        arrayResize(arrayConcat(
            gauge_exemplar_trace_ids, sum_exemplar_trace_ids, histogram_exemplar_trace_ids,
            exponential_exemplar_trace_ids), length(kinds)) AS exemplar_trace_ids
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
            scope_metrics.metrics.gauge.data_points.attributes AS gauge_attributes,
            scope_metrics.metrics.gauge.data_points.start_time_unix_nano AS gauge_start_times,
            scope_metrics.metrics.gauge.data_points.time_unix_nano AS gauge_times,
            scope_metrics.metrics.gauge.data_points.flags AS gauge_flags,
            scope_metrics.metrics.gauge.data_points.as_double AS gauge_doubles,
            scope_metrics.metrics.gauge.data_points.as_int AS gauge_ints,
            scope_metrics.metrics.gauge.data_points.exemplars.filtered_attributes AS gauge_exemplar_attributes,
            scope_metrics.metrics.gauge.data_points.exemplars.time_unix_nano AS gauge_exemplar_times,
            scope_metrics.metrics.gauge.data_points.exemplars.as_double AS gauge_exemplar_doubles,
            scope_metrics.metrics.gauge.data_points.exemplars.as_int AS gauge_exemplar_ints,
            scope_metrics.metrics.gauge.data_points.exemplars.span_id AS gauge_exemplar_span_ids,
            scope_metrics.metrics.gauge.data_points.exemplars.trace_id AS gauge_exemplar_trace_ids,
            scope_metrics.metrics.sum.data_points.attributes AS sum_attributes,
            scope_metrics.metrics.sum.data_points.start_time_unix_nano AS sum_start_times,
            scope_metrics.metrics.sum.data_points.time_unix_nano AS sum_times,
            scope_metrics.metrics.sum.data_points.flags AS sum_flags,
            scope_metrics.metrics.sum.data_points.as_double AS sum_doubles,
            scope_metrics.metrics.sum.data_points.as_int AS sum_ints,
            scope_metrics.metrics.sum.data_points.exemplars.filtered_attributes AS sum_exemplar_attributes,
            scope_metrics.metrics.sum.data_points.exemplars.time_unix_nano AS sum_exemplar_times,
            scope_metrics.metrics.sum.data_points.exemplars.as_double AS sum_exemplar_doubles,
            scope_metrics.metrics.sum.data_points.exemplars.as_int AS sum_exemplar_ints,
            scope_metrics.metrics.sum.data_points.exemplars.span_id AS sum_exemplar_span_ids,
            scope_metrics.metrics.sum.data_points.exemplars.trace_id AS sum_exemplar_trace_ids,
            scope_metrics.metrics.histogram.data_points.attributes AS histogram_attributes,
            scope_metrics.metrics.histogram.data_points.start_time_unix_nano AS histogram_start_times,
            scope_metrics.metrics.histogram.data_points.time_unix_nano AS histogram_times,
            scope_metrics.metrics.histogram.data_points.flags AS histogram_flags,
            scope_metrics.metrics.histogram.data_points.count AS histogram_counts,
            scope_metrics.metrics.histogram.data_points.sum AS histogram_totals,
            scope_metrics.metrics.histogram.data_points.min AS histogram_minima,
            scope_metrics.metrics.histogram.data_points.max AS histogram_maxima,
            scope_metrics.metrics.histogram.data_points.bucket_counts AS histogram_bucket_counts,
            scope_metrics.metrics.histogram.data_points.explicit_bounds AS histogram_bounds,
            scope_metrics.metrics.histogram.data_points.exemplars.filtered_attributes AS histogram_exemplar_attributes,
            scope_metrics.metrics.histogram.data_points.exemplars.time_unix_nano AS histogram_exemplar_times,
            scope_metrics.metrics.histogram.data_points.exemplars.as_double AS histogram_exemplar_doubles,
            scope_metrics.metrics.histogram.data_points.exemplars.as_int AS histogram_exemplar_ints,
            scope_metrics.metrics.histogram.data_points.exemplars.span_id AS histogram_exemplar_span_ids,
            scope_metrics.metrics.histogram.data_points.exemplars.trace_id AS histogram_exemplar_trace_ids,
            scope_metrics.metrics.exponential_histogram.data_points.attributes AS exponential_attributes,
            scope_metrics.metrics.exponential_histogram.data_points.start_time_unix_nano AS exponential_start_times,
            scope_metrics.metrics.exponential_histogram.data_points.time_unix_nano AS exponential_times,
            scope_metrics.metrics.exponential_histogram.data_points.flags AS exponential_flags,
            scope_metrics.metrics.exponential_histogram.data_points.count AS exponential_counts,
            scope_metrics.metrics.exponential_histogram.data_points.sum AS exponential_totals,
            scope_metrics.metrics.exponential_histogram.data_points.min AS exponential_minima,
            scope_metrics.metrics.exponential_histogram.data_points.max AS exponential_maxima,
            scope_metrics.metrics.exponential_histogram.data_points.scale AS exponential_scales,
            scope_metrics.metrics.exponential_histogram.data_points.zero_count AS exponential_zero_counts,
            scope_metrics.metrics.exponential_histogram.data_points.positive.offset AS exponential_positive_offsets,
            scope_metrics.metrics.exponential_histogram.data_points.positive.bucket_counts AS exponential_positive_counts,
            scope_metrics.metrics.exponential_histogram.data_points.negative.offset AS exponential_negative_offsets,
            scope_metrics.metrics.exponential_histogram.data_points.negative.bucket_counts AS exponential_negative_counts,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.filtered_attributes AS exponential_exemplar_attributes,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.time_unix_nano AS exponential_exemplar_times,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.as_double AS exponential_exemplar_doubles,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.as_int AS exponential_exemplar_ints,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.span_id AS exponential_exemplar_span_ids,
            scope_metrics.metrics.exponential_histogram.data_points.exemplars.trace_id AS exponential_exemplar_trace_ids,
            scope_metrics.metrics.summary.data_points.attributes AS summary_attributes,
            scope_metrics.metrics.summary.data_points.start_time_unix_nano AS summary_start_times,
            scope_metrics.metrics.summary.data_points.time_unix_nano AS summary_times,
            scope_metrics.metrics.summary.data_points.flags AS summary_flags,
            scope_metrics.metrics.summary.data_points.count AS summary_counts,
            scope_metrics.metrics.summary.data_points.sum AS summary_totals,
            scope_metrics.metrics.summary.data_points.quantile_values.quantile AS summary_quantiles,
            scope_metrics.metrics.summary.data_points.quantile_values.value AS summary_quantile_values,
            scope_metrics.metrics.sum.aggregation_temporality AS sum_temporality,
            scope_metrics.metrics.sum.is_monotonic AS sum_is_monotonic,
            scope_metrics.metrics.histogram.aggregation_temporality AS histogram_temporality,
            scope_metrics.metrics.exponential_histogram.aggregation_temporality AS exponential_temporality
        FROM landing_metrics
    )
    ARRAY JOIN
        scope_schema_url, scope_name, scope_version, scope_dropped, ScopeAttributes, name, description, unit,
        gauge_attributes, gauge_start_times, gauge_times, gauge_flags, gauge_doubles, gauge_ints,
        gauge_exemplar_attributes, gauge_exemplar_times, gauge_exemplar_doubles, gauge_exemplar_ints,
        gauge_exemplar_span_ids, gauge_exemplar_trace_ids, sum_attributes, sum_start_times, sum_times, sum_flags,
        sum_doubles, sum_ints, sum_exemplar_attributes, sum_exemplar_times, sum_exemplar_doubles, sum_exemplar_ints,
        sum_exemplar_span_ids, sum_exemplar_trace_ids, histogram_attributes, histogram_start_times, histogram_times,
        histogram_flags, histogram_counts, histogram_totals, histogram_minima, histogram_maxima,
        histogram_bucket_counts, histogram_bounds, histogram_exemplar_attributes, histogram_exemplar_times,
        histogram_exemplar_doubles, histogram_exemplar_ints, histogram_exemplar_span_ids,
        histogram_exemplar_trace_ids, exponential_attributes, exponential_start_times, exponential_times,
        exponential_flags, exponential_counts, exponential_totals, exponential_minima, exponential_maxima,
        exponential_scales, exponential_zero_counts, exponential_positive_offsets, exponential_positive_counts,
        exponential_negative_offsets, exponential_negative_counts, exponential_exemplar_attributes,
        exponential_exemplar_times, exponential_exemplar_doubles, exponential_exemplar_ints,
        exponential_exemplar_span_ids, exponential_exemplar_trace_ids, summary_attributes, summary_start_times,
        summary_times, summary_flags, summary_counts, summary_totals, summary_quantiles, summary_quantile_values,
        sum_temporality, sum_is_monotonic, histogram_temporality, exponential_temporality
    ARRAY JOIN
        name, description, unit, gauge_attributes, gauge_start_times, gauge_times, gauge_flags, gauge_doubles,
        gauge_ints, gauge_exemplar_attributes, gauge_exemplar_times, gauge_exemplar_doubles, gauge_exemplar_ints,
        gauge_exemplar_span_ids, gauge_exemplar_trace_ids, sum_attributes, sum_start_times, sum_times, sum_flags,
        sum_doubles, sum_ints, sum_exemplar_attributes, sum_exemplar_times, sum_exemplar_doubles, sum_exemplar_ints,
        sum_exemplar_span_ids, sum_exemplar_trace_ids, histogram_attributes, histogram_start_times, histogram_times,
        histogram_flags, histogram_counts, histogram_totals, histogram_minima, histogram_maxima,
        histogram_bucket_counts, histogram_bounds, histogram_exemplar_attributes, histogram_exemplar_times,
        histogram_exemplar_doubles, histogram_exemplar_ints, histogram_exemplar_span_ids,
        histogram_exemplar_trace_ids, exponential_attributes, exponential_start_times, exponential_times,
        exponential_flags, exponential_counts, exponential_totals, exponential_minima, exponential_maxima,
        exponential_scales, exponential_zero_counts, exponential_positive_offsets, exponential_positive_counts,
        exponential_negative_offsets, exponential_negative_counts, exponential_exemplar_attributes,
        exponential_exemplar_times, exponential_exemplar_doubles, exponential_exemplar_ints,
        exponential_exemplar_span_ids, exponential_exemplar_trace_ids, summary_attributes, summary_start_times,
        summary_times, summary_flags, summary_counts, summary_totals, summary_quantiles, summary_quantile_values,
        sum_temporality, sum_is_monotonic, histogram_temporality, exponential_temporality
)
ARRAY JOIN
    kinds, attributes, start_times, times, flags, temporalities, monotonic, doubles, ints, counts, totals, minima,
    maxima, bucket_counts, bounds, scales, zero_counts, positive_offsets, positive_counts, negative_offsets,
    negative_counts, quantiles, quantile_values, exemplar_attributes, exemplar_times, exemplar_doubles,
    exemplar_ints, exemplar_span_ids, exemplar_trace_ids;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metric_points_to_otel_metrics_gauge TO otel_metrics_gauge AS
SELECT
    ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
    ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Flags,
    Value, IntValue,
    ExemplarAttributes AS `Exemplars.FilteredAttributes`, ExemplarTimes AS `Exemplars.TimeUnix`,
    ExemplarValues AS `Exemplars.Value`, ExemplarSpanIds AS `Exemplars.SpanId`, ExemplarTraceIds AS `Exemplars.TraceId`
FROM landing_metric_points
WHERE Kind = 'gauge';

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metric_points_to_otel_metrics_sum TO otel_metrics_sum AS
SELECT
    ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
    ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Flags,
    Value, IntValue, AggregationTemporality, IsMonotonic,
    ExemplarAttributes AS `Exemplars.FilteredAttributes`, ExemplarTimes AS `Exemplars.TimeUnix`,
    ExemplarValues AS `Exemplars.Value`, ExemplarSpanIds AS `Exemplars.SpanId`, ExemplarTraceIds AS `Exemplars.TraceId`
FROM landing_metric_points
WHERE Kind = 'sum';

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metric_points_to_otel_metrics_histogram TO otel_metrics_histogram AS
SELECT
    ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
    ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Flags,
    Count, Sum, BucketCounts, ExplicitBounds, Min, Max, AggregationTemporality,
    ExemplarAttributes AS `Exemplars.FilteredAttributes`, ExemplarTimes AS `Exemplars.TimeUnix`,
    ExemplarValues AS `Exemplars.Value`, ExemplarSpanIds AS `Exemplars.SpanId`, ExemplarTraceIds AS `Exemplars.TraceId`
FROM landing_metric_points
WHERE Kind = 'histogram';

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metric_points_to_otel_metrics_exponential_histogram TO otel_metrics_exponential_histogram AS
SELECT
    ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
    ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Flags,
    Count, Sum, Scale, ZeroCount, PositiveOffset, PositiveBucketCounts, NegativeOffset, NegativeBucketCounts, Min, Max,
    AggregationTemporality,
    ExemplarAttributes AS `Exemplars.FilteredAttributes`, ExemplarTimes AS `Exemplars.TimeUnix`,
    ExemplarValues AS `Exemplars.Value`, ExemplarSpanIds AS `Exemplars.SpanId`, ExemplarTraceIds AS `Exemplars.TraceId`
FROM landing_metric_points
WHERE Kind = 'exponential_histogram';

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_metric_points_to_otel_metrics_summary TO otel_metrics_summary AS
SELECT
    ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeDroppedAttrCount, ScopeSchemaUrl,
    ServiceName, MetricName, MetricDescription, MetricUnit, Attributes, StartTimeUnix, TimeUnix, Flags,
    Count, Sum, Quantiles AS `ValueAtQuantiles.Quantile`, QuantileValues AS `ValueAtQuantiles.Value`
FROM landing_metric_points
WHERE Kind = 'summary';
