-- Which orders were charged without being placed, placed without being charged, or charged more than once?
-- from, to: DateTime64, UTC; orders are meant for which a charge began then; `to` itself not meant
-- before: DateTime64, UTC; requests for these orders are looked for from then on
-- settled: DateTime64, UTC; a charge that began from then on says that the order is paid, and no more
-- as_of: DateTime64, UTC; what began later is not known
-- words: String, a regular expression (re2, small letters) of the names of spans that charge
-- other_words: String, one (of letters as they are) of the names of those that do not, though they are so called
-- One row per order: in how many requests a charge went well, how many charges failed, whether an entry operation that
-- charges has gone well for the order, whose it is, the first charge that went well (or failed, where none did), and all
-- that went well (trace, span, time), earliest first. A charge is a client span that is so named, to no database (whose
-- spans are called `INSERT shop.payments`), of the only order that its trace names. What counts is charged by the entry
-- operation of the order's first charge then, at any time; and where that did not go well for the order, by those that
-- charged it then, too: it was paid in another way. A capture by another operation says no more than that the order is
-- paid, and so does whatever else another operation charges.
CREATE TEMPORARY TABLE charging AS
SELECT DISTINCT TraceId
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND toStartOfTenMinutes(Timestamp) >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')})
    AND SpanKind = 'Client' AND TraceId != '' AND match(lower(SpanName), {words:String})
    AND NOT match(SpanName, {other_words:String})
    AND SpanAttributes['db.system.name'] = '' AND SpanAttributes['db.system'] = '';

CREATE TEMPORARY TABLE naming AS
SELECT TraceId, cityHash64(TraceId) AS TraceHash, groupUniqArray(OrderId) AS order_ids
FROM orders
WHERE Bucket >= toStartOfTenMinutes({before:DateTime64(6, 'UTC')}) AND Bucket <= {as_of:DateTime64(6, 'UTC')}
    AND TraceId IN (
        SELECT TraceId
        FROM orders
        WHERE Bucket >= toStartOfTenMinutes({before:DateTime64(6, 'UTC')}) AND Bucket <= {as_of:DateTime64(6, 'UTC')}
            AND OrderId IN (
                SELECT OrderId
                FROM orders
                WHERE Bucket >= toStartOfTenMinutes({before:DateTime64(6, 'UTC')}) AND Bucket <= {as_of:DateTime64(6, 'UTC')}
                    AND TraceId IN (SELECT TraceId FROM charging)))
GROUP BY TraceId;

CREATE TEMPORARY TABLE requests AS
SELECT
    TraceId,
    any(naming.order_ids) AS order_ids,
    groupUniqArrayArray(trace_parts.Names) AS customers,
    entry_facts(unpacked(minIf(trace_parts.Entry, Spans > 0))) AS Entry,
    (Entry.ServiceName, Entry.SpanName) AS operation,
    NOT Entry.IsError AND Entry.HttpStatus < 400 AS is_well
FROM trace_parts
INNER JOIN naming ON naming.TraceId = trace_parts.TraceId
WHERE Bucket >= toStartOfTenMinutes({before:DateTime64(6, 'UTC')}) AND Bucket <= {as_of:DateTime64(6, 'UTC')}
    AND TraceHash IN (SELECT TraceHash FROM naming)
GROUP BY TraceId
HAVING Entry.Timestamp <= {as_of:DateTime64(6, 'UTC')};

CREATE TEMPORARY TABLE charges AS
SELECT
    TraceId, SpanId, Timestamp,
    requests.order_ids[1] AS order_id,
    requests.operation AS operation,
    if(length(requests.customers) = 1, requests.customers[1], '') AS customer,
    StatusCode = 'Error' OR toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '', SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) >= 400 AS failed,
    match(lower(SpanName), 'captur') AS is_capture,
    Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AS is_within
FROM otel_traces
INNER JOIN requests ON requests.TraceId = otel_traces.TraceId
WHERE Timestamp >= {before:DateTime64(6, 'UTC')} AND Timestamp <= {as_of:DateTime64(6, 'UTC')}
    AND toStartOfTenMinutes(Timestamp) IN (
        SELECT Bucket FROM trace_parts
        WHERE Bucket >= toStartOfTenMinutes({before:DateTime64(6, 'UTC')}) AND Bucket <= {as_of:DateTime64(6, 'UTC')}
            AND TraceHash IN (SELECT TraceHash FROM naming))
    AND TraceId IN (SELECT TraceId FROM naming)
    AND SpanKind = 'Client' AND match(lower(SpanName), {words:String}) AND NOT match(SpanName, {other_words:String})
    AND SpanAttributes['db.system.name'] = '' AND SpanAttributes['db.system'] = ''
    AND length(requests.order_ids) = 1;

CREATE TEMPORARY TABLE firsts AS
SELECT
    order_id,
    argMin(charges.operation, (failed, Timestamp, SpanId)) AS operation,
    (order_id, operation) IN (SELECT arrayJoin(order_ids), requests.operation FROM requests WHERE is_well) AS is_well
FROM charges
WHERE is_within
GROUP BY order_id;

SELECT
    order_id,
    uniqExactIf(TraceId, NOT failed) AS charges_well,
    countIf(failed) AS charges_failed,
    order_id IN (
        SELECT arrayJoin(order_ids)
        FROM requests
        WHERE is_well AND operation IN (SELECT operation FROM charges WHERE is_within)) AS is_placed,
    max(customer) AS customer,
    argMin(TraceId, (failed, Timestamp, SpanId)) AS trace_id,
    argMin(SpanId, (failed, Timestamp, SpanId)) AS span_id,
    argMin(Timestamp, (failed, Timestamp, SpanId)) AS time,
    arraySort(each -> (each.3, each.2), groupArrayIf((TraceId, SpanId, Timestamp), NOT failed)) AS went_well
FROM charges
WHERE Timestamp < {settled:DateTime64(6, 'UTC')} AND (
    (order_id, operation) IN (SELECT order_id, operation FROM firsts)
    OR (
        NOT is_capture AND order_id IN (SELECT order_id FROM firsts WHERE NOT is_well)
        AND (order_id, operation) IN (SELECT order_id, operation FROM charges WHERE is_within)))
GROUP BY order_id
HAVING charges_well > is_placed OR (is_placed AND order_id NOT IN (SELECT order_id FROM charges WHERE NOT failed))
ORDER BY time, order_id
