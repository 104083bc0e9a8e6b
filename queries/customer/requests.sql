-- What did a customer try, and what failed in it?
-- customer: String
-- from, until: DateTime64(9), UTC; requests that were under way then, `until` itself not meant
-- at_most: UInt64, requests
-- One row per request (trace, or span without one) that names the customer, in order of its start. Where IsClear, all of
-- it is theirs; else who owns what must be told from its spans (customer/spans.sql).

CREATE TEMPORARY TABLE known AS
SELECT
    (SELECT groupArray(Name) FROM partners) AS Partners,
    (SELECT groupUniqArray(toString(ServiceName)) FROM services) AS Services;

-- A day is allowed for clocks that disagree; what is dated before 2000 is filed there.
CREATE TEMPORARY TABLE tried AS
SELECT TraceId, Entry
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND (
        Bucket BETWEEN toStartOfTenMinutes(filed_under({from:DateTime64(9, 'UTC')}) - INTERVAL 1 DAY)
            AND filed_under({until:DateTime64(9, 'UTC')}) + INTERVAL 1 DAY
        OR Bucket < '2000-01-02')
WHERE Customer = {customer:String};

CREATE TEMPORARY TABLE concerned AS
SELECT DISTINCT TraceId FROM tried WHERE notEmpty(TraceId);

CREATE TEMPORARY TABLE buckets AS
SELECT DISTINCT Bucket FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT cityHash64(TraceId) FROM concerned);

CREATE TEMPORARY TABLE present AS
SELECT
    TraceId,
    min(trace_parts.First) AS First,
    max(trace_parts.Last) AS Last,
    length(groupUniqArrayArray(Names)) = 1 AND max(Spans > 0 AND notEmpty(Names)) AS IsClear,
    entry_facts(unpacked(minIf(trace_parts.Entry, Spans > 0))) AS Entry
FROM trace_parts
WHERE Bucket IN (SELECT Bucket FROM buckets) AND TraceHash IN (SELECT cityHash64(TraceId) FROM concerned)
    AND TraceId IN (SELECT TraceId FROM concerned)
GROUP BY TraceId
HAVING First < {until:DateTime64(9, 'UTC')} AND Last >= {from:DateTime64(9, 'UTC')} AND sum(Spans) > 0
ORDER BY First, TraceId
LIMIT {at_most:UInt64};

CREATE TEMPORARY TABLE failed AS
SELECT
    TraceId,
    arraySort(groupArray((Timestamp, SpanId, toString(ServiceName), toString(SpanName), Error))) AS Failures
FROM (
    SELECT TraceId, Timestamp, SpanId, ServiceName, SpanName, Error
    FROM failures
    WHERE TraceId IN (SELECT TraceId FROM present)
        AND Timestamp >= (SELECT min(First) FROM present) AND Timestamp <= (SELECT max(Last) FROM present)
        AND is_failing(
            IsError, SpanKind, HttpStatus, Peers, ServerAddress,
            (SELECT Partners FROM known), (SELECT Services FROM known))
    LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp
)
GROUP BY TraceId;

CREATE TEMPORARY TABLE ordered AS
SELECT TraceId, groupArray((OrderId, Price.1, Price.2)) AS Orders
FROM (
    SELECT TraceId, OrderId, max((Amount, toString(Currency))) AS Price
    FROM orders
    WHERE Bucket IN (SELECT Bucket FROM buckets) AND TraceId IN (SELECT TraceId FROM present)
    GROUP BY TraceId, OrderId
    ORDER BY TraceId, OrderId
)
GROUP BY TraceId;

CREATE TEMPORARY TABLE requested AS
SELECT
    present.TraceId AS TraceId,
    present.First AS First,
    present.Last AS Last,
    present.IsClear AS IsClear,
    present.Entry AS Entry,
    failed.Failures AS Failures,
    ordered.Orders AS Orders
FROM present
LEFT ANY JOIN failed ON failed.TraceId = present.TraceId
LEFT ANY JOIN ordered ON ordered.TraceId = present.TraceId;

-- bind: Traceless
SELECT count() AS spans FROM tried WHERE empty(TraceId);

-- Spans without a trace, each as the request that it is, however often it was received.
-- if: Traceless
CREATE TEMPORARY TABLE alone AS
SELECT
    Facts, Facts.Timestamp AS Timestamp, Facts.SpanId AS SpanId, Facts.SpanKind AS SpanKind, Facts.ServiceName AS ServiceName,
    Facts.SpanName AS SpanName
FROM (SELECT entry_facts(tried.Entry) AS Facts FROM tried WHERE empty(TraceId))
WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {until:DateTime64(9, 'UTC')}
LIMIT 1 BY Timestamp, SpanId, SpanKind, ServiceName, SpanName;

-- if: Traceless
INSERT INTO requested
SELECT
    '' AS TraceId,
    Timestamp AS First,
    Timestamp AS Last,
    true AS IsClear,
    Facts AS Entry,
    if(is_failing(
            Facts.IsError, SpanKind, Facts.HttpStatus, Facts.Peers, Facts.ServerAddress,
            (SELECT Partners FROM known), (SELECT Services FROM known)),
        [(Timestamp, SpanId, ServiceName, SpanName, told.Error)], []) AS Failures,
    [] AS Orders
FROM alone
LEFT ANY JOIN (
    SELECT
        Timestamp, SpanId, toString(SpanKind) AS SpanKind, toString(ServiceName) AS ServiceName,
        toString(SpanName) AS SpanName, Error
    FROM failures
    WHERE empty(TraceId) AND Customer = {customer:String}
        AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {until:DateTime64(9, 'UTC')}
) AS told USING (Timestamp, SpanId, SpanKind, ServiceName, SpanName);

SELECT
    TraceId,
    IsClear,
    First,
    Last,
    Entry.Timestamp AS Timestamp,
    toUnixTimestamp64Nano(Entry.Timestamp) AS TimestampNs,
    Entry.SpanId AS SpanId,
    Entry.SpanKind AS SpanKind,
    Entry.ServiceName AS ServiceName,
    Entry.SpanName AS SpanName,
    Entry.Duration AS Duration,
    is_failing(
        Entry.IsError, Entry.SpanKind, Entry.HttpStatus, Entry.Peers, Entry.ServerAddress,
        (SELECT Partners FROM known), (SELECT Services FROM known)) AS IsFailing,
    CAST(Failures, 'Array(Tuple(Timestamp DateTime64(9, \'UTC\'), SpanId String, ServiceName String, SpanName String, Error String))') AS Failures,
    CAST(Orders, 'Array(Tuple(OrderId String, Amount Decimal(18, 4), Currency String))') AS Orders
FROM requested
ORDER BY Timestamp, TraceId, SpanId
LIMIT {at_most:UInt64}
