-- Which customers were affected by the failing (or slow) spans that match a question, and how did it go on for each?
-- from: DateTime64(9), to: DateTime64(9), the window: from <= start < to
-- as_of: DateTime64(9), spans and log records that begin later are not known
-- service, operation, route, partner, version: String, of the failing span; '' for any
-- slower_than_ns: Int64, nanoseconds that a span must exceed; negative: spans that failed
-- customer: String, the only one who is asked about (others in traces that name them come along); '' for everyone
-- after_failures: Int64, after_customer: String, where the last page ended; -1 and '' for the first
-- page: UInt64, customers on a page
-- One row per affected customer of the page, most failures first. The figures over all of them stand on every row,
-- and on one row without a customer where the page is empty.

-- Tables are declared before they are filled: made of a SELECT, each would have it planned twice.

-- bind: failing, slow, one, past, partners, services
SELECT
    {slower_than_ns:Int64} < 0,
    {slower_than_ns:Int64} >= 0,
    {customer:String} != '',
    {as_of:DateTime64(9, 'UTC')} < toDateTime64('2262-04-11 00:00:00', 9, 'UTC'),
    (SELECT groupArray(Name) FROM partners),
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) <= {as_of:DateTime64(9, 'UTC')}
        )
    );

-- The traces that name the only customer who is asked about.
CREATE TEMPORARY TABLE naming (TraceId String);

-- if: one
INSERT INTO naming
SELECT DISTINCT TraceId FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND (Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(9, 'UTC')}) - INTERVAL 1 DAY) OR Bucket < '2000-01-02')
WHERE Customer = {customer:String} AND notEmpty(TraceId);

-- The failing spans that match, or the slow ones. One row per span, however often it was received.
CREATE TEMPORARY TABLE matching (
    TraceId String, TraceHash UInt64, SpanId String, Timestamp DateTime64(9, 'UTC'), Filed DateTime('UTC'), ServiceName String,
    SpanName String, SpanKind String, Customer String, Error String
);

-- if: failing
INSERT INTO matching
SELECT TraceId, cityHash64(TraceId), SpanId, Timestamp, Filed, ServiceName, SpanName, SpanKind, Customer, Error
FROM failures
WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
    AND Timestamp <= {as_of:DateTime64(9, 'UTC')}
    AND is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, {partners:Array(String)}, {services:Array(String)})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({customer:String} = '' OR Customer = {customer:String} OR TraceId IN (SELECT TraceId FROM naming))
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({route:String} = '' OR Route = {route:String})
    AND ({version:String} = '' OR Version = {version:String})
    AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has({partners:Array(String)}, {partner:String})))))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

-- if: slow
INSERT INTO matching
SELECT
    TraceId, cityHash64(TraceId), SpanId, Timestamp, Filed, ServiceName, SpanName, SpanKind, Customer,
    if(
        IsError OR (SpanKind = 'Server' AND HttpStatus >= 500),
        error_text(`Events.Name`, `Events.Attributes`, StatusMessage, ErrorType, HttpStatus),
        concat('took ', multiIf(
            Duration < 1000000, concat(toString(round(Duration / 1000)), ' µs'),
            Duration < 1000000000, concat(toString(round(Duration / 1000000)), ' ms'),
            concat(toString(round(Duration / 1000000000, 2)), ' s')))) AS Error  -- what answered in time says no error
FROM spans
WHERE Duration > {slower_than_ns:Int64}
    AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
    AND Timestamp <= {as_of:DateTime64(9, 'UTC')}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({customer:String} = '' OR Customer = {customer:String} OR TraceId IN (SELECT TraceId FROM naming))
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({route:String} = '' OR Route = {route:String})
    AND ({version:String} = '' OR Version = {version:String})
    AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has({partners:Array(String)}, {partner:String})))))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

-- Where the traces that they are in are filed: one row per part of one. A day is allowed for what went before; a trace that
-- has no root by then began earlier, and is sought among all.
CREATE TEMPORARY TABLE failed_places (TraceHash UInt64, Roots UInt64, Bucket DateTime('UTC'));

INSERT INTO failed_places
SELECT TraceHash, Roots, trace_parts.Bucket AS Bucket
FROM trace_parts
WHERE TraceHash IN (SELECT TraceHash FROM matching WHERE notEmpty(TraceId))
    AND (Bucket >= (SELECT toStartOfTenMinutes(min(Filed)) - INTERVAL 1 DAY FROM matching) OR Bucket < '2000-01-02');

INSERT INTO failed_places
SELECT TraceHash, Roots, otel_traces_trace_id_ts.Bucket AS Bucket
FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT TraceHash FROM failed_places GROUP BY TraceHash HAVING sum(Roots) = 0);

-- These traces: whose each is, and what became of its entry. One row per trace. Unclear are those that name two
-- customers, or one in log records of spans that did not come, or that go on after as_of. (One thread: two cost twice as much.)
CREATE TEMPORARY TABLE traces (
    TraceId String, Names Array(String), IsUnclear Bool, Customer String,
    EntryTime DateTime64(9, 'UTC'), EntryService String, EntryName String, IsHit Bool, HasSucceeded Bool
);

INSERT INTO traces
WITH
    entry_is_failing(Entry, {partners:Array(String)}, {services:Array(String)}) AS IsFailing,
    {slower_than_ns:Int64} >= 0 AND entry_duration(Entry) > {slower_than_ns:Int64} AS IsSlow
SELECT
    TraceId,
    Names,
    length(Names) > 1 OR (notEmpty(Names) AND NOT IsNamedBySpans AND NOT IsNamedByLogs) OR IsGoingOn AS IsUnclear,
    if(IsUnclear, '', Names[1]) AS Customer,
    entry_time(Entry) AS EntryTime,
    Entry[5] AS EntryService,
    Entry[6] AS EntryName,
    if({slower_than_ns:Int64} >= 0, IsSlow, IsFailing) AS IsHit,
    NOT IsFailing AND NOT IsSlow AS HasSucceeded
FROM (
    SELECT
        TraceId,
        groupUniqArrayArray(trace_parts.Names) AS Names,
        max(notEmpty(trace_parts.Entry) AND notEmpty(trace_parts.Names)) AS IsNamedBySpans,
        hasAny(
            groupArrayArrayIf(SpanHashes, notEmpty(trace_parts.Entry)), groupArrayArrayIf(SpanHashes, empty(trace_parts.Entry))
        ) AS IsNamedByLogs,
        {past:UInt8} AND max(Last) > {as_of:DateTime64(9, 'UTC')} AS IsGoingOn,
        minIf(trace_parts.Entry, notEmpty(trace_parts.Entry)) AS Packed,
        unpacked(Packed) AS Entry
    FROM trace_parts
    WHERE Bucket IN (SELECT Bucket FROM failed_places) AND TraceHash IN (SELECT TraceHash FROM matching)
    GROUP BY TraceId
    HAVING notEmpty(Packed) AND TraceId IN (SELECT TraceId FROM matching)
)
SETTINGS max_threads = 1;

-- Whose each matching span is, and whether they could see it. A span without a trace is its own entry.
CREATE TEMPORARY TABLE attributed (
    TraceId String, SpanId String, Timestamp DateTime64(9, 'UTC'), ServiceName String, SpanName String, SpanKind String,
    Error String, Customer String, IsAmbiguous Bool,
    EntryTime DateTime64(9, 'UTC'), EntryService String, EntryName String, IsVisible Bool
);

INSERT INTO attributed
SELECT
    m.TraceId, m.SpanId, m.Timestamp, m.ServiceName, m.SpanName, m.SpanKind, m.Error,
    if(notEmpty(m.Customer), m.Customer, t.Customer) AS Customer,
    false AS IsAmbiguous,
    if(empty(m.TraceId), m.Timestamp, t.EntryTime),
    if(empty(m.TraceId), m.ServiceName, t.EntryService),
    if(empty(m.TraceId), m.SpanName, t.EntryName),
    empty(m.TraceId) OR t.IsHit
FROM matching AS m
LEFT ANY JOIN traces AS t ON t.TraceId = m.TraceId
WHERE NOT t.IsUnclear;

-- The orders named in the traces of their failures, as often as they are named.
CREATE TEMPORARY TABLE named_orders (Customer String, OrderId String, Amount Decimal(18, 4), Currency String);

INSERT INTO named_orders
SELECT failed.Customer, OrderId, Amount, toString(Currency)
FROM orders
INNER JOIN (SELECT TraceId, Customer FROM traces WHERE notEmpty(Customer)) AS failed ON failed.TraceId = orders.TraceId
WHERE Bucket IN (SELECT Bucket FROM failed_places);

-- How many failures each of them has at least and at most, and whether they may have seen one. One row per customer named.
CREATE TEMPORARY TABLE bounds (Customer String, AtMost UInt64, AtLeast UInt64, MayHaveSeen Bool);

INSERT INTO bounds
SELECT Customer, sum(Failures) AS AtMost, sumIf(Failures, IsSettled) AS AtLeast, max(IsHit) AS MayHaveSeen
FROM (
    SELECT Customer, 1 AS Failures, true AS IsSettled, IsVisible AS IsHit FROM attributed WHERE notEmpty(Customer)
    UNION ALL
    SELECT arrayJoin(traces.Names), failed.Failures, false, traces.IsHit
    FROM traces
    INNER JOIN (
        SELECT TraceId, count() AS Failures FROM matching
        WHERE TraceId IN (SELECT TraceId FROM traces WHERE IsUnclear)
        GROUP BY TraceId
    ) AS failed ON failed.TraceId = traces.TraceId
)
GROUP BY Customer;

-- From when on attempts matter: no trace concerned began before its bucket, but for clocks that say so. And with whom the
-- page ends, among those whose failures are known; 0 where it ends with the last. A day is allowed for clocks that disagree.
-- bind: earliest, earliest_bucket, alone, beyond_failures, beyond_customer
WITH (
    SELECT groupArray((AtMost, Customer))
    FROM (
        SELECT AtMost, Customer FROM bounds
        WHERE AtMost = AtLeast AND ({after_failures:Int64} < 0
            OR AtMost < {after_failures:Int64}
            OR (AtMost = {after_failures:Int64} AND Customer > {after_customer:String}))
        ORDER BY AtMost DESC, Customer
        LIMIT 1 OFFSET {page:UInt64}
    )
) AS beyond
SELECT
    multiIf(
        count() = 0, {from:DateTime64(9, 'UTC')},
        min(Bucket) < '2000-01-02', toDateTime64('1900-01-01 00:00:00', 9, 'UTC'),
        least(toDateTime64(min(Bucket), 9, 'UTC'), {from:DateTime64(9, 'UTC')})) AS earliest,
    toStartOfTenMinutes(filed_under(earliest) - INTERVAL 1 DAY),
    (SELECT countIf(empty(TraceId) AND notEmpty(Customer)) FROM matching),
    beyond[1].1,
    beyond[1].2
FROM failed_places;

-- if: alone
INSERT INTO named_orders
SELECT alone.Customer, OrderId, Amount, toString(Currency)
FROM orders
INNER JOIN (SELECT * FROM attributed WHERE empty(TraceId) AND notEmpty(Customer)) AS alone
    ON alone.SpanId = orders.SpanId AND alone.Timestamp = orders.Timestamp AND alone.ServiceName = orders.ServiceName
    AND alone.SpanName = orders.SpanName AND alone.SpanKind = orders.SpanKind
WHERE Bucket IN (SELECT toStartOfTenMinutes(Filed) FROM matching WHERE empty(TraceId))
    AND empty(orders.TraceId);

-- Those whose later attempts matter: whoever may have seen a failure, since they may have recovered; and whoever may
-- be on the page, since it says when they tried last. (As of a moment, that is everyone.)
CREATE TEMPORARY TABLE followed (Customer String, CustomerHash UInt32);

INSERT INTO followed
SELECT Customer, toUInt32(cityHash64(Customer)) AS CustomerHash FROM bounds
WHERE MayHaveSeen OR {past:UInt8} OR AtMost > {beyond_failures:UInt64}
    OR (AtMost = {beyond_failures:UInt64} AND Customer <= {beyond_customer:String});

-- What they tried from then on, as it was told where it names them. A root that they began earlier is left out: its trace
-- began no later. (Of another whose hash is the same, nobody asks.)
CREATE TEMPORARY TABLE candidates (
    TraceId String, TraceHash UInt64, IsRoot Bool, IsTold Bool, Customer String, Timestamp DateTime64(9, 'UTC'),
    EntryService String, EntryName String, HasSucceeded Bool
);

INSERT INTO candidates
SELECT
    mentions.TraceId AS TraceId,
    cityHash64(TraceId) AS TraceHash,
    mentions.IsRoot AS IsRoot,
    notEmpty(Entry[1]) AND (NOT {past:UInt8} OR (IsRoot AND Timestamp <= {as_of:DateTime64(9, 'UTC')})) AS IsTold,
    mentions.Customer AS Customer,
    entry_time(Entry) AS Timestamp,
    Entry[5] AS EntryService,
    Entry[6] AS EntryName,
    NOT entry_is_failing(Entry, {partners:Array(String)}, {services:Array(String)})
        AND ({slower_than_ns:Int64} < 0 OR entry_duration(Entry) <= {slower_than_ns:Int64}) AS HasSucceeded
FROM mentions
PREWHERE CustomerHash IN (SELECT CustomerHash FROM followed)
    AND (Bucket >= {earliest_bucket:DateTime('UTC')} OR Bucket < '2000-01-02')
WHERE NOT (IsRoot AND IsTold) OR Timestamp >= {earliest:DateTime64(9, 'UTC')};

-- Where these traces are filed, as above.
CREATE TEMPORARY TABLE places (TraceHash UInt64, Roots UInt64, Bucket DateTime('UTC'));

INSERT INTO places
SELECT TraceHash, Roots, trace_parts.Bucket AS Bucket
FROM trace_parts
WHERE TraceHash IN (SELECT TraceHash FROM candidates)
    AND (Bucket >= {earliest_bucket:DateTime('UTC')} OR Bucket < '2000-01-02')
SETTINGS optimize_move_to_prewhere = 0;  -- what is wanted lies in nearly every granule

INSERT INTO places
SELECT TraceHash, Roots, otel_traces_trace_id_ts.Bucket AS Bucket
FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT TraceHash FROM places GROUP BY TraceHash HAVING sum(Roots) = 0)
    AND Bucket < {earliest_bucket:DateTime('UTC')};

-- Their attempts. A root that names its customer is its trace's entry where the trace has no other root; and a trace
-- that came at once, and names nobody else, is known from where it names them.
CREATE TEMPORARY TABLE attempts (
    TraceId String, Customer String, Timestamp DateTime64(9, 'UTC'), EntryService String, EntryName String, HasSucceeded Bool
);

INSERT INTO attempts
SELECT TraceId, Customer, Timestamp, EntryService, EntryName, HasSucceeded
FROM candidates
LEFT ANY JOIN (
    SELECT TraceHash, sum(Roots) = 1 AS HasOneRoot, count() = 1 AND sum(Roots) < 2 AS CameAtOnce
    FROM places
    GROUP BY TraceHash
) AS parts ON parts.TraceHash = candidates.TraceHash
WHERE IsTold AND (empty(TraceId) OR if(IsRoot, HasOneRoot, CameAtOnce));

-- The other traces must be looked at whole, unless they ended before the first failing one began, or began too late to be known.
CREATE TEMPORARY TABLE concerned (TraceHash UInt64, Bucket DateTime('UTC'));

INSERT INTO concerned
SELECT TraceHash, arrayJoin(groupUniqArray(places.Bucket)) AS Bucket
FROM places
WHERE TraceHash IN (
    SELECT TraceHash FROM candidates
    WHERE TraceId NOT IN (SELECT TraceId FROM attempts) AND TraceId NOT IN (SELECT TraceId FROM traces))
GROUP BY TraceHash
HAVING max(places.Bucket) >= toStartOfTenMinutes(filed_under({earliest:DateTime64(9, 'UTC')}))
    AND min(places.Bucket) <= {as_of:DateTime64(9, 'UTC')};

-- bind: looked_at
SELECT count() FROM concerned;

-- if: looked_at
INSERT INTO traces
WITH
    entry_is_failing(Entry, {partners:Array(String)}, {services:Array(String)}) AS IsFailing,
    {slower_than_ns:Int64} >= 0 AND entry_duration(Entry) > {slower_than_ns:Int64} AS IsSlow
SELECT
    TraceId,
    Names,
    length(Names) > 1 OR (notEmpty(Names) AND NOT IsNamedBySpans AND NOT IsNamedByLogs) OR IsGoingOn AS IsUnclear,
    if(IsUnclear, '', Names[1]) AS Customer,
    entry_time(Entry) AS EntryTime,
    Entry[5] AS EntryService,
    Entry[6] AS EntryName,
    if({slower_than_ns:Int64} >= 0, IsSlow, IsFailing) AS IsHit,
    NOT IsFailing AND NOT IsSlow AS HasSucceeded
FROM (
    SELECT
        TraceId,
        groupUniqArrayArray(trace_parts.Names) AS Names,
        max(notEmpty(trace_parts.Entry) AND notEmpty(trace_parts.Names)) AS IsNamedBySpans,
        hasAny(
            groupArrayArrayIf(SpanHashes, notEmpty(trace_parts.Entry)), groupArrayArrayIf(SpanHashes, empty(trace_parts.Entry))
        ) AS IsNamedByLogs,
        {past:UInt8} AND max(Last) > {as_of:DateTime64(9, 'UTC')} AS IsGoingOn,
        minIf(trace_parts.Entry, notEmpty(trace_parts.Entry)) AS Packed,
        unpacked(Packed) AS Entry
    FROM trace_parts
    WHERE (Bucket, TraceHash) IN (SELECT Bucket, TraceHash FROM concerned)
    GROUP BY TraceId
    HAVING notEmpty(Packed)
)
SETTINGS use_index_for_in_with_subqueries_max_values = 0;

-- The unclear traces: their spans must be read, and their ancestors walked. Seldom are there any.
-- bind: unclear
SELECT countIf(IsUnclear) FROM traces;

-- if: unclear
CREATE TEMPORARY TABLE unclear AS
SELECT TraceId FROM traces WHERE IsUnclear;

-- if: unclear
CREATE TEMPORARY TABLE unclear_buckets AS
SELECT Bucket FROM failed_places
UNION DISTINCT
SELECT Bucket FROM concerned;

-- When their spans began. A wrong clock's are filed under another time than they say.
-- if: unclear
CREATE TEMPORARY TABLE unclear_times AS
SELECT
    Bucket, min(trace_parts.First) AS First, max(trace_parts.Last) AS Last,
    toStartOfTenMinutes(First) != Bucket OR toStartOfTenMinutes(Last) != Bucket AS IsMisdated
FROM trace_parts
WHERE Bucket IN (SELECT Bucket FROM unclear_buckets) AND TraceId IN (SELECT TraceId FROM unclear)
GROUP BY Bucket;

-- if: unclear
CREATE TEMPORARY TABLE unclear_spans (
    TraceId String, SpanId String, ParentSpanId String, Timestamp DateTime64(9, 'UTC'), ServiceName String, SpanName String,
    SpanKind String, IsError Bool, HttpStatus UInt16, Peers Array(String), ServerAddress String, Duration UInt64,
    OrderId String, Amount Decimal(18, 4), Currency String, Name String
);

-- if: unclear
INSERT INTO unclear_spans
SELECT
    s.TraceId AS TraceId,
    s.SpanId AS SpanId,
    s.ParentSpanId AS ParentSpanId,
    s.Timestamp AS Timestamp,
    s.ServiceName AS ServiceName,
    s.SpanName AS SpanName,
    s.SpanKind AS SpanKind,
    s.IsError AS IsError,
    s.HttpStatus AS HttpStatus,
    s.Peers AS Peers,
    s.ServerAddress AS ServerAddress,
    s.Duration AS Duration,
    s.OrderId AS OrderId,
    s.Amount AS Amount,
    s.Currency AS Currency,
    multiIf(notEmpty(s.Customer), s.Customer, notEmpty(LogCustomer), LogCustomer, ResourceCustomer) AS Name
FROM (
    SELECT
        TraceId, SpanId, ParentSpanId, Timestamp, ServiceName, SpanName, SpanKind, IsError, HttpStatus, Peers,
        ServerAddress, Duration, Customer, ResourceCustomer, OrderId, Amount, Currency
    FROM spans
    WHERE TraceId IN (SELECT TraceId FROM unclear)
        AND Timestamp >= (SELECT min(First) FROM unclear_times)
        AND Timestamp <= (SELECT least(max(Last), {as_of:DateTime64(9, 'UTC')}) FROM unclear_times)
        AND ((SELECT max(IsMisdated) FROM unclear_times) OR toStartOfTenMinutes(Timestamp) IN (SELECT Bucket FROM unclear_times))
    LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp
) AS s
LEFT ANY JOIN (
    SELECT TraceId, SpanId, argMin(Customer, (Timestamp, Customer)) AS LogCustomer
    FROM log_customers
    WHERE Bucket IN (SELECT Bucket FROM unclear_buckets) AND TraceId IN (SELECT TraceId FROM unclear)
        AND Timestamp <= {as_of:DateTime64(9, 'UTC')}
    GROUP BY TraceId, SpanId
) AS logs ON logs.TraceId = s.TraceId AND logs.SpanId = s.SpanId;

-- Their span ids (several spans may share one), with the earliest name given under each.
-- if: unclear
CREATE TEMPORARY TABLE nodes (
    TraceId String, SpanId String, Parents Array(String), FirstName Tuple(DateTime64(9, 'UTC'), String), IsNamed Bool
);

-- if: unclear
INSERT INTO nodes
SELECT
    TraceId,
    SpanId,
    groupUniqArrayIf(ParentSpanId, notEmpty(ParentSpanId)) AS Parents,
    minIf((Timestamp, Name), notEmpty(Name)) AS FirstName,
    max(notEmpty(Name)) AS IsNamed
FROM unclear_spans
GROUP BY TraceId, SpanId;

-- The nearest named ancestor above each parent id, level by level. One row per trace and parent id that has one.
-- if: unclear
CREATE TEMPORARY TABLE ancestors (TraceId String, Start String, Found String);

-- if: unclear
INSERT INTO ancestors
WITH RECURSIVE walk AS (
    SELECT DISTINCT
        TraceId,
        ParentSpanId AS Start,
        [ParentSpanId] AS Frontier,
        CAST([], 'Array(String)') AS Visited,
        '' AS Found
    FROM unclear_spans
    WHERE empty(Name) AND notEmpty(ParentSpanId)
    UNION ALL
    SELECT TraceId, Start, arrayFilter(id -> NOT has(Seen, id), Above) AS Frontier, Seen AS Visited, Found
    FROM (
        SELECT
            level.TraceId AS TraceId,
            level.Start AS Start,
            level.Seen AS Seen,
            groupUniqArrayArray(nodes.Parents) AS Above,
            tupleElement(minIf(nodes.FirstName, nodes.IsNamed), 2) AS Found
        FROM (
            SELECT TraceId, Start, arrayConcat(Visited, Frontier) AS Seen, arrayJoin(Frontier) AS SpanId
            FROM walk
            WHERE empty(Found)
        ) AS level
        INNER JOIN nodes ON nodes.TraceId = level.TraceId AND nodes.SpanId = level.SpanId
        GROUP BY TraceId, Start, Seen
    )
)
SELECT TraceId, Start, Found FROM walk WHERE notEmpty(Found);

-- The spans of unclear traces, each with the customer that it belongs to: itself, an ancestor, the only one named.
-- if: unclear
CREATE TEMPORARY TABLE judged (
    TraceId String, SpanId String, ParentSpanId String, Timestamp DateTime64(9, 'UTC'), ServiceName String, SpanName String,
    SpanKind String, IsError Bool, HttpStatus UInt16, Peers Array(String), ServerAddress String, Duration UInt64,
    OrderId String, Amount Decimal(18, 4), Currency String, Customer String, IsAmbiguous Bool
);

-- if: unclear
INSERT INTO judged
SELECT
    s.TraceId AS TraceId,
    s.SpanId AS SpanId,
    s.ParentSpanId AS ParentSpanId,
    s.Timestamp AS Timestamp,
    s.ServiceName AS ServiceName,
    s.SpanName AS SpanName,
    s.SpanKind AS SpanKind,
    s.IsError AS IsError,
    s.HttpStatus AS HttpStatus,
    s.Peers AS Peers,
    s.ServerAddress AS ServerAddress,
    s.Duration AS Duration,
    s.OrderId AS OrderId,
    s.Amount AS Amount,
    s.Currency AS Currency,
    multiIf(notEmpty(s.Name), s.Name, notEmpty(Found), Found, Names = 1, Only, '') AS Customer,
    empty(Customer) AND Names > 1 AS IsAmbiguous
FROM unclear_spans AS s
LEFT ANY JOIN ancestors ON ancestors.TraceId = s.TraceId AND ancestors.Start = s.ParentSpanId
LEFT ANY JOIN (
    SELECT TraceId, uniqExactIf(Name, notEmpty(Name)) AS Names, minIf(Name, notEmpty(Name)) AS Only
    FROM unclear_spans
    GROUP BY TraceId
) AS names ON names.TraceId = s.TraceId;

-- Their entries, as the other traces'.
-- if: unclear
CREATE TEMPORARY TABLE judged_entries AS
SELECT
    TraceId,
    min((notEmpty(ParentSpanId), Timestamp, SpanId, SpanKind, ServiceName, SpanName,
        IsError, HttpStatus, Peers, ServerAddress, Duration, judged.Customer)) AS Entry,
    Entry.12 AS Customer,
    Entry.2 AS EntryTime,
    Entry.5 AS EntryService,
    Entry.6 AS EntryName,
    is_failing(Entry.7, Entry.4, Entry.8, Entry.9, Entry.10, {partners:Array(String)}, {services:Array(String)}) AS IsFailing,
    {slower_than_ns:Int64} >= 0 AND Entry.11 > {slower_than_ns:Int64} AS IsSlow,
    if({slower_than_ns:Int64} >= 0, IsSlow, IsFailing) AS IsHit,
    NOT IsFailing AND NOT IsSlow AS HasSucceeded
FROM judged
GROUP BY TraceId;

-- if: unclear
INSERT INTO attempts
SELECT TraceId, Customer, EntryTime, EntryService, EntryName, HasSucceeded
FROM judged_entries
WHERE notEmpty(Customer);

-- if: unclear
INSERT INTO attributed
SELECT
    m.TraceId, m.SpanId, m.Timestamp, m.ServiceName, m.SpanName, m.SpanKind, m.Error,
    if(notEmpty(m.Customer), m.Customer, j.Customer) AS Customer,
    empty(Customer) AND j.IsAmbiguous AS IsAmbiguous,
    e.EntryTime, e.EntryService, e.EntryName, e.IsHit
FROM matching AS m
LEFT ANY JOIN judged_entries AS e ON e.TraceId = m.TraceId
LEFT ANY JOIN judged AS j
    ON j.TraceId = m.TraceId AND j.SpanId = m.SpanId AND j.SpanKind = m.SpanKind AND j.ServiceName = m.ServiceName
    AND j.SpanName = m.SpanName AND j.Timestamp = m.Timestamp
WHERE m.TraceId IN (SELECT TraceId FROM unclear);

-- if: unclear
INSERT INTO named_orders
SELECT judged.Customer, OrderId, Amount, Currency
FROM judged
WHERE notEmpty(OrderId) AND (TraceId, judged.Customer) IN (SELECT TraceId, Customer FROM attributed WHERE notEmpty(Customer));

-- How each customer fared: one row per customer, from one per entry operation of their failures.
CREATE TEMPORARY TABLE outcomes (
    Customer String, Failures UInt64, First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), Outcome String,
    RecoveredAt Nullable(DateTime64(9, 'UTC')), LastAttempt DateTime64(9, 'UTC')
);

INSERT INTO outcomes
SELECT
    Customer,
    sum(Failures) AS Failures,
    min(First) AS First,
    max(Last) AS Last,
    multiIf(
        NOT max(HasFailed), 'masked',
        countIf(HasFailed AND NOT HasSucceeded) > 0, 'not_recovered',
        'recovered') AS Outcome,
    if(Outcome = 'recovered', maxIf(Succeeded, HasFailed), NULL) AS RecoveredAt,
    max(LastTried) AS LastAttempt
FROM (
    SELECT
        failed.Customer AS Customer,
        any(failed.Failures) AS Failures,
        any(failed.First) AS First,
        any(failed.Last) AS Last,
        any(failed.HasFailed) AS HasFailed,
        greatest(any(failed.LastEntry), max(attempts.Timestamp)) AS LastTried,
        minIf(attempts.Timestamp, attempts.HasSucceeded AND attempts.Timestamp > failed.LastFailed) AS Succeeded,
        max(attempts.HasSucceeded AND attempts.Timestamp > failed.LastFailed) AS HasSucceeded
    FROM (
        SELECT
            Customer, EntryService, EntryName,
            count() AS Failures, min(Timestamp) AS First, max(Timestamp) AS Last,
            max(IsVisible) AS HasFailed, maxIf(EntryTime, IsVisible) AS LastFailed, max(EntryTime) AS LastEntry
        FROM attributed
        WHERE notEmpty(Customer)
        GROUP BY Customer, EntryService, EntryName
    ) AS failed
    LEFT JOIN (
        SELECT Customer, Timestamp, EntryService, EntryName, HasSucceeded FROM attempts
        UNION ALL
        SELECT Customer, EntryTime, EntryService, EntryName, HasSucceeded FROM traces WHERE NOT IsUnclear AND notEmpty(Customer)
    ) AS attempts
        ON attempts.Customer = failed.Customer AND attempts.EntryService = failed.EntryService
        AND attempts.EntryName = failed.EntryName
    GROUP BY failed.Customer, failed.EntryService, failed.EntryName
)
GROUP BY Customer;

-- The page, and the figures over all of them.
CREATE TEMPORARY TABLE customers (
    Customer String, Failures UInt64, First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), Outcome String,
    RecoveredAt Nullable(DateTime64(9, 'UTC')), LastAttempt DateTime64(9, 'UTC')
);

INSERT INTO customers
SELECT * FROM outcomes
WHERE {after_failures:Int64} < 0
    OR Failures < {after_failures:Int64}
    OR (Failures = {after_failures:Int64} AND Customer > {after_customer:String})
ORDER BY Failures DESC, Customer
LIMIT {page:UInt64};

SELECT
    figures.* EXCEPT (Counts),
    customers.Customer AS Customer,
    customers.Failures AS Failures,
    customers.First AS First,
    customers.Last AS Last,
    customers.Outcome AS Outcome,
    customers.RecoveredAt AS RecoveredAt,
    customers.LastAttempt AS LastAttempt,
    CAST(priced.Orders, 'Array(Tuple(OrderId String, Amount Decimal(18, 4), Currency String))') AS Orders,
    CAST(shown.Evidence, 'Array(Tuple(Time DateTime64(9, \'UTC\'), TraceId String, SpanId String, ServiceName String, SpanName String, Error String))') AS Evidence
FROM (
    SELECT
        (
            SELECT (count(), countIf(Outcome = 'not_recovered'), countIf(Outcome = 'recovered'), countIf(Outcome = 'masked'))
            FROM outcomes
        ) AS Counts,
        Counts.1 AS Customers,
        Counts.2 AS NotRecovered,
        Counts.3 AS Recovered,
        Counts.4 AS Masked,
        count() AS AllFailures,
        uniqExactIf(TraceId, notEmpty(TraceId)) + countIf(empty(TraceId)) AS FailedRequests,
        countIf(empty(Customer) AND NOT IsAmbiguous) AS Unattributed,
        countIf(IsAmbiguous) AS Ambiguous,
        (
            SELECT CAST(groupArray((Currency, Total)), 'Array(Tuple(Currency String, Amount Decimal(38, 4)))')
            FROM (
                SELECT Price.2 AS Currency, sum(Price.1) AS Total
                FROM (
                    SELECT OrderId, max((Amount, named_orders.Currency)) AS Price
                    FROM named_orders
                    WHERE Customer IN (SELECT Customer FROM outcomes WHERE Outcome = 'not_recovered')
                    GROUP BY OrderId
                )
                WHERE Price.1 > 0
                GROUP BY Currency
                ORDER BY Currency
            )
        ) AS AtRisk,
        (
            SELECT sum(Sampled) FROM red
            WHERE Time >= toStartOfInterval({from:DateTime64(9, 'UTC')}, INTERVAL 10 SECOND) AND Time < {to:DateTime64(9, 'UTC')}
        ) AS SampledSpans
    FROM attributed
) AS figures
LEFT JOIN customers ON true
LEFT ANY JOIN (
    SELECT Customer, arraySort(groupArray((OrderId, Price.1, Price.2))) AS Orders
    FROM (
        SELECT Customer, OrderId, max((Amount, Currency)) AS Price
        FROM named_orders
        WHERE Customer IN (SELECT Customer FROM customers)
        GROUP BY Customer, OrderId
    )
    GROUP BY Customer
) AS priced ON priced.Customer = customers.Customer
LEFT ANY JOIN (
    SELECT
        Customer,
        groupArraySorted(3)((Timestamp, TraceId, SpanId, toString(ServiceName), toString(SpanName), Error)) AS Evidence
    FROM attributed
    WHERE Customer IN (SELECT Customer FROM customers)
    GROUP BY Customer
) AS shown ON shown.Customer = customers.Customer
ORDER BY Failures DESC, Customer
