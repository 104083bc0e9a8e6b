-- Did rows change?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- One row (`changed`: 1 or 0): where no rows are told of, nothing about them need be asked.
SELECT count() > 0 AS changed
FROM (
    SELECT 1 FROM cdc_events
    WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
    LIMIT 1
)
