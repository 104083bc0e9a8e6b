-- Which tables do the databases' row changes come from?
-- from, as_of: DateTime64, UTC; the time to look at, by when changes were captured; as_of itself is meant
-- One row per connector and table: an example of a key and of a row (JSON), how many rows were inserted and how many
-- updated, and how many changes (those that a snapshot read included) hold a stock.
SELECT
    toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS changed_table,
    any(Key) AS key, any(After) AS after, countIf(Op = 'c') AS inserts, countIf(Op = 'u') AS updates,
    countIf(isNotNull(Quantity)) AS stocks
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
    AND Op IN ('c', 'u', 'r') AND Key != '' AND After != ''
GROUP BY connector, changed_table
ORDER BY connector, changed_table
