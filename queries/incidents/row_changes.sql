-- How did certain rows change, or which changes are certain ones?
-- from, as_of: DateTime64, UTC; from when on and until when, by when changes were captured; as_of itself is meant
-- places: Array(String), the tables, each a connector and a table (schema.table) with a unit separator between
-- keys: Array(String), the values of the rows' keys, by the columns' names (in small letters), with a unit separator between; none: any
-- ids: Array(String), the changes' Ids; none: any
-- One row per change as it was first delivered, in the order in which the rows changed.
SELECT
    toString(Connector) AS connector,
    concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS changed_table,
    Id AS id, Key AS key,
    arrayStringConcat(arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(Key))), '\x1F') AS key_values,
    Time AS time, Captured AS captured, toString(Op) AS op, Before AS before, After AS after, Position AS position,
    Tx AS tx, TxOrder AS tx_order, toString(Topic) AS topic, Partition AS partition, Offset AS offset,
    IdempotencyKey AS idempotency_key, Customer AS customer, OrderId AS order_id, Sequence AS sequence, Quantity AS quantity
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
    AND Op IN ('c', 'u', 'd', 'r') AND Key != ''
    AND concat(connector, '\x1F', changed_table) IN {places:Array(String)}
    AND (empty({keys:Array(String)}) OR key_values IN {keys:Array(String)})
    AND (empty({ids:Array(String)}) OR Id IN {ids:Array(String)})
ORDER BY captured, id
LIMIT 1 BY connector, changed_table, id
