-- Which customers were affected by the failing (or slow) spans that match a question, and how did it go on for each?
-- from: DateTime64(9), to: DateTime64(9), the window: from <= start < to
-- as_of: DateTime64(9), spans and log records that begin later are not known
-- service, operation, route, partner, version: String, of the failing span; '' for any
-- slower_than_ns: Int64, nanoseconds that a span must exceed; negative: spans that failed
-- after_failures: Int64, after_customer: String, where the last page ended; -1 and '' for the first
-- page: UInt64, customers on a page
-- One row per affected customer of the page, most failures first. The figures over all of them stand on every row,
-- and on one row without a customer where the page is empty.

CREATE TEMPORARY TABLE known AS
SELECT
    (SELECT groupArray(Name) FROM partners) AS Partners,
    (
        SELECT groupArray(Name)
        FROM (
            SELECT toString(ServiceName) AS Name FROM services
            GROUP BY Name HAVING min(First) <= {as_of:DateTime64(9, 'UTC')}
        )
    ) AS Services;

-- The failing spans that match, or the slow ones. One row per span, however often it was received.
CREATE TEMPORARY TABLE matching (
    TraceId String, SpanId String, Timestamp DateTime64(9, 'UTC'), Filed DateTime('UTC'), ServiceName String, SpanName String,
    SpanKind String, Customer String, Error String
);

-- if: SELECT {slower_than_ns:Int64} < 0
INSERT INTO matching
WITH
    (SELECT Partners FROM known) AS known_partners,
    (SELECT Services FROM known) AS known_services
SELECT TraceId, SpanId, Timestamp, Filed, ServiceName, SpanName, SpanKind, Customer, Error
FROM failures
WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
    AND Timestamp <= {as_of:DateTime64(9, 'UTC')}
    AND is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, known_partners, known_services)
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({route:String} = '' OR Route = {route:String})
    AND ({version:String} = '' OR Version = {version:String})
    AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has(known_partners, {partner:String})))))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

-- if: SELECT {slower_than_ns:Int64} >= 0
INSERT INTO matching
WITH (SELECT Partners FROM known) AS known_partners
SELECT
    TraceId, SpanId, Timestamp, Filed, ServiceName, SpanName, SpanKind, Customer,
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
    AND ({operation:String} = '' OR SpanName = {operation:String})
    AND ({route:String} = '' OR Route = {route:String})
    AND ({version:String} = '' OR Version = {version:String})
    AND ({partner:String} = '' OR (SpanKind = 'Client' AND (
        has(Peers, {partner:String}) OR (ServerAddress = {partner:String} AND has(known_partners, {partner:String})))))
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

-- The traces that they are in, where those are filed, and whom they name.
CREATE TEMPORARY TABLE failed_traces AS
SELECT DISTINCT TraceId FROM matching WHERE notEmpty(TraceId);

CREATE TEMPORARY TABLE failed_buckets AS
SELECT Bucket, min(Start) AS Start FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT toUInt32(cityHash64(TraceId)) FROM failed_traces)
GROUP BY Bucket;

CREATE TEMPORARY TABLE failed_names AS
SELECT TraceId, Customer, max(FromSpans) AS BySpans, groupUniqArrayArray(LogSpans) AS LogSpans
FROM trace_customers
WHERE Bucket IN (SELECT Bucket FROM failed_buckets) AND TraceId IN (SELECT TraceId FROM failed_traces)
GROUP BY TraceId, Customer;

CREATE TEMPORARY TABLE failed_entries AS
SELECT
    TraceId,
    min((NotRoot, Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
        IsError, HttpStatus, Peers, toString(ServerAddress), Duration)) AS Entry
FROM trace_entries
WHERE Bucket IN (SELECT Bucket FROM failed_buckets) AND TraceId IN (SELECT TraceId FROM failed_traces)
GROUP BY TraceId;

-- How many failures each of them has at least and at most. One row per customer named.
CREATE TEMPORARY TABLE bounds AS
SELECT Customer, sum(Spans) AS AtMost, sumIf(Spans, IsSettled) AS AtLeast
FROM (
    SELECT failed_names.Customer AS Customer, Spans, Names = 1 AND BySpans AS IsSettled
    FROM failed_names
    INNER JOIN (SELECT TraceId, count() AS Spans FROM matching GROUP BY TraceId) AS failing ON failing.TraceId = failed_names.TraceId
    INNER JOIN (SELECT TraceId, count() AS Names FROM failed_names GROUP BY TraceId) AS names ON names.TraceId = failed_names.TraceId
    UNION ALL
    SELECT Customer, 1 AS Spans, true AS IsSettled FROM matching WHERE empty(TraceId) AND notEmpty(Customer)
)
GROUP BY Customer;

-- Those whose later attempts matter: whoever may have seen a failure, since they may have recovered; and whoever may
-- be on the page, since it says when they tried last. (As of a moment, that is everyone.)
CREATE TEMPORARY TABLE followed AS
WITH
    (SELECT Partners FROM known) AS known_partners,
    (SELECT Services FROM known) AS known_services,
    (
        SELECT (AtMost, Customer) FROM bounds
        WHERE AtMost = AtLeast AND ({after_failures:Int64} < 0
            OR AtMost < {after_failures:Int64}
            OR (AtMost = {after_failures:Int64} AND Customer > {after_customer:String}))
        ORDER BY AtMost DESC, Customer
        LIMIT 1 OFFSET {page:UInt64}
    ) AS beyond
SELECT Customer FROM bounds
WHERE isNull(beyond.1) OR AtMost > beyond.1 OR (AtMost = beyond.1 AND Customer <= beyond.2)
    OR {as_of:DateTime64(9, 'UTC')} < toDateTime64('2262-04-11 00:00:00', 9, 'UTC')
UNION DISTINCT
SELECT Customer FROM failed_names
WHERE TraceId IN (
    SELECT TraceId FROM failed_entries
    WHERE if({slower_than_ns:Int64} >= 0, Entry.11 > {slower_than_ns:Int64},
        is_failing(Entry.7, Entry.4, Entry.8, Entry.9, Entry.10, known_partners, known_services))
)
UNION DISTINCT
SELECT Customer FROM matching WHERE empty(TraceId) AND notEmpty(Customer);

-- What these customers tried from then on: roots that name them themselves. Such a root is its trace's entry where
-- the trace has no other root. A day is allowed for clocks that disagree.
CREATE TEMPORARY TABLE horizon AS
SELECT
    least(min(toDateTime64(Start, 9, 'UTC')), {from:DateTime64(9, 'UTC')}) AS Earliest,
    toStartOfTenMinutes(filed_under(Earliest) - INTERVAL 1 DAY) AS EarliestBucket
FROM failed_buckets;

CREATE TEMPORARY TABLE tried AS
WITH
    (SELECT Partners FROM known) AS known_partners,
    (SELECT Services FROM known) AS known_services
SELECT
    Customer, TraceId, toUInt32(cityHash64(TraceId)) AS TraceHash, Timestamp,
    toString(ServiceName) AS EntryService, toString(SpanName) AS EntryName,
    NOT is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, known_partners, known_services)
        AND ({slower_than_ns:Int64} < 0 OR Duration <= {slower_than_ns:Int64}) AS HasSucceeded
FROM entries
WHERE Customer IN (SELECT Customer FROM followed)
    AND Timestamp >= (SELECT Earliest FROM horizon) AND Timestamp <= {as_of:DateTime64(9, 'UTC')};

CREATE TEMPORARY TABLE clear AS
SELECT * FROM tried
WHERE empty(TraceId) OR TraceHash IN (
    SELECT TraceHash FROM otel_traces_trace_id_ts
    WHERE TraceHash IN (SELECT TraceHash FROM tried)
    GROUP BY TraceHash HAVING sum(Roots) = 1
);

-- Asked as of a moment: traces whose root, which names these customers, begins later than other spans that are known.
CREATE TEMPORARY TABLE begun_without_root (TraceId String);

-- if: SELECT {as_of:DateTime64(9, 'UTC')} < toDateTime64('2262-04-11 00:00:00', 9, 'UTC')
INSERT INTO begun_without_root
SELECT TraceId FROM entries
WHERE Customer IN (SELECT Customer FROM followed) AND Timestamp > {as_of:DateTime64(9, 'UTC')}
    AND toUInt32(cityHash64(TraceId)) IN (
        SELECT TraceHash FROM otel_traces_trace_id_ts
        WHERE Start <= {as_of:DateTime64(9, 'UTC')} AND TraceHash IN (
            SELECT toUInt32(cityHash64(TraceId)) FROM entries
            WHERE Customer IN (SELECT Customer FROM followed) AND Timestamp > {as_of:DateTime64(9, 'UTC')}
        )
    );

-- The traces to look at whole: those that failed, and those that name these customers in any other way, unless they
-- ended before the first failing one began.
CREATE TEMPORARY TABLE candidates AS
SELECT TraceId FROM failed_traces
UNION DISTINCT
SELECT TraceId FROM tried WHERE TraceId NOT IN (SELECT TraceId FROM clear)
UNION DISTINCT
SELECT TraceId FROM begun_without_root
UNION DISTINCT
SELECT TraceId FROM mentions
WHERE Customer IN (SELECT Customer FROM followed)
    AND (Bucket >= (SELECT EarliestBucket FROM horizon) OR Bucket < '2000-01-02')
    AND TraceId NOT IN (SELECT TraceId FROM clear);

CREATE TEMPORARY TABLE places AS
SELECT TraceHash, groupUniqArray(Bucket) AS Buckets FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT toUInt32(cityHash64(TraceId)) FROM candidates)
GROUP BY TraceHash
HAVING max(End) >= (SELECT min(Earliest) FROM horizon);

CREATE TEMPORARY TABLE concerned AS
SELECT TraceId FROM candidates WHERE toUInt32(cityHash64(TraceId)) IN (SELECT TraceHash FROM places);

CREATE TEMPORARY TABLE concerned_buckets AS
SELECT DISTINCT arrayJoin(Buckets) AS Bucket FROM places;

CREATE TEMPORARY TABLE trace_names AS
SELECT
    TraceId, min(Customer) AS Only, uniqExact(Customer) AS Names, max(BySpans) AS BySpans,
    groupUniqArrayArray(LogSpans) AS LogSpans
FROM (
    SELECT TraceId, Customer, BySpans, LogSpans FROM failed_names
    UNION ALL
    SELECT TraceId, Customer, FromSpans AS BySpans, LogSpans FROM trace_customers
    WHERE Bucket IN (SELECT Bucket FROM concerned_buckets)
        AND TraceId IN (SELECT TraceId FROM concerned) AND TraceId NOT IN (SELECT TraceId FROM failed_traces)
)
GROUP BY TraceId;

-- Of the traces that log records alone name, those that hold a span which such a record was written in.
CREATE TEMPORARY TABLE named_by_logs (TraceId String);

-- if: SELECT count() > 0 FROM trace_names WHERE NOT BySpans
INSERT INTO named_by_logs
SELECT DISTINCT TraceId
FROM trace_parts
INNER JOIN (SELECT TraceId, LogSpans FROM trace_names WHERE NOT BySpans) AS logs ON logs.TraceId = trace_parts.TraceId
WHERE Bucket IN (SELECT Bucket FROM concerned_buckets) AND TraceId IN (SELECT TraceId FROM trace_names WHERE NOT BySpans)
    AND hasAny(SpanHashes, LogSpans);

-- The unclear ones, whose spans must be read: they name two customers, or one in log records of spans that did not
-- come, or go on after as_of. One row per trace.
CREATE TEMPORARY TABLE unclear (TraceId String);

INSERT INTO unclear
SELECT TraceId FROM trace_names
WHERE Names > 1 OR (NOT BySpans AND TraceId NOT IN (SELECT TraceId FROM named_by_logs));

-- if: SELECT {as_of:DateTime64(9, 'UTC')} < toDateTime64('2262-04-11 00:00:00', 9, 'UTC')
INSERT INTO unclear
SELECT DISTINCT TraceId FROM trace_parts
WHERE Bucket IN (SELECT Bucket FROM concerned_buckets) AND TraceId IN (SELECT TraceId FROM concerned)
    AND Last > {as_of:DateTime64(9, 'UTC')} AND TraceId NOT IN (SELECT TraceId FROM unclear);

-- When their spans began. A wrong clock's are filed under another time than they say.
CREATE TEMPORARY TABLE unclear_times (
    Bucket DateTime('UTC'), First DateTime64(9, 'UTC'), Last DateTime64(9, 'UTC'), IsMisdated Bool
);

-- if: SELECT count() > 0 FROM unclear
INSERT INTO unclear_times
SELECT
    Bucket, min(trace_parts.First) AS First, max(trace_parts.Last) AS Last,
    toStartOfTenMinutes(First) != Bucket OR toStartOfTenMinutes(Last) != Bucket AS IsMisdated
FROM trace_parts
WHERE Bucket IN (SELECT Bucket FROM concerned_buckets) AND TraceId IN (SELECT TraceId FROM unclear)
GROUP BY Bucket;

CREATE TEMPORARY TABLE unclear_spans (
    TraceId String, SpanId String, ParentSpanId String, Timestamp DateTime64(9, 'UTC'), ServiceName String, SpanName String,
    SpanKind String, IsError Bool, HttpStatus UInt16, Peers Array(String), ServerAddress String, Duration UInt64,
    OrderId String, Amount Decimal(18, 4), Currency String, Name String
);

-- if: SELECT count() > 0 FROM unclear
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
    WHERE Bucket IN (SELECT Bucket FROM concerned_buckets) AND TraceId IN (SELECT TraceId FROM unclear)
        AND Timestamp <= {as_of:DateTime64(9, 'UTC')}
    GROUP BY TraceId, SpanId
) AS logs ON logs.TraceId = s.TraceId AND logs.SpanId = s.SpanId;

-- Their span ids (several spans may share one), with the earliest name given under each.
CREATE TEMPORARY TABLE nodes (
    TraceId String, SpanId String, Parents Array(String), FirstName Tuple(DateTime64(9, 'UTC'), String), IsNamed Bool
);

-- if: SELECT count() > 0 FROM unclear
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
CREATE TEMPORARY TABLE ancestors (TraceId String, Start String, Found String);

-- if: SELECT count() > 0 FROM unclear
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
CREATE TEMPORARY TABLE judged (
    TraceId String, SpanId String, ParentSpanId String, Timestamp DateTime64(9, 'UTC'), ServiceName String, SpanName String,
    SpanKind String, IsError Bool, HttpStatus UInt16, Peers Array(String), ServerAddress String, Duration UInt64,
    OrderId String, Amount Decimal(18, 4), Currency String, Customer String, IsAmbiguous Bool
);

-- if: SELECT count() > 0 FROM unclear
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

-- Every concerned trace's entry, and whose it is. One row per trace.
CREATE TEMPORARY TABLE trace_entry AS
SELECT TraceId, Entry, ifNull(Only, '') AS Customer
FROM (
    SELECT TraceId, Entry FROM failed_entries
    WHERE TraceId NOT IN (SELECT TraceId FROM unclear)
    UNION ALL
    SELECT
        TraceId,
        min((NotRoot, Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
            IsError, HttpStatus, Peers, toString(ServerAddress), Duration)) AS Entry
    FROM trace_entries
    WHERE Bucket IN (SELECT Bucket FROM concerned_buckets) AND TraceId IN (SELECT TraceId FROM concerned)
        AND TraceId NOT IN (SELECT TraceId FROM unclear) AND TraceId NOT IN (SELECT TraceId FROM failed_traces)
    GROUP BY TraceId
) AS entry
LEFT ANY JOIN trace_names ON trace_names.TraceId = entry.TraceId;

-- if: SELECT count() > 0 FROM unclear
INSERT INTO trace_entry
SELECT
    TraceId,
    min((notEmpty(ParentSpanId), Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
        IsError, HttpStatus, Peers, toString(ServerAddress), Duration)) AS Entry,
    argMin(judged.Customer, (notEmpty(ParentSpanId), Timestamp, SpanId, toString(SpanKind), toString(ServiceName),
        toString(SpanName))) AS Customer
FROM judged
GROUP BY TraceId;

-- The same, and how it went.
CREATE TEMPORARY TABLE trace_outcomes AS
WITH
    (SELECT Partners FROM known) AS known_partners,
    (SELECT Services FROM known) AS known_services,
    is_failing(Entry.7, Entry.4, Entry.8, Entry.9, Entry.10, known_partners, known_services) AS IsFailing,
    {slower_than_ns:Int64} >= 0 AND Entry.11 > {slower_than_ns:Int64} AS IsSlow
SELECT
    TraceId,
    Customer,
    Entry.2 AS Timestamp,
    Entry.5 AS EntryService,
    Entry.6 AS EntryName,
    if({slower_than_ns:Int64} >= 0, IsSlow, IsFailing) AS IsHit,
    NOT IsFailing AND NOT IsSlow AS HasSucceeded
FROM trace_entry;

-- Whose each matching span is, and whether they could see it. A span without a trace is its own entry.
CREATE TEMPORARY TABLE attributed AS
SELECT
    m.TraceId AS TraceId,
    m.SpanId AS SpanId,
    m.Timestamp AS Timestamp,
    m.ServiceName AS ServiceName,
    m.SpanName AS SpanName,
    m.SpanKind AS SpanKind,
    m.Error AS Error,
    multiIf(notEmpty(m.Customer), m.Customer, notEmpty(j.SpanName), j.Customer, clear_names.Only) AS Customer,
    empty(Customer) AND j.IsAmbiguous AS IsAmbiguous,
    if(empty(m.TraceId), m.Timestamp, o.Timestamp) AS EntryTime,
    if(empty(m.TraceId), m.ServiceName, o.EntryService) AS EntryService,
    if(empty(m.TraceId), m.SpanName, o.EntryName) AS EntryName,
    empty(m.TraceId) OR o.IsHit AS IsVisible
FROM matching AS m
LEFT ANY JOIN trace_outcomes AS o ON o.TraceId = m.TraceId
LEFT ANY JOIN (SELECT TraceId, Only FROM trace_names WHERE TraceId NOT IN (SELECT TraceId FROM unclear)) AS clear_names
    ON clear_names.TraceId = m.TraceId
LEFT ANY JOIN judged AS j
    ON j.TraceId = m.TraceId AND j.SpanId = m.SpanId AND j.SpanKind = m.SpanKind AND j.ServiceName = m.ServiceName
    AND j.SpanName = m.SpanName AND j.Timestamp = m.Timestamp;

-- One row per customer and entry operation of their failures: the last that they saw fail, and how they fared since.
CREATE TEMPORARY TABLE operations AS
SELECT
    failed.Customer AS Customer,
    any(HasFailed) AS HasFailed,
    any(LastEntry) AS LastEntry,
    max(attempts.IsTried) AS IsTried,
    maxIf(attempts.Timestamp, attempts.IsTried) AS LastTried,
    minIf(attempts.Timestamp, attempts.HasSucceeded AND attempts.Timestamp > failed.LastFailed) AS Succeeded,
    max(attempts.HasSucceeded AND attempts.Timestamp > failed.LastFailed) AS HasSucceeded
FROM (
    SELECT
        Customer, EntryService, EntryName,
        max(IsVisible) AS HasFailed, maxIf(EntryTime, IsVisible) AS LastFailed, max(EntryTime) AS LastEntry
    FROM attributed
    WHERE notEmpty(Customer)
    GROUP BY Customer, EntryService, EntryName
) AS failed
LEFT JOIN (
    SELECT Customer, Timestamp, EntryService, EntryName, HasSucceeded, true AS IsTried FROM clear
    UNION ALL
    SELECT Customer, Timestamp, EntryService, EntryName, HasSucceeded, true AS IsTried FROM trace_outcomes
    WHERE notEmpty(Customer) AND TraceId NOT IN (SELECT TraceId FROM clear)
) AS attempts
    ON attempts.Customer = failed.Customer AND attempts.EntryService = failed.EntryService
    AND attempts.EntryName = failed.EntryName
GROUP BY failed.Customer, failed.EntryService, failed.EntryName;

CREATE TEMPORARY TABLE outcomes AS
SELECT
    Customer,
    multiIf(
        NOT max(HasFailed), 'masked',
        countIf(HasFailed AND NOT HasSucceeded) > 0, 'not_recovered',
        'recovered') AS Outcome,
    if(Outcome = 'recovered', maxIf(Succeeded, HasFailed), NULL) AS RecoveredAt,
    greatest(maxIf(LastTried, IsTried), max(LastEntry)) AS LastAttempt
FROM operations
GROUP BY Customer;

-- The orders named in the traces of their failures, on spans of theirs, as often as they are named.
CREATE TEMPORARY TABLE named_orders AS
SELECT failed.Customer AS Customer, OrderId, Amount, toString(Currency) AS Currency
FROM orders
INNER JOIN (SELECT DISTINCT TraceId, Customer FROM attributed WHERE notEmpty(Customer) AND notEmpty(TraceId)) AS failed
    ON failed.TraceId = orders.TraceId
WHERE Bucket IN (SELECT Bucket FROM failed_buckets)
    AND TraceId IN (SELECT TraceId FROM failed_traces) AND TraceId NOT IN (SELECT TraceId FROM unclear);

-- if: SELECT count() > 0 FROM unclear
INSERT INTO named_orders
SELECT judged.Customer, OrderId, Amount, Currency
FROM judged
WHERE notEmpty(OrderId) AND (TraceId, judged.Customer) IN (SELECT TraceId, Customer FROM attributed WHERE notEmpty(Customer));

-- if: SELECT count() > 0 FROM attributed WHERE empty(TraceId) AND notEmpty(Customer)
INSERT INTO named_orders
SELECT alone.Customer, OrderId, Amount, toString(Currency)
FROM orders
INNER JOIN (SELECT * FROM attributed WHERE empty(TraceId) AND notEmpty(Customer)) AS alone
    ON alone.SpanId = orders.SpanId AND alone.Timestamp = orders.Timestamp AND alone.ServiceName = orders.ServiceName
    AND alone.SpanName = orders.SpanName AND alone.SpanKind = orders.SpanKind
WHERE Bucket IN (SELECT toStartOfTenMinutes(Filed) FROM matching WHERE empty(TraceId))
    AND empty(orders.TraceId);

-- One row per customer and order, with its largest amount.
CREATE TEMPORARY TABLE customer_orders AS
SELECT Customer, OrderId, max((Amount, Currency)) AS Price FROM named_orders GROUP BY Customer, OrderId;

CREATE TEMPORARY TABLE figures AS
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
                SELECT OrderId, max(customer_orders.Price) AS Price
                FROM customer_orders
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
FROM attributed;

CREATE TEMPORARY TABLE customers AS
SELECT
    Customer,
    count() AS Failures,
    min(Timestamp) AS First,
    max(Timestamp) AS Last
FROM attributed
WHERE notEmpty(Customer)
GROUP BY Customer
HAVING {after_failures:Int64} < 0
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
    outcomes.Outcome AS Outcome,
    outcomes.RecoveredAt AS RecoveredAt,
    outcomes.LastAttempt AS LastAttempt,
    CAST(priced.Orders, 'Array(Tuple(OrderId String, Amount Decimal(18, 4), Currency String))') AS Orders,
    CAST(shown.Evidence, 'Array(Tuple(Time DateTime64(9, \'UTC\'), TraceId String, SpanId String, ServiceName String, SpanName String, Error String))') AS Evidence
FROM figures
LEFT JOIN customers ON true
LEFT ANY JOIN outcomes ON outcomes.Customer = customers.Customer
LEFT ANY JOIN (
    SELECT Customer, arraySort(groupArray((OrderId, Price.1, Price.2))) AS Orders
    FROM customer_orders
    WHERE Customer IN (SELECT Customer FROM customers)
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
