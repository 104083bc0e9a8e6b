-- Which services name their entries after what is asked for, such as `GET /orders/123`?
-- from, to: DateTime64, UTC; the window, in whole ten seconds; `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- One row per service with nearly as many names as requests, or with many that differ only by numbers; `example` is one.
SELECT
    service,
    sum(requests) AS requests,
    sum(names) AS names,
    argMax(example, shapes.names) AS example
FROM (
    SELECT
        ServiceName AS service,
        replaceRegexpAll(SpanName, '[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*', '#') AS shape,
        sum(Requests) AS requests,
        uniqExact(SpanName) AS names,
        min(SpanName) AS example
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
        AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
    GROUP BY service, shape
) AS shapes
GROUP BY service
HAVING max(shapes.names) >= 50 OR (names >= 100 AND names * 2 > requests)
ORDER BY names DESC, service
