-- Which services begin requests, one at least for ten that they serve: phones, browsers, load generators, jobs?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: their names, and how many spans all services sent.
SELECT groupArrayIf(service, begun > 0 AND 10 * begun >= served) AS callers, sum(sent) AS spans
FROM (
    SELECT
        toString(ServiceName) AS service,
        sumIf(Requests, IsRoot AND SpanKind NOT IN ('Server', 'Consumer')) AS begun,
        sumIf(Requests, SpanKind IN ('Server', 'Consumer')) AS served,
        sum(Requests) AS sent
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    GROUP BY service
)
