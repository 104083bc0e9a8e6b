-- Which customers did failures of a window affect, how often, and with which outcome, asked of the base tables alone?
-- from, to: DateTime64(9), the window: from <= start < to
-- One row per customer. It answers for telemetry like the simulated shop's: a trace names one customer at most, lasts
-- less than an hour and has a root, no span came twice, and a partner is a peer that sends no spans.
WITH
    services AS MATERIALIZED (
        SELECT DISTINCT ServiceName FROM otel_traces
        WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
    ),
    spans AS (
        SELECT
            TraceId, ParentSpanId, Timestamp, ServiceName, SpanName,
            coalesce(nullIf(SpanAttributes['customer.id'], ''), nullIf(SpanAttributes['user.id'], ''),
                nullIf(SpanAttributes['enduser.id'], ''), SpanAttributes['app.customer.id']) AS Name,
            toUInt16OrZero(SpanAttributes['http.response.status_code']) AS HttpStatus,
            SpanAttributes['service.peer.name'] AS Peer,
            StatusCode = 'Error' OR (SpanKind = 'Server' AND HttpStatus >= 500)
                OR (SpanKind = 'Client' AND HttpStatus >= 400 AND notEmpty(Peer) AND Peer NOT IN (SELECT ServiceName FROM services))
                AS HasFailed,
            HasFailed AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')} AS IsMeant
        FROM otel_traces
        WHERE Timestamp >= {from:DateTime64(9, 'UTC')} - INTERVAL 1 HOUR
    ),
    traces AS MATERIALIZED (
        SELECT
            TraceId,
            max(Name) AS InSpans,
            argMin((toString(ServiceName), toString(SpanName), Timestamp, HasFailed), (notEmpty(ParentSpanId), Timestamp)) AS Entry,
            countIf(IsMeant) AS Failures,
            minIf(Timestamp, IsMeant) AS First,
            maxIf(Timestamp, IsMeant) AS Last
        FROM spans
        GROUP BY TraceId
    ),
    named_in_logs AS (
        SELECT TraceId, max(LogAttributes['customer.id']) AS InLogs
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(9, 'UTC')} - INTERVAL 1 HOUR
        GROUP BY TraceId
    ),
    requests AS MATERIALIZED (
        SELECT TraceId, if(notEmpty(InSpans), InSpans, InLogs) AS Customer, Entry, Failures, First, Last
        FROM traces
        LEFT ANY JOIN named_in_logs USING (TraceId)
        WHERE notEmpty(Customer)
    ),
    operations AS (
        SELECT
            Customer,
            (Entry.1, Entry.2) AS Operation,
            countIf(Failures > 0 AND Entry.4) > 0 AS HasFailed,
            maxIf(Entry.3, Failures > 0 AND Entry.4) AS LastFailed,
            maxIf(Entry.3, NOT Entry.4) AS LastSucceeded,
            sum(requests.Failures) AS OperationFailures,
            minIf(requests.First, requests.Failures > 0) AS OperationFirst,
            max(requests.Last) AS OperationLast
        FROM requests
        WHERE Customer IN (SELECT Customer FROM requests WHERE Failures > 0)
        GROUP BY Customer, Operation
    )
SELECT
    Customer,
    sum(OperationFailures) AS Failures,
    minIf(OperationFirst, OperationFailures > 0) AS First,
    max(OperationLast) AS Last,
    multiIf(
        NOT max(HasFailed), 'masked',
        countIf(HasFailed AND LastSucceeded <= LastFailed) > 0, 'not_recovered',
        'recovered') AS Outcome
FROM operations
GROUP BY Customer
ORDER BY Failures DESC, Customer
