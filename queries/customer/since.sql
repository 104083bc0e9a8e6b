-- How did it go on for a customer at entry operations that had failed for them?
-- customer: String
-- from: DateTime64(9), UTC; requests of which nothing began earlier
-- services, operations: Array(String), the entry operations; failed_ns: Array(Int64), ns since 1970, after which to look for
-- a success of each
-- at_most: UInt64, requests
-- One row per request, as customer/requests.sql has it but for its failures, in order of its start. Of those that are clearly
-- theirs: the first at each operation that worked, and the last. Of the others every one.

-- Where they are named, as in customer/requests.sql.
CREATE TEMPORARY TABLE tried (TraceId String, TraceHash UInt64, Entry Array(String));

INSERT INTO tried
SELECT TraceId, cityHash64(TraceId), Entry
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND (Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(9, 'UTC')}) - INTERVAL 1 DAY) OR Bucket < '2000-01-02')
WHERE Customer = {customer:String};

-- Of these traces those that went on, to the second, and where all of each is filed.
CREATE TEMPORARY TABLE going_on (TraceHash UInt64, Buckets Array(DateTime('UTC')));

INSERT INTO going_on
SELECT TraceHash, groupUniqArray(Bucket)
FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT TraceHash FROM tried WHERE notEmpty(TraceId))
GROUP BY TraceHash
HAVING max(End) >= least({from:DateTime64(9, 'UTC')}, toDateTime64('2106-01-01', 9, 'UTC')) - INTERVAL 1 SECOND;

-- bind: buckets, traceless, partners, services_known
SELECT
    groupUniqArrayArray(Buckets),
    (SELECT countIf(empty(TraceId)) FROM tried),
    (SELECT groupArray(Name) FROM partners),
    (SELECT groupUniqArray(toString(ServiceName)) FROM services)
FROM going_on;

-- Operation is the place of the entry operation among those asked for, from 1.
CREATE TEMPORARY TABLE present (
    TraceId String, First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), IsClear Bool, Operation UInt64,
    Entry Tuple(
        NotRoot Bool, Timestamp DateTime64(9, 'UTC'), SpanId String, SpanKind String, ServiceName String, SpanName String,
        IsError Bool, HttpStatus UInt16, Duration UInt64, ServerAddress String, Peers Array(String))
);

INSERT INTO present
SELECT
    TraceId,
    min(trace_parts.First) AS First,
    max(trace_parts.Last) AS Last,
    length(groupUniqArrayArray(Names)) = 1 AND max(Spans > 0 AND notEmpty(Names)) AS IsClear,
    indexOf(
        arrayZip({services:Array(String)}, {operations:Array(String)}), (Entry.ServiceName, Entry.SpanName)) AS Operation,
    entry_facts(unpacked(minIf(trace_parts.Entry, Spans > 0))) AS Entry
FROM trace_parts
WHERE Bucket IN {buckets:Array(DateTime('UTC'))} AND TraceHash IN (SELECT TraceHash FROM going_on)
    AND TraceId IN (SELECT TraceId FROM tried WHERE notEmpty(TraceId))
GROUP BY TraceId
HAVING First >= {from:DateTime64(9, 'UTC')} AND sum(Spans) > 0 AND Operation > 0;

-- if: traceless
INSERT INTO present
SELECT
    '', Facts.Timestamp AS Timestamp, Timestamp, true,
    indexOf(
        arrayZip({services:Array(String)}, {operations:Array(String)}), (Facts.ServiceName, Facts.SpanName)) AS Operation,
    Facts
FROM (SELECT entry_facts(Entry) AS Facts FROM tried WHERE empty(TraceId))
WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Operation > 0;

CREATE TEMPORARY TABLE told (
    TraceId String, First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), IsClear Bool, TimestampNs Int64, SpanId String,
    SpanKind String, ServiceName String, SpanName String, Duration UInt64, IsFailing Bool
);

INSERT INTO told
SELECT
    TraceId, First, Last, IsClear, TimestampNs, Entry.SpanId, Entry.SpanKind, Entry.ServiceName, Entry.SpanName,
    Entry.Duration, IsFailing
FROM (
    SELECT
        *,
        toUnixTimestamp64Nano(Entry.Timestamp) AS TimestampNs,
        is_failing(
            Entry.IsError, Entry.SpanKind, Entry.HttpStatus, Entry.Peers, Entry.ServerAddress,
            {partners:Array(String)}, {services_known:Array(String)}) AS IsFailing,
        IsClear AND NOT IsFailing AND TimestampNs > {failed_ns:Array(Int64)}[Operation] AS HasWorked,
        row_number() OVER (PARTITION BY Operation, HasWorked ORDER BY TimestampNs) AS Nth,
        row_number() OVER (PARTITION BY Operation, IsClear ORDER BY TimestampNs DESC) AS NthLast
    FROM present
)
WHERE NOT IsClear OR (HasWorked AND Nth = 1) OR NthLast = 1
ORDER BY TimestampNs, TraceId
LIMIT {at_most:UInt64};

SELECT
    told.TraceId AS TraceId, First, Last, IsClear, TimestampNs, SpanId, SpanKind, ServiceName, SpanName, Duration, IsFailing,
    CAST([], 'Array(Tuple(Timestamp DateTime64(9), SpanId String, ServiceName String, SpanName String, Error String))') AS Failures,
    CAST(Named, 'Array(Tuple(OrderId String, Amount Decimal(18, 4), Currency String))') AS Orders
FROM told
LEFT ANY JOIN (
    SELECT TraceId, groupArray((OrderId, Price.1, Price.2)) AS Named
    FROM (
        SELECT TraceId, OrderId, max((Amount, toString(Currency))) AS Price
        FROM orders
        WHERE Bucket IN {buckets:Array(DateTime('UTC'))} AND TraceId IN (SELECT TraceId FROM told WHERE notEmpty(TraceId))
        GROUP BY TraceId, OrderId
        ORDER BY TraceId, OrderId
    )
    GROUP BY TraceId
) AS ordered ON ordered.TraceId = told.TraceId
ORDER BY TimestampNs, TraceId, SpanId
