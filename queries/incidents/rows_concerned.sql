-- Which rows of a connector's tables are concerned by changes that are wrong in themselves, and whom do they name?
-- before: DateTime64, UTC; from when on changes are known, to tell which are wrong
-- from, to: DateTime64, UTC; the window, by when the row changed; `to` itself not meant
-- as_of: DateTime64, UTC; what was captured later is not known
-- connector: String, its name
-- kinds: Array(String), stale (written over a later change), again (applied more than once), below (less than none),
-- missing (changes before it have not come, nor late)
-- One row per change, earliest first: where, when, which of the kinds (the first of again, stale, below), and the customer
-- and order that it names ('' for none). What counts as one delivery, one row and one transaction,
-- and in which tables numbers are missing, is said in detect/row_changes.
WITH
    once AS (
        SELECT
            toString(Connector) AS connector, toString(Db) AS db, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            Id, Key, Op, Time, Captured, Offset, (ifNull(Sequence, 0), length(Position), Position, TxOrder, Id) AS place,
            IdempotencyKey, Sequence, Quantity, Customer, OrderId,
            if(Tx != '' OR IdempotencyKey = '', Tx, concat(toString(Time), extract(Position, '(?:gtid|commit_lsn)=[^ ]+'))) AS tx,
            if(Tx = '' AND Op = 'c' AND IdempotencyKey != '', extract(Position, '^(?:file=[^ ]+ pos|ord)=[^ ]+'), '') AS statement,
            if(statement = '', 0, cityHash64(arrayFilter(pair -> NOT JSONHas(Key, pair.1), JSONExtractKeysAndValuesRaw(After)))) AS said
        FROM cdc_events
        WHERE Captured >= {before:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
            AND Connector = {connector:String} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        ORDER BY Captured LIMIT 1 BY connector, table_name, Id
    ),
    living AS (
        SELECT *, countIf(Op != 'u') OVER (
            PARTITION BY db, table_name, Key ORDER BY Time, Captured, Offset, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life
        FROM once
    ),
    followed AS (
        SELECT
            connector, db, table_name, Id, Key, Time, Customer, OrderId,
            if(Op = 'u', Sequence - max(Sequence) OVER (
                PARTITION BY db, table_name, Key, life ORDER BY Time, Captured, Offset, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), NULL) AS step,
            ifNull(step < 0, false) AS is_stale,
            Op = 'c' AND IdempotencyKey != '' AND (
                tx != first_value(tx) OVER (
                    PARTITION BY db, table_name, Op, IdempotencyKey ORDER BY Time, Captured, Offset, place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                OR statement != first_value(statement) OVER (
                    PARTITION BY db, table_name, Op, IdempotencyKey, said ORDER BY Time, Captured, Offset, place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS is_again,
            Op = 'u' AND ifNull(Quantity < 0, false) AS is_below,
            ifNull(step > 1 AND Sequence > 1 + max(Sequence) OVER (
                PARTITION BY db, table_name, Key, life ORDER BY Sequence, Time, Captured, Offset, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS is_gap
        FROM living
        WHERE Op != 'd'
    ),
    judged AS (
        SELECT
            * REPLACE (
                is_stale AND has({kinds:Array(String)}, 'stale') AS is_stale,
                is_again AND has({kinds:Array(String)}, 'again') AS is_again,
                is_below AND has({kinds:Array(String)}, 'below') AS is_below,
                is_gap AND has({kinds:Array(String)}, 'missing') AND 2 * countIf(step = 1) OVER of_table > countIf(step > 0) OVER of_table AS is_gap)
        FROM followed
        WINDOW of_table AS (PARTITION BY db, table_name)
    )
SELECT
    connector,
    table_name AS changed_table,
    Id AS id,
    Key AS key,
    Time AS time,
    multiIf(is_again, 'again', is_stale, 'stale', is_below, 'below', 'missing') AS kind_of_change,
    Customer AS customer,
    OrderId AS order_id
FROM judged
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND (is_again OR is_below OR is_stale OR is_gap)
ORDER BY time, changed_table, id
