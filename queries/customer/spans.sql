-- Which spans are in these traces, whom do they name, and which of them failed?
-- trace_ids: Array(String), lower-case hex
-- from, to: DateTime64(9), UTC; the first and the last start of a span in them
-- One row per span, in order of start. Name is whom the span itself names, else its earliest log record, else its resource.

CREATE TEMPORARY TABLE known AS
SELECT
    (SELECT groupArray(Name) FROM partners) AS Partners,
    (SELECT groupUniqArray(toString(ServiceName)) FROM services) AS Services;

CREATE TEMPORARY TABLE buckets AS
SELECT DISTINCT Bucket FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT cityHash64(arrayJoin({trace_ids:Array(String)})));

CREATE TEMPORARY TABLE log_names AS
SELECT TraceId, SpanId, argMin(Customer, (Timestamp, Customer)) AS Name
FROM log_customers
WHERE Bucket IN (SELECT Bucket FROM buckets) AND TraceId IN {trace_ids:Array(String)}
GROUP BY TraceId, SpanId;

SELECT
    s.TraceId AS TraceId,
    s.SpanId AS SpanId,
    s.ParentSpanId AS ParentSpanId,
    s.Timestamp AS Timestamp,
    toUnixTimestamp64Nano(s.Timestamp) AS TimestampNs,
    toString(s.SpanKind) AS SpanKind,
    toString(s.ServiceName) AS ServiceName,
    toString(s.SpanName) AS SpanName,
    s.Duration AS Duration,
    is_failing(
        s.IsError, s.SpanKind, s.HttpStatus, s.Peers, s.ServerAddress,
        (SELECT Partners FROM known), (SELECT Services FROM known)) AS IsFailing,
    error_text(s.`Events.Name`, s.`Events.Attributes`, s.StatusMessage, s.ErrorType, s.HttpStatus) AS Error,
    multiIf(notEmpty(s.Customer), s.Customer, notEmpty(log_names.Name), log_names.Name, s.ResourceCustomer) AS Name,
    s.OrderId AS OrderId,
    s.Amount AS Amount,
    toString(s.Currency) AS Currency
FROM (
    SELECT *
    FROM spans
    WHERE TraceId IN {trace_ids:Array(String)}
        AND Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp <= {to:DateTime64(9, 'UTC')}
    LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp
) AS s
LEFT ANY JOIN log_names ON log_names.TraceId = s.TraceId AND log_names.SpanId = s.SpanId
ORDER BY TraceId, Timestamp, SpanId, SpanKind, ServiceName, SpanName
