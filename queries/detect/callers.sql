-- Which services begin requests, one at least for ten that they serve: phones, browsers, load generators, jobs?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: their names, how many requests (not messages) each of them served, and how many spans all services sent.
SELECT groupArrayIf(service, is_caller) AS callers, groupArrayIf(requests, is_caller) AS served, sum(sent) AS spans
FROM (
    SELECT
        toString(ServiceName) AS service,
        sumIf(Requests, IsRoot AND SpanKind NOT IN ('Server', 'Consumer')) AS begun,
        sumIf(Requests, SpanKind = 'Server') AS requests,
        begun > 0 AND 10 * begun >= requests + sumIf(Requests, SpanKind = 'Consumer') AS is_caller,
        sum(Requests) AS sent
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    GROUP BY service
)
