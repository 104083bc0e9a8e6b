-- Which rows of a connector's tables are concerned by changes that are wrong in themselves, and whom do they name?
-- before: DateTime64, UTC; from when on changes are known, to tell which are wrong
-- from, to: DateTime64, UTC; the window, by when the row changed; `to` itself not meant
-- as_of: DateTime64, UTC; what was captured later is not known
-- connector: String, its name
-- kinds: Array(String), stale (written over a later change), again (applied more than once), below (less than none),
-- missing (changes before it have not come, nor late)
-- One row per change, earliest first: where, when, which of the kinds (the first of again, stale, below), and the customer
-- and order that it names ('' for none). A delivery that was repeated (the same Id) counts once. A row that was deleted and
-- inserted again is another one, as in detect/row_changes.
WITH
    once AS (
        SELECT
            toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            Id, Key, Op, Time, Captured, Offset, TxOrder, IdempotencyKey, Sequence, Quantity, Customer, OrderId
        FROM cdc_events
        WHERE Captured >= {before:DateTime64(6, 'UTC')} AND Captured <= {as_of:DateTime64(6, 'UTC')}
            AND Connector = {connector:String} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        ORDER BY Captured LIMIT 1 BY connector, table_name, Id
    ),
    living AS (
        SELECT *, countIf(Op = 'd') OVER (
            PARTITION BY connector, table_name, Key ORDER BY Time, Captured, Offset, TxOrder, Id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS life
        FROM once
    ),
    followed AS (
        SELECT
            connector, table_name, Id, Key, Time, Customer, OrderId,
            has({kinds:Array(String)}, 'stale') AND Op IN ('c', 'u') AND isNotNull(Sequence)
                AND Sequence < max(Sequence) OVER before_it AS is_stale,
            has({kinds:Array(String)}, 'again') AND Op = 'c' AND IdempotencyKey != '' AND row_number() OVER (
                PARTITION BY connector, table_name, Op, IdempotencyKey ORDER BY Time, Captured, Offset, TxOrder, Id) > 1 AS is_again,
            has({kinds:Array(String)}, 'below') AND Op = 'u' AND ifNull(Quantity < 0, false) AS is_below,
            has({kinds:Array(String)}, 'missing') AND Op IN ('c', 'u') AND isNotNull(Sequence)
                AND Sequence > 1 + max(Sequence) OVER before_it
                AND Sequence > 1 + max(Sequence) OVER (
                    PARTITION BY connector, table_name, Key, life ORDER BY Sequence, Time, Captured, Offset, TxOrder, Id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_gap
        FROM living
        WHERE Op != 'd'
        WINDOW before_it AS (
            PARTITION BY connector, table_name, Key, life ORDER BY Time, Captured, Offset, TxOrder, Id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
SELECT
    connector,
    table_name AS changed_table,
    Id AS id,
    Key AS key,
    Time AS time,
    multiIf(is_again, 'again', ifNull(is_stale, false), 'stale', is_below, 'below', 'missing') AS kind_of_change,
    Customer AS customer,
    OrderId AS order_id
FROM followed
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    AND (is_again OR is_below OR ifNull(is_stale, false) OR ifNull(is_gap, false))
ORDER BY time, changed_table, id
