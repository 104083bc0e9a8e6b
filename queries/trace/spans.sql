-- Which spans make up this trace?
-- trace_id: String, lower-case hex
-- after_ns: Int64, ns since 1970; after_span, after_kind, after_service, after_operation: String; the last span had
-- at_most: UInt32, spans
-- One row per span, in order of start; one that was received twice is one row. `failed` is what counts as a failure when it
-- is asked who was affected; `spans` and `failures` count all of the trace.
WITH
    (
        SELECT (
            toDateTime64(min(Start), 9, 'UTC') - INTERVAL 1 SECOND,
            if(max(End) >= '2106-01-01',  -- the last that it says
                toDateTime64('2262-04-11 23:47:16.854775807', 9, 'UTC'),
                toDateTime64(max(End), 9, 'UTC') + INTERVAL 1 SECOND))
        FROM otel_traces_trace_id_ts
        WHERE TraceHash = cityHash64({trace_id:String}) AND TraceId = {trace_id:String}
    ) AS bounds,
    once AS (
        SELECT *
        FROM otel_traces
        WHERE TraceId = {trace_id:String}
          AND Timestamp >= bounds.1 AND Timestamp <= bounds.2
        LIMIT 1 BY Timestamp, SpanId, SpanKind, ServiceName, SpanName
    ),
    failing AS (
        SELECT Timestamp, SpanId, SpanKind, ServiceName, SpanName
        FROM failures
        WHERE TraceId = {trace_id:String}
          AND Timestamp >= bounds.1 AND Timestamp <= bounds.2
          AND is_failing(
              IsError, SpanKind, HttpStatus, Peers, ServerAddress,
              (SELECT groupArray(Name) FROM partners), (SELECT groupUniqArray(toString(ServiceName)) FROM services))
    ),
    counted AS (
        SELECT
            *,
            (Timestamp, SpanId, SpanKind, ServiceName, SpanName) IN (SELECT * FROM failing) AS failed,
            count() OVER () AS spans,
            countIf(failed) OVER () AS failures
        FROM once
    )
SELECT
    SpanId AS span_id,
    ParentSpanId AS parent_span_id,
    ServiceName AS service,
    SpanName AS operation,
    SpanKind AS kind,
    toUnixTimestamp64Nano(Timestamp) AS start_ns,
    Duration AS duration_ns,
    StatusCode AS status,
    failed,
    StatusMessage AS message,
    toJSONString(SpanAttributes) AS attributes,
    toJSONString(ResourceAttributes) AS resource,
    ScopeName AS scope,
    toJSONString(arrayMap(
        (time, name, attributes) -> (toString(toUnixTimestamp64Nano(time)), name, attributes),
        `Events.Timestamp`, `Events.Name`, `Events.Attributes`)) AS events,
    toJSONString(arrayZip(`Links.TraceId`, `Links.SpanId`)) AS links,
    spans,
    failures
FROM counted
WHERE (start_ns, SpanId, SpanKind, ServiceName, SpanName)
    > ({after_ns:Int64}, {after_span:String}, {after_kind:String}, {after_service:String}, {after_operation:String})
ORDER BY start_ns, SpanId, SpanKind, ServiceName, SpanName
LIMIT {at_most:UInt32}
