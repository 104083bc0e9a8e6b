-- The business figures: what they are, as the file says, and their values, kept longer than what they are made from.

-- One row per time that the definitions changed: all of them, as JSON. The latest holds; without any, those that come
-- with the program do.
CREATE TABLE IF NOT EXISTS kpi_definitions (
    Definitions String,
    Written DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = MergeTree ORDER BY Written;

-- One row per figure and minute of which anything is known (more before merges: the latest holds). `Kpi` is the digest
-- of what the figure is made from, so that a changed definition begins anew and a new name loses nothing.
CREATE TABLE IF NOT EXISTS kpi_values (
    Kpi LowCardinality(String),
    Time DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    Part Float64 CODEC(ZSTD(1)),  -- what it grew by; of a ratio the first, of a gauge the sum of what was reported
    Of Float64 CODEC(ZSTD(1)),  -- of a ratio the second, of a gauge how often it was reported, else 0
    Written DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(Written)
PARTITION BY toYYYYMM(Time)
ORDER BY (Kpi, Time)
TTL Time + toIntervalDay({retention_kpis_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
