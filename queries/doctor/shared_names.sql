-- Which names do entries share that ask for different things?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per service and name, the one with most requests first; `asked` is what they ask for: routes, else the beginnings
-- of paths, or the GraphQL operations below them; of a name that is a route itself, the methods. What was not found (404,
-- 405) has no route, and is left out.
CREATE TEMPORARY TABLE entries AS
WITH
    coalesce(nullIf(SpanAttributes['http.request.method'], ''), SpanAttributes['http.method']) AS method,
    coalesce(nullIf(SpanAttributes['http.response.status_code'], ''), SpanAttributes['http.status_code']) AS status,
    coalesce(nullIf(SpanAttributes['url.path'], ''), nullIf(cutQueryString(SpanAttributes['http.target']), ''),
        nullIf(path(SpanAttributes['url.full']), ''), path(SpanAttributes['http.url'])) AS path
SELECT
    TraceId,
    ServiceName AS Service,
    SpanName AS Name,
    if(method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE'), method, '') AS Method,
    SpanAttributes['http.route'] AS Route,
    arrayStringConcat(arrayMap(part -> if(match(part, '^[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*$'), '{id}', part),
        arraySlice(splitByChar('/', path), 1, 3)), '/') AS Page
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND is_entry(empty(ParentSpanId), SpanKind, ServiceName, {entry_services:Array(String)}) AND status NOT IN ('404', '405');

-- Of traces whose entries all have one name: else it is not known which of them asked.
CREATE TEMPORARY TABLE operations AS
SELECT TraceId, min(SpanAttributes['graphql.operation.name']) AS Operation
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND has(mapKeys(SpanAttributes), 'graphql.operation.name')
    AND TraceId IN (SELECT TraceId FROM entries GROUP BY TraceId HAVING uniqExact(Service, Name) = 1)
GROUP BY TraceId;

WITH
    arraySort(groupUniqArrayIf(Route, notEmpty(Route))) AS routes,
    arraySort(groupUniqArrayIf(Page, notEmpty(Page))) AS pages,
    arraySort(groupUniqArrayIf(Operation, notEmpty(Operation))) AS operations,
    arraySort(groupUniqArrayIf(Method, notEmpty(Method))) AS methods
SELECT
    Service AS service,
    Name AS name,
    count() AS requests,
    multiIf(
        length(operations) >= 3, operations,
        length(routes) >= 3 OR (length(routes) = 2 AND length(methods) >= 2), routes,
        match(Name, '[{<[*]|/[:$]'), length(methods) >= 2 ? methods : [],
        empty(routes) AND (length(methods) >= 2 ? length(pages) >= 2 : match(Name, '^(HTTP )?[A-Z]+$') AND length(pages) >= 3), pages,
        []) AS asked
FROM entries LEFT JOIN operations USING (TraceId)
GROUP BY service, name
HAVING requests >= 20 AND notEmpty(asked)
ORDER BY requests DESC, service, name
