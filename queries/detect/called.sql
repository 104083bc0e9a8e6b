-- Which services are called from outside, by phones, browsers, load generators or jobs, and how often by others?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- callers: Array(String), the services that begin requests (callers.sql)
-- one_in: UInt64, of how many traces one is looked at
-- One row per service and caller from outside, '' for all services that were asked themselves. From outside is what lies
-- right below a span of a caller that serves nothing in the trace, or of the service itself where nobody was asked first
-- there: a browser may go by its server's name. Who was asked first is told by parents, since clocks differ: at the root,
-- else from outside. Of a trace that nobody is known to have begun, calls below spans that are not there are left out.
WITH call.1 AS Service, call.2 AS Caller
SELECT
    Service AS service,
    if(if(Caller = Service, empty(First), notEmpty(Caller) AND NOT has(Serving, Caller)) AS is_from_outside, Caller, '') AS caller,
    count() AS calls
FROM (
    SELECT
        anyIf(Name, IsRoot) AS Root,
        groupUniqArrayIf(Name, Name IN {callers:Array(String)}) AS Serving,
        groupArrayIf((Name, Caller), SpanKind = 'Server' AND NOT IsRoot) AS Calls,
        arrayDistinct(arrayFilter((name, by) -> notEmpty(by) AND NOT has(Serving, by), Calls.1, Calls.2)) AS Called,
        if(empty(Root), Called, [Root]) AS First
    FROM (
        SELECT
            cityHash64(TraceId) AS trace, cityHash64(TraceId, ParentSpanId) AS parent, empty(ParentSpanId) AS IsRoot,
            toString(ServiceName) AS Name, SpanKind
        FROM otel_traces
        PREWHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')} AND SpanKind IN ('Server', 'Consumer')
        WHERE notEmpty(TraceId) AND trace % {one_in:UInt64} = 0
    ) AS served
    LEFT ANY JOIN (
        SELECT cityHash64(TraceId, SpanId) AS span, toString(ServiceName) AS Caller
        FROM otel_traces
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} - INTERVAL 5 MINUTE AND Timestamp < {to:DateTime64(6, 'UTC')}
            AND ServiceName IN {callers:Array(String)} AND cityHash64(TraceId) % {one_in:UInt64} = 0
    ) AS calling ON parent = calling.span
    GROUP BY trace
)
ARRAY JOIN Calls AS call
WHERE is_from_outside OR if(notEmpty(First), NOT has(First, Service), notEmpty(Caller))
GROUP BY service, caller
ORDER BY service, caller
