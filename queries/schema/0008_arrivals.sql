-- When spans arrived, whatever times they say: what tells a service that fell silent from one whose data comes late.

-- One row per service and minute of arrival (more before merges). It cannot be made again from the spans.
CREATE TABLE IF NOT EXISTS arrivals (
    Minute DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    ServiceName LowCardinality(String),
    Spans SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    Misdated SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),  -- filed under another day than they say: see filed_under
    Last SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Minute)
ORDER BY (Minute, ServiceName)
TTL Minute + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_facts_to_arrivals TO arrivals AS
SELECT
    toStartOfMinute(now('UTC')) AS Minute,
    ServiceName,
    count() AS Spans,
    countIf(toDateTime64(Filed, 9, 'UTC') > Timestamp OR Timestamp >= toDateTime64(Filed, 9, 'UTC') + INTERVAL 1 SECOND) AS Misdated,
    max(Timestamp) AS Last
FROM span_facts
GROUP BY ServiceName;
