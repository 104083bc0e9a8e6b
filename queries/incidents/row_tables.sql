-- Which tables do the databases' row changes come from?
-- from, as_of: DateTime64, UTC; the time to look at, by when changes were captured; as_of itself is meant
-- One row per connector and table: an example of a key and of a row (JSON), how many rows were inserted and how many
-- updated, how many changes (those that a snapshot read included) hold a stock, and until when its connector has told of
-- changes, of whichever table (by when the rows changed).
SELECT
    toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS changed_table,
    any(Key) AS key, anyIf(After, After != '') AS after, countIf(Op = 'c') AS inserts, countIf(Op = 'u') AS updates,
    countIf(isNotNull(Quantity)) AS stocks, max(max(Time)) OVER (PARTITION BY connector) AS told
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
    AND Op IN ('c', 'u', 'r', 'd') AND Key != '' AND (After != '' OR Op = 'd')
GROUP BY connector, changed_table
ORDER BY connector, changed_table
