-- What changed before something began to fail, and what was deployed since?
-- from, since, to: DateTime64(9); before is from <= t <= since, and later is since < t <= to
-- One row per change, as it was last told, the latest first; of those before, and of those later, the 500 nearest.
SELECT Id, Time, Kind, Source, Service, Version, Environment, Title, Author, Url, Status
FROM (
    SELECT *
    FROM (
        SELECT *
        FROM changes
        WHERE Time >= {from:DateTime64(9, 'UTC')} AND Time <= {to:DateTime64(9, 'UTC')}
        ORDER BY Id, Received DESC
        LIMIT 1 BY Id
    )
    WHERE Time <= {since:DateTime64(9, 'UTC')} OR Kind = 'deploy'
    ORDER BY abs(dateDiff('millisecond', Time, {since:DateTime64(9, 'UTC')})), Id
    LIMIT 500 BY Time > {since:DateTime64(9, 'UTC')}
)
ORDER BY Time DESC, Id
