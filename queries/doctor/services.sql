-- What do the spans of each service leave unsaid?
-- from, to: DateTime64, UTC; the window, in whole ten seconds; `to` itself not meant
-- One row per service ('' for spans that name none), the one that sent most first.
SELECT
    ServiceName AS service,
    sum(Requests) AS spans,
    sumIf(Requests, IsRoot) AS roots,
    sumIf(Requests, empty(Version)) AS without_version,
    sum(Sampled) AS sampled
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
GROUP BY service
ORDER BY spans DESC, service
