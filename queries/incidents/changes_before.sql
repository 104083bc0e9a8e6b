-- What changed before something began to fail?
-- from, to: DateTime64(9); `to` itself is meant
-- One row per change, as it was last told, the latest first.
SELECT Id, Time, Kind, Source, Service, Version, Environment, Title, Author, Url, Status
FROM (
    SELECT *
    FROM changes
    WHERE Time >= {from:DateTime64(9, 'UTC')} AND Time <= {to:DateTime64(9, 'UTC')}
    ORDER BY Id, Received DESC
    LIMIT 1 BY Id
)
ORDER BY Time DESC, Id
LIMIT 500
