-- What did come of certain transactions?
-- from, as_of: DateTime64, UTC; from when on and until when, by when changes were captured; as_of itself is meant
-- connector: String, whose transactions they are
-- transactions: Array(String), their names
-- One row per change as it was first delivered, in the order of the log.
SELECT
    toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS changed_table,
    Id AS id, Key AS key, Time AS time, Tx AS tx, TxOrder AS tx_order, Customer AS customer, OrderId AS order_id
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
    AND Connector = {connector:String} AND TxOrder > 0 AND Op IN ('c', 'u', 'd') AND Tx IN {transactions:Array(String)}
ORDER BY Captured, tx, tx_order
LIMIT 1 BY changed_table, id
