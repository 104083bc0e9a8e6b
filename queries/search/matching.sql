-- Which traces have a span that is all of this at once, the latest first?
-- from, to: DateTime64, UTC; spans that begin then, `to` itself not meant
-- before_ns: Int64, ns since 1970, before_trace: String; only what comes after this trace in the answer
-- service, operation: String, the span's; '' for any
-- failing: Int8, 1 for spans that count as failing, 0 for those that do not, -1 for any
-- least_ns, most_ns: UInt64, ns; how long it took; of a root, where neither service nor operation is told
-- key, value: String, an attribute of the span or its resource; key '' for any, value '' for whatever it says
-- customer: String, whom the trace names; '' for anyone. order: String, which it names on any span; '' for any
-- only: Array(String), none but these traces; [] for all
-- at_most: UInt64, traces
-- One row per trace: its latest such span; times in ns since 1970, durations in ns.
CREATE TEMPORARY TABLE naming (TraceId String);

-- if: customer
INSERT INTO naming
SELECT DISTINCT TraceId
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(6, 'UTC')}) - INTERVAL 1 DAY)
    AND Bucket <= filed_under({to:DateTime64(6, 'UTC')}) + INTERVAL 1 DAY
WHERE Customer = {customer:String} AND notEmpty(TraceId);

CREATE TEMPORARY TABLE ordering (TraceId String);

-- if: order
INSERT INTO ordering
SELECT DISTINCT TraceId FROM orders
WHERE OrderId = {order:String} AND notEmpty(TraceId)
    AND Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(6, 'UTC')}) - INTERVAL 1 DAY)
    AND Bucket <= filed_under({to:DateTime64(6, 'UTC')}) + INTERVAL 1 DAY;

CREATE TEMPORARY TABLE failing_spans (
    TraceId String, SpanId String, SpanKind String, ServiceName String, SpanName String, Timestamp DateTime64(9, 'UTC'),
    Duration UInt64, IsRoot Bool
);

-- bind: asks_whether_failing
SELECT {failing:Int8} >= 0;

-- if: asks_whether_failing
INSERT INTO failing_spans
SELECT TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp, Duration, empty(ParentSpanId)
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND notEmpty(TraceId)
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND is_failing(
        IsError, SpanKind, HttpStatus, Peers, ServerAddress,
        (SELECT groupArray(Name) FROM partners), (SELECT groupUniqArray(toString(ServiceName)) FROM services));

CREATE TEMPORARY TABLE found (
    TraceId String, Timestamp DateTime64(9, 'UTC'), SpanId String, ServiceName String, SpanName String, Duration UInt64
);

-- if: asks_whether_failing
INSERT INTO found
SELECT TraceId, Timestamp, SpanId, ServiceName, SpanName, Duration
FROM failing_spans
WHERE {failing:Int8} = 1 AND empty({key:String})
    AND Duration >= {least_ns:UInt64} AND Duration <= {most_ns:UInt64}
    AND (IsRoot OR notEmpty(concat({service:String}, {operation:String}))
        OR ({least_ns:UInt64} = 0 AND {most_ns:UInt64} = 18446744073709551615))
    AND (empty({customer:String}) OR TraceId IN (SELECT TraceId FROM naming))
    AND (empty({order:String}) OR TraceId IN (SELECT TraceId FROM ordering))
    AND (empty({only:Array(String)}) OR has({only:Array(String)}, TraceId));

INSERT INTO found
SELECT TraceId, Timestamp, SpanId, ServiceName, SpanName, Duration
FROM otel_traces
WHERE ({failing:Int8} != 1 OR notEmpty({key:String}))
    AND Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND notEmpty(TraceId)
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({least_ns:UInt64} = 0 OR Duration >= {least_ns:UInt64})
    AND ({most_ns:UInt64} = 18446744073709551615 OR Duration <= {most_ns:UInt64})
    AND (empty(ParentSpanId) OR notEmpty(concat({service:String}, {operation:String}))
        OR ({least_ns:UInt64} = 0 AND {most_ns:UInt64} = 18446744073709551615))
    AND ({key:String} = '' OR mapContains(SpanAttributes, {key:String}) OR mapContains(ResourceAttributes, {key:String}))
    AND ({key:String} = '' OR {value:String} = ''
        OR SpanAttributes[{key:String}] = {value:String} OR ResourceAttributes[{key:String}] = {value:String})
    AND ({customer:String} = '' OR TraceId IN (SELECT TraceId FROM naming))
    AND ({order:String} = '' OR TraceId IN (SELECT TraceId FROM ordering))
    AND ({failing:Int8} < 0 OR {failing:Int8} = ((TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp) IN (
        SELECT TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp FROM failing_spans)))
    AND (empty({only:Array(String)}) OR TraceId IN {only:Array(String)});

SELECT
    TraceId AS trace_id,
    toUnixTimestamp64Nano(max(Timestamp)) AS latest_ns,
    argMax((SpanId, ServiceName, SpanName, Duration), (Timestamp, SpanId, ServiceName, SpanName)) AS latest,
    latest.1 AS span_id,
    latest.2 AS service,
    latest.3 AS operation,
    latest.4 AS duration_ns
FROM found
GROUP BY TraceId
HAVING (latest_ns, trace_id) < ({before_ns:Int64}, {before_trace:String})
ORDER BY latest_ns DESC, trace_id DESC
LIMIT {at_most:UInt64}
