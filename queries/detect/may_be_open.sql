-- How many of the transactions that ended in the last five minutes may not have arrived whole, at most?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- One row: no fewer than open_transactions.sql finds (`at_most`), and mostly none while nothing is wrong, at a fraction of
-- the cost. Counted are those with a table of which fewer changes came than the marker of their end counts, received or not.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    by_transaction AS (
        SELECT
            groupUniqArrayIf((toString(Topic), After), Op = 'end') AS ends,
            groupUniqArrayIf((toString(Connector), concat(if(`Schema` = '', Db, `Schema`), '.', `Table`), TxOrder), Op != 'end' AND TxOrder > 0) AS came
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'd', 't', 'end')
            AND Tx IN (
                SELECT Tx
                FROM cdc_events
                WHERE Op = 'end' AND Captured >= recent AND Captured < {to:DateTime64(6, 'UTC')} - INTERVAL 1 MINUTE
            )
        GROUP BY Tx
    )
SELECT count() AS at_most
FROM by_transaction
WHERE arrayExists(ended -> arrayExists(
    counts -> counts.2 > arrayCount(
        change -> (counts.1 = change.2 OR endsWith(counts.1, concat('.', change.2)))
            AND (ended.1 = '' OR startsWith(ended.1, concat(change.1, '.'))),
        came),
    JSONExtract(ended.2, 'Array(Tuple(data_collection String, event_count UInt64))')), ends)
SETTINGS max_threads = 1
