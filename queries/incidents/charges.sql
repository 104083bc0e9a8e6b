-- Which orders were charged without being placed, placed without being charged, or charged more than once?
-- from, to: DateTime64, UTC; when the charges began; `to` itself not meant
-- as_of: DateTime64, UTC; what began later is not known
-- words: String, a regular expression (re2, small letters) of the names of spans that charge
-- One row per order named in a trace that charges: in how many traces a charge went well, how many charges failed,
-- whether an entry operation of such a trace has gone well for the order by then, whose it is, the first charge that
-- went well (or failed, where none did), and all that went well (trace, span, time), earliest first. A charge is a client
-- span that is so named, of the only order that its trace names.
CREATE TEMPORARY TABLE charges AS
SELECT TraceId, SpanId, Timestamp, SpanName,
    StatusCode = 'Error' OR toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '', SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) >= 400 AS failed
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND Timestamp <= {as_of:DateTime64(6, 'UTC')}
    AND toStartOfTenMinutes(Timestamp) >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')})
    AND SpanKind = 'Client' AND TraceId != '' AND match(lower(SpanName), {words:String});

CREATE TEMPORARY TABLE charged AS
SELECT charges.*, order_id
FROM charges
INNER JOIN (
    SELECT TraceId, any(OrderId) AS order_id
    FROM orders
    WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) - INTERVAL 1 HOUR
        AND Bucket <= {to:DateTime64(6, 'UTC')} + INTERVAL 1 HOUR AND TraceId IN (SELECT TraceId FROM charges)
    GROUP BY TraceId HAVING uniqExact(OrderId) = 1
) AS named ON named.TraceId = charges.TraceId;

CREATE TEMPORARY TABLE attempts AS
SELECT
    TraceId, order_id, Entry.ServiceName AS service, Entry.SpanName AS operation, Entry.HttpStatus AS status,
    Entry.IsError OR (Entry.SpanKind = 'Server' AND Entry.HttpStatus >= 500) AS failed
FROM (
    SELECT TraceId, order_id, entry_facts(unpacked(min(trace_parts.Entry))) AS Entry
    FROM trace_parts
    INNER JOIN (
        SELECT DISTINCT TraceId, OrderId AS order_id
        FROM orders
        WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) - INTERVAL 1 HOUR AND Bucket <= {as_of:DateTime64(6, 'UTC')}
            AND OrderId IN (SELECT order_id FROM charged)
    ) AS naming ON naming.TraceId = trace_parts.TraceId
    WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) - INTERVAL 1 HOUR AND Bucket <= {as_of:DateTime64(6, 'UTC')}
        AND Spans > 0
    GROUP BY TraceId, order_id
)
WHERE Entry.Timestamp <= {as_of:DateTime64(6, 'UTC')};

SELECT
    charged.order_id AS order_id,
    uniqExactIf(charged.TraceId, NOT charged.failed) AS charges_well,
    countIf(charged.failed) AS charges_failed,
    max(placed.well) AS is_placed,
    any(customers.customer) AS customer,
    argMin(charged.TraceId, (charged.failed, charged.Timestamp, charged.SpanId)) AS trace_id,
    argMin(charged.SpanId, (charged.failed, charged.Timestamp, charged.SpanId)) AS span_id,
    argMin(charged.Timestamp, (charged.failed, charged.Timestamp, charged.SpanId)) AS time,
    arraySort(
        each -> (each.3, each.2),
        groupArrayIf((charged.TraceId, charged.SpanId, charged.Timestamp), NOT charged.failed)) AS went_well
FROM charged
LEFT JOIN (
    SELECT order_id, max(NOT failed AND status < 400) AS well
    FROM attempts
    WHERE (service, operation) IN (SELECT service, operation FROM attempts WHERE TraceId IN (SELECT TraceId FROM charged))
    GROUP BY order_id
) AS placed ON placed.order_id = charged.order_id
LEFT JOIN (
    SELECT TraceId, any(name) AS customer
    FROM trace_parts
    ARRAY JOIN Names AS name
    WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) - INTERVAL 1 HOUR AND Bucket <= {to:DateTime64(6, 'UTC')} + INTERVAL 1 HOUR
        AND TraceId IN (SELECT TraceId FROM charged)
    GROUP BY TraceId HAVING uniqExact(name) = 1
) AS customers ON customers.TraceId = charged.TraceId
GROUP BY order_id
HAVING (charges_well > 0 AND NOT is_placed) OR charges_well > 1 OR (charges_well = 0 AND is_placed)
ORDER BY time, order_id
