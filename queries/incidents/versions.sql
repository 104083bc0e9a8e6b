-- How did each version of these services do before something began, and how since?
-- services: Array(String), their names
-- from, since, to: DateTime64, UTC; before is from <= t < since, and since is since <= t < to, to ten seconds
-- One row per service and version: its requests and how many of them failed, in each of the two.
WITH toStartOfInterval(toDateTime({since:DateTime64(6, 'UTC')}), INTERVAL 10 SECOND) AS began
SELECT
    toString(ServiceName) AS Service,
    toString(Version) AS Version,
    sumIf(Requests, Time < began) AS RequestsBefore,
    sumIf(Errors, Time < began) AS ErrorsBefore,
    sumIf(Requests, Time >= began) AS RequestsSince,
    sumIf(Errors, Time >= began) AS ErrorsSince
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND ServiceName IN {services:Array(String)} AND SpanKind IN ('Server', 'Consumer')
GROUP BY Service, Version
ORDER BY Service, Version
