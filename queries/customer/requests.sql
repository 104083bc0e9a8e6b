-- What did a customer try, and what failed in it?
-- customer: String
-- from, to: DateTime64(9), UTC; requests that were under way then, `to` itself not meant
-- at_most: UInt64, requests
-- One row per request (trace, or span without one) that names the customer, in order of its start. Where IsClear, all of
-- it is theirs; else who owns what must be told from its spans (customer/spans.sql). HasLater, on each: whether they may have
-- made requests after these (customer/since.sql).

-- Tables are declared before they are filled: made of a SELECT, each would have it planned twice.

-- Where they are named: a day is allowed for clocks that disagree, and a wrong one may be filed under any later day. What is
-- dated before 2000 is filed there.
CREATE TEMPORARY TABLE tried (Bucket DateTime('UTC'), TraceId String, TraceHash UInt64, Entry Array(String));

INSERT INTO tried
SELECT Bucket, TraceId, cityHash64(TraceId), Entry
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND (Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(9, 'UTC')}) - INTERVAL 1 DAY) OR Bucket < '2000-01-02')
WHERE Customer = {customer:String};

-- Of these traces those that were under way then or later, to the second (2106 is the last), and where all of each is filed.
CREATE TEMPORARY TABLE under_way (TraceHash UInt64, Buckets Array(DateTime('UTC')), WasThen Bool, WasLater Bool);

INSERT INTO under_way
SELECT
    TraceHash,
    groupUniqArray(Bucket),
    min(Start) <= {to:DateTime64(9, 'UTC')},
    max(End) >= least({to:DateTime64(9, 'UTC')}, toDateTime64('2106-01-01', 9, 'UTC')) - INTERVAL 1 SECOND
FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT TraceHash FROM tried WHERE notEmpty(TraceId))
GROUP BY TraceHash
HAVING max(End) >= least({from:DateTime64(9, 'UTC')}, toDateTime64('2106-01-01', 9, 'UTC')) - INTERVAL 1 SECOND;

-- bind: buckets, later, traceless, partners, services
SELECT
    groupUniqArrayArrayIf(Buckets, WasThen),
    countIf(WasLater) + (SELECT countIf(empty(TraceId) AND entry_time(Entry) >= {to:DateTime64(9, 'UTC')}) FROM tried),
    (SELECT countIf(empty(TraceId)) FROM tried),
    (SELECT groupArray(Name) FROM partners),
    (SELECT groupUniqArray(toString(ServiceName)) FROM services)
FROM under_way;

-- Place is 0 for a trace; the spans that have none have numbers.
CREATE TEMPORARY TABLE present (
    TraceId String, Place UInt64, First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), IsClear Bool,
    Entry Tuple(
        NotRoot Bool, Timestamp DateTime64(9, 'UTC'), SpanId String, SpanKind String, ServiceName String, SpanName String,
        IsError Bool, HttpStatus UInt16, Duration UInt64, ServerAddress String, Peers Array(String))
);

INSERT INTO present
SELECT
    TraceId,
    0 AS Place,
    min(trace_parts.First) AS First,
    max(trace_parts.Last) AS Last,
    length(groupUniqArrayArray(Names)) = 1 AND max(Spans > 0 AND notEmpty(Names)) AS IsClear,
    entry_facts(unpacked(minIf(trace_parts.Entry, Spans > 0))) AS Entry
FROM trace_parts
WHERE Bucket IN {buckets:Array(DateTime('UTC'))} AND TraceHash IN (SELECT TraceHash FROM under_way WHERE WasThen)
    AND TraceId IN (SELECT TraceId FROM tried WHERE notEmpty(TraceId))
GROUP BY TraceId
HAVING First < {to:DateTime64(9, 'UTC')} AND Last >= {from:DateTime64(9, 'UTC')} AND sum(Spans) > 0
ORDER BY First, TraceId
LIMIT {at_most:UInt64};

CREATE TEMPORARY TABLE failed (
    TraceId String, Place UInt64,
    Failures Array(Tuple(Timestamp DateTime64(9, 'UTC'), SpanId String, ServiceName String, SpanName String, Error String))
);

INSERT INTO failed
SELECT TraceId, 0, arraySort(groupArray((Timestamp, SpanId, toString(ServiceName), toString(SpanName), Error)))
FROM (
    SELECT TraceId, Timestamp, SpanId, ServiceName, SpanName, Error
    FROM failures
    WHERE TraceId IN (SELECT TraceId FROM present)
        AND Timestamp >= (SELECT min(First) FROM present) AND Timestamp <= (SELECT max(Last) FROM present)
        AND is_failing(
            IsError, SpanKind, HttpStatus, Peers, ServerAddress, {partners:Array(String)}, {services:Array(String)})
    LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp
)
GROUP BY TraceId;

-- Spans without a trace, each as the request that it is, however often it was received.
-- if: traceless
INSERT INTO present
SELECT '', rowNumberInAllBlocks() + 1, Facts.Timestamp AS Timestamp, Timestamp, true, Facts
FROM (SELECT entry_facts(Entry) AS Facts FROM tried WHERE empty(TraceId))
WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
LIMIT 1 BY Timestamp, Facts.SpanId, Facts.SpanKind, Facts.ServiceName, Facts.SpanName;

-- if: traceless
INSERT INTO failed
SELECT '', Place, [(Timestamp, Facts.SpanId, Facts.ServiceName, Facts.SpanName, told.Error)]
FROM (SELECT Place, First AS Timestamp, Entry AS Facts FROM present WHERE empty(TraceId)) AS alone
LEFT ANY JOIN (
    SELECT
        Timestamp, SpanId, toString(SpanKind) AS SpanKind, toString(ServiceName) AS ServiceName,
        toString(SpanName) AS SpanName, Error
    FROM failures
    WHERE empty(TraceId) AND Customer = {customer:String}
        AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
) AS told
    ON told.Timestamp = alone.Timestamp AND told.SpanId = Facts.SpanId AND told.SpanKind = Facts.SpanKind
    AND told.ServiceName = Facts.ServiceName AND told.SpanName = Facts.SpanName
WHERE is_failing(
    Facts.IsError, Facts.SpanKind, Facts.HttpStatus, Facts.Peers, Facts.ServerAddress,
    {partners:Array(String)}, {services:Array(String)});

CREATE TEMPORARY TABLE ordered (
    TraceId String, Place UInt64, Orders Array(Tuple(OrderId String, Amount Decimal(18, 4), Currency String))
);

INSERT INTO ordered
SELECT TraceId, 0, groupArray((OrderId, Price.1, Price.2))
FROM (
    SELECT TraceId, OrderId, max((Amount, toString(Currency))) AS Price
    FROM orders
    WHERE Bucket IN {buckets:Array(DateTime('UTC'))} AND TraceId IN (SELECT TraceId FROM present WHERE notEmpty(TraceId))
    GROUP BY TraceId, OrderId
    ORDER BY TraceId, OrderId
)
GROUP BY TraceId;

-- if: traceless
INSERT INTO ordered
SELECT '', Place, [(OrderId, Amount, toString(Currency))]
FROM orders
INNER JOIN (SELECT Place, Entry AS Facts FROM present WHERE empty(TraceId)) AS alone
    ON Facts.SpanId = orders.SpanId AND Facts.Timestamp = orders.Timestamp AND Facts.ServiceName = orders.ServiceName
    AND Facts.SpanName = orders.SpanName AND Facts.SpanKind = orders.SpanKind
WHERE Bucket IN (SELECT Bucket FROM tried WHERE empty(TraceId)) AND empty(orders.TraceId)
LIMIT 1 BY Place;

SELECT
    present.TraceId AS TraceId,
    IsClear,
    First,
    Last,
    Entry.Timestamp AS Timestamp,
    toUnixTimestamp64Nano(Timestamp) AS TimestampNs,
    Entry.SpanId AS SpanId,
    Entry.SpanKind AS SpanKind,
    Entry.ServiceName AS ServiceName,
    Entry.SpanName AS SpanName,
    Entry.Duration AS Duration,
    is_failing(
        Entry.IsError, SpanKind, Entry.HttpStatus, Entry.Peers, Entry.ServerAddress,
        {partners:Array(String)}, {services:Array(String)}) AS IsFailing,
    Failures,
    Orders,
    {later:UInt64} > 0 AS HasLater
FROM present
LEFT ANY JOIN failed ON failed.TraceId = present.TraceId AND failed.Place = present.Place
LEFT ANY JOIN ordered ON ordered.TraceId = present.TraceId AND ordered.Place = present.Place
ORDER BY Timestamp, TraceId, SpanId, SpanKind, ServiceName, SpanName
LIMIT {at_most:UInt64}
