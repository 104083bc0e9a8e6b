-- What other senders tell: changes, alerts, row changes, and what happened to incidents. One JSON line an event, of
-- its kind and with its fields as `Body`. A sender may say a thing twice: readers take one row for each Id.
CREATE TABLE IF NOT EXISTS landing_events (
    Kind LowCardinality(String),  -- change, alert, cdc, incident
    Body String
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS reading_events AS landing_events ENGINE = Null;

-- One row per change told: a deploy, a flag flip, a config, contract or pipeline change.
CREATE TABLE IF NOT EXISTS changes (
    Id String CODEC(ZSTD(1)),
    Time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Kind LowCardinality(String),  -- deploy, flag, config, contract, pipeline, other
    Source LowCardinality(String),  -- github, launchdarkly, unleash, api
    Service LowCardinality(String),
    Version String,
    Environment LowCardinality(String),
    Title String CODEC(ZSTD(1)),
    Author String,
    Url String CODEC(ZSTD(1)),
    Status LowCardinality(String),
    Details String CODEC(ZSTD(3)),  -- what else was told, as JSON
    Received DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Received)
ORDER BY (Time, Id)
TTL toDateTime(Received) + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_events_to_changes TO changes AS
WITH JSONExtract(Body, 'Tuple(id String, time_ns Int64, kind String, source String, service String, version String, environment String, title String, author String, url String, status String, details String)') AS told
SELECT
    told.id AS Id, fromUnixTimestamp64Nano(told.time_ns, 'UTC') AS Time, told.kind AS Kind, told.source AS Source,
    told.service AS Service, told.version AS Version, told.environment AS Environment, told.title AS Title,
    told.author AS Author, told.url AS Url, told.status AS Status, told.details AS Details
FROM landing_events
WHERE landing_events.Kind = 'change';

-- One row per alert and state that an outside system told: firing, then resolved. Ids are alike for the same state.
CREATE TABLE IF NOT EXISTS alerts (
    Id String CODEC(ZSTD(1)),
    Time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),  -- when it began
    Ends Nullable(DateTime64(9, 'UTC')),
    Source LowCardinality(String),  -- alertmanager, grafana
    Fingerprint String,
    GroupKey String CODEC(ZSTD(1)),
    Status LowCardinality(String),  -- firing, resolved
    Name LowCardinality(String),
    Severity LowCardinality(String),
    Labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Annotations Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Url String CODEC(ZSTD(1)),
    Received DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Received)
ORDER BY (Time, Fingerprint)
TTL toDateTime(Received) + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_events_to_alerts TO alerts AS
WITH JSONExtract(Body, 'Tuple(id String, time_ns Int64, ends_ns Nullable(Int64), source String, fingerprint String, group_key String, status String, name String, severity String, labels Map(String, String), annotations Map(String, String), url String)') AS told
SELECT
    told.id AS Id, fromUnixTimestamp64Nano(told.time_ns, 'UTC') AS Time, fromUnixTimestamp64Nano(told.ends_ns, 'UTC') AS Ends,
    told.source AS Source, told.fingerprint AS Fingerprint, told.group_key AS GroupKey, told.status AS Status,
    told.name AS Name, told.severity AS Severity, told.labels AS Labels, told.annotations AS Annotations, told.url AS Url
FROM landing_events
WHERE landing_events.Kind = 'alert';

-- One row per row change of the shop's databases, as often as it was delivered, in the order of its arrival.
CREATE TABLE IF NOT EXISTS cdc_events (
    Id String CODEC(ZSTD(1)),  -- the source's position in its log: alike where a delivery was repeated
    Time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),  -- when the row changed
    Captured DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),  -- when the connector saw it
    Connector LowCardinality(String),
    Db LowCardinality(String),
    `Schema` LowCardinality(String),
    `Table` LowCardinality(String),
    Op LowCardinality(String),  -- c, u, d, r (snapshot), t (truncate), m (message), tombstone, end (of a transaction)
    Key String CODEC(ZSTD(1)),  -- JSON
    Before String CODEC(ZSTD(3)),  -- JSON, '' where there is none
    After String CODEC(ZSTD(3)),
    Position String CODEC(ZSTD(1)),
    Tx String CODEC(ZSTD(1)),
    TxOrder UInt64,  -- within its transaction; of an end, how many there were
    Topic LowCardinality(String),
    Partition Int32,  -- -1 where it did not come by Kafka
    Offset Int64,
    IsSnapshot Bool,
    IdempotencyKey String CODEC(ZSTD(1)),
    Customer String CODEC(ZSTD(1)),
    OrderId String CODEC(ZSTD(1)),
    Sequence Nullable(Int64),  -- the row's own counter (sequence, version) after the change
    Quantity Nullable(Float64),  -- the stock that the row holds after the change
    Received DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toDate(Received)
ORDER BY (Captured, `Table`, Key)
TTL toDateTime(Received) + toIntervalDay({retention_rollups_days})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_events_to_cdc_events TO cdc_events AS
WITH JSONExtract(Body, 'Tuple(id String, time_ns Int64, captured_ns Int64, connector String, db String, schema String, table String, op String, key String, before String, after String, position String, tx String, tx_order UInt64, topic String, partition Int32, offset Int64, snapshot Bool, idempotency_key String, customer String, order_id String, sequence Nullable(Int64), quantity Nullable(Float64))') AS told
SELECT
    told.id AS Id, fromUnixTimestamp64Nano(told.time_ns, 'UTC') AS Time, fromUnixTimestamp64Nano(told.captured_ns, 'UTC') AS Captured,
    told.connector AS Connector, told.db AS Db, told.schema AS `Schema`, told.table AS `Table`, told.op AS Op, told.key AS Key,
    told.before AS Before, told.after AS After, told.position AS Position, told.tx AS Tx, told.tx_order AS TxOrder,
    told.topic AS Topic, told.partition AS Partition, told.offset AS Offset, told.snapshot AS IsSnapshot,
    told.idempotency_key AS IdempotencyKey, told.customer AS Customer, told.order_id AS OrderId,
    told.sequence AS Sequence, told.quantity AS Quantity
FROM landing_events
WHERE landing_events.Kind = 'cdc';

-- One row per thing that happened to an incident: opened, symptom, acknowledged, note, mitigated, resolved, …
-- An incident is the fold of these. Kept as long as there is a disk.
CREATE TABLE IF NOT EXISTS incident_events (
    Incident String CODEC(ZSTD(1)),
    Id String CODEC(ZSTD(1)),  -- alike for the same thing, whoever writes it and however often
    Time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    Kind LowCardinality(String),
    Author String,
    Text String CODEC(ZSTD(1)),
    Details String CODEC(ZSTD(3)),  -- JSON
    Received DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Received)
ORDER BY (Incident, Time, Id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS landing_events_to_incident_events TO incident_events AS
WITH JSONExtract(Body, 'Tuple(incident String, id String, time_ns Int64, kind String, author String, text String, details String)') AS told
SELECT
    told.incident AS Incident, told.id AS Id, fromUnixTimestamp64Nano(told.time_ns, 'UTC') AS Time, told.kind AS Kind,
    told.author AS Author, told.text AS Text, told.details AS Details
FROM landing_events
WHERE landing_events.Kind = 'incident';
