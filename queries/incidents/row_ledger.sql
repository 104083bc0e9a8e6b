-- Which rows were inserted that name certain rows in a column of theirs, such as the movements of a product?
-- from, as_of: DateTime64, UTC; from when on and until when, by when changes were captured; as_of itself is meant
-- places: Array(String), the tables, each a connector and a table (schema.table) with a unit separator between
-- column: String, the column that names a row; its case does not matter
-- keys: Array(String), the values that are looked for in it
-- One row per change as it was first delivered; `key_values` is what it names, the rest as in row_changes.
SELECT
    toString(Connector) AS connector,
    concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS changed_table,
    Id AS id, Key AS key,
    trim(BOTH '"' FROM arrayFirst(pair -> lower(pair.1) = lower({column:String}), JSONExtractKeysAndValuesRaw(After)).2) AS key_values,
    Time AS time, Captured AS captured, toString(Op) AS op, Before AS before, After AS after, Position AS position,
    Tx AS tx, TxOrder AS tx_order, toString(Topic) AS topic, Partition AS partition, Offset AS offset,
    IdempotencyKey AS idempotency_key, Customer AS customer, OrderId AS order_id, Sequence AS sequence, Quantity AS quantity
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
    AND Op = 'c' AND concat(connector, '\x1F', changed_table) IN {places:Array(String)} AND key_values IN {keys:Array(String)}
ORDER BY captured, id
LIMIT 1 BY connector, changed_table, id
