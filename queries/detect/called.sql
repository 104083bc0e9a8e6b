-- Which services are called from outside, by phones, browsers, load generators or jobs, and how often by others?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- callers: Array(String), the services that begin requests (callers.sql)
-- one_in: UInt64, of how many traces one is looked at
-- One row per service and caller from outside, '' for all services that were asked themselves. From outside is what lies
-- right below a span of a caller that serves nothing in the trace, or of the service itself where it is the first to serve
-- there: a browser may go by its server's name. Calls below spans that are not there are left out.
SELECT
    toString(Service) AS service,
    if(if(Caller = Service, First = Service, notEmpty(Caller) AND NOT has(Serving, Caller)) AS is_from_outside, toString(Caller), '') AS caller,
    count() AS calls
FROM (
    SELECT
        cityHash64(TraceId) AS trace,
        argMin(ServiceName, Timestamp) AS First,
        groupUniqArrayIf(ServiceName, ServiceName IN {callers:Array(String)}) AS Serving,
        groupArrayIf(ServiceName, SpanKind = 'Server' AND notEmpty(ParentSpanId)) AS services,
        groupArrayIf(cityHash64(TraceId, ParentSpanId), SpanKind = 'Server' AND notEmpty(ParentSpanId)) AS parents
    FROM otel_traces
    PREWHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind IN ('Server', 'Consumer')
    WHERE notEmpty(TraceId) AND trace % {one_in:UInt64} = 0
    GROUP BY trace
) AS served
    ARRAY JOIN services AS Service, parents AS parent
    LEFT ANY JOIN (
        SELECT cityHash64(TraceId, SpanId) AS span, ServiceName AS Caller
        FROM otel_traces
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} - INTERVAL 5 MINUTE AND Timestamp < {to:DateTime64(6, 'UTC')}
            AND ServiceName IN {callers:Array(String)} AND cityHash64(TraceId) % {one_in:UInt64} = 0
    ) AS calling ON parent = calling.span
WHERE is_from_outside OR First != Service
GROUP BY service, caller
ORDER BY service, caller
