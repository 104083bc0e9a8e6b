-- Which services begin requests and serve none: phones, browsers, load generators?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: their names, and how many spans all services sent.
SELECT groupArrayIf(service, roots > 0 AND served = 0) AS callers, sum(sent) AS spans
FROM (
    SELECT
        toString(ServiceName) AS service,
        sumIf(Requests, IsRoot) AS roots,
        sumIf(Requests, SpanKind IN ('Server', 'Consumer')) AS served,
        sum(Requests) AS sent
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    GROUP BY service
)
