-- What are these traces: who was asked for what, when, how long did it take, and for whom?
-- trace_ids: Array(String), lower-case hex
-- One row per trace: its entry, how many spans it has, when the last of them began. `customer` is whom the entry names, else
-- the only customer that the trace names; '' for none, or several.
CREATE TEMPORARY TABLE bounds AS
SELECT toDateTime64(min(Start), 0, 'UTC') AS First, toDateTime64(max(End), 0, 'UTC') AS Last
FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT cityHash64(arrayJoin({trace_ids:Array(String)})))
    AND TraceId IN {trace_ids:Array(String)};

CREATE TEMPORARY TABLE members AS
SELECT
    TraceId, SpanId, notEmpty(ParentSpanId) AS NotRoot, Timestamp, SpanKind, ServiceName, SpanName, Duration,
    IsError, HttpStatus, Peers, ServerAddress, Customer, ResourceCustomer
FROM spans
WHERE TraceId IN {trace_ids:Array(String)}
    AND Timestamp >= (SELECT First FROM bounds) - INTERVAL 1 SECOND
    AND (Timestamp <= (SELECT Last FROM bounds) + INTERVAL 1 SECOND OR (SELECT Last FROM bounds) >= '2106-01-01')
LIMIT 1 BY TraceId, Timestamp, SpanId, SpanKind, ServiceName, SpanName;

CREATE TEMPORARY TABLE logged AS
SELECT TraceId, SpanId, Timestamp, Customer
FROM log_customers
WHERE TraceId IN {trace_ids:Array(String)}
    AND Bucket >= toStartOfTenMinutes(filed_under((SELECT First FROM bounds)) - INTERVAL 1 DAY)
    AND Bucket <= filed_under((SELECT Last FROM bounds)) + INTERVAL 1 DAY;

CREATE TEMPORARY TABLE names AS
SELECT TraceId, groupUniqArray(2)(Customer) AS Names
FROM (
    SELECT TraceId, arrayJoin([Customer, ResourceCustomer]) AS Customer FROM members
    UNION ALL
    SELECT TraceId, Customer FROM logged
)
WHERE notEmpty(Customer)
GROUP BY TraceId;

SELECT
    traces.TraceId AS trace_id,
    entry.2 AS span_id,
    entry.4 AS service,
    entry.5 AS operation,
    toUnixTimestamp64Nano(entry.1) AS start_ns,
    entry.6 AS duration_ns,
    is_failing(
        entry.7, entry.3, entry.8, entry.9, entry.10,
        (SELECT groupArray(Name) FROM partners), (SELECT groupUniqArray(toString(ServiceName)) FROM services)) AS failed,
    multiIf(
        notEmpty(entry.11), entry.11,
        notEmpty(LogCustomer), LogCustomer,
        notEmpty(entry.12), entry.12,
        length(Names) = 1, Names[1],
        '') AS customer,
    spans,
    last_ns
FROM (
    SELECT
        TraceId,
        argMin(
            (Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName), Duration,
                IsError, HttpStatus, Peers, toString(ServerAddress), Customer, ResourceCustomer),
            (NotRoot, Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName))) AS entry,
        count() AS spans,
        toUnixTimestamp64Nano(max(Timestamp)) AS last_ns
    FROM members
    GROUP BY TraceId
) AS traces
LEFT ANY JOIN names ON names.TraceId = traces.TraceId
LEFT ANY JOIN (
    SELECT TraceId, SpanId, argMin(Customer, (Timestamp, Customer)) AS LogCustomer
    FROM logged
    GROUP BY TraceId, SpanId
) AS log_names ON log_names.TraceId = traces.TraceId AND log_names.SpanId = entry.2
