-- Whose failing spans are in traces that name no customer?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row per service that has such spans, the one with most first; `example` is one of the traces.

-- The failing spans. One row per span, however often it was received.
CREATE TEMPORARY TABLE failing AS
WITH
    (SELECT groupArray(Name) FROM partners) AS known_partners,
    (SELECT groupUniqArray(toString(ServiceName)) FROM services) AS known_services
SELECT TraceId, ServiceName, Customer
FROM failures
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND is_failing(IsError, SpanKind, HttpStatus, Peers, ServerAddress, known_partners, known_services)
LIMIT 1 BY TraceId, SpanId, SpanKind, ServiceName, SpanName, Timestamp;

CREATE TEMPORARY TABLE buckets AS
SELECT DISTINCT Bucket FROM otel_traces_trace_id_ts
WHERE TraceHash IN (SELECT cityHash64(TraceId) FROM failing);

CREATE TEMPORARY TABLE attributable AS
SELECT DISTINCT TraceId FROM trace_parts
WHERE Bucket IN (SELECT Bucket FROM buckets) AND TraceHash IN (SELECT cityHash64(TraceId) FROM failing)
    AND TraceId IN (SELECT TraceId FROM failing) AND notEmpty(Names);

SELECT
    ServiceName AS service,
    count() AS failures,
    countIf(is_lost) AS unattributed,
    minIf(TraceId, is_lost) AS example
FROM (SELECT TraceId, ServiceName, empty(Customer) AND TraceId NOT IN (SELECT TraceId FROM attributable) AS is_lost FROM failing)
GROUP BY service
HAVING unattributed > 0
ORDER BY unattributed DESC, service
