-- How many row changes of a connector were there over time, and how many of them are wrong in themselves?
-- from, to: DateTime64, UTC; the window, by when the change was captured; `to` itself not meant
-- step_s: UInt32, seconds of an interval
-- connector: String, its name
-- kind: String, what counts as wrong: stale (written over a later change), again (applied more than once), below (less
-- than none), missing (the change before it never came); '' for stale and again
-- One row per interval in which there were any, in order. What counts as one delivery, one row and one transaction, and in
-- which tables numbers are missing, is said in detect/row_changes.
WITH
    once AS (
        SELECT
            toString(Db) AS db, concat(if(`Schema` = '', Db, toString(`Schema`)), '.', toString(`Table`)) AS table_name,
            Id, Key, Op, Time, Captured, Offset, (ifNull(Sequence, 0), length(Position), Position, TxOrder, Id) AS place,
            IdempotencyKey, Sequence, Quantity,
            if(Tx != '' OR IdempotencyKey = '', Tx, concat(toString(Time), extract(Position, '(?:gtid|commit_lsn)=[^ ]+'))) AS tx,
            if(Tx = '' AND Op = 'c' AND IdempotencyKey != '', extract(Position, '^(?:file=[^ ]+ pos|ord)=[^ ]+'), '') AS statement,
            if(statement = '', 0, cityHash64(arrayFilter(pair -> NOT JSONHas(Key, pair.1), JSONExtractKeysAndValuesRaw(After)))) AS said
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Connector = {connector:String} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        ORDER BY Captured LIMIT 1 BY table_name, Id
    ),
    living AS (
        SELECT *, countIf(Op != 'u') OVER (
            PARTITION BY db, table_name, Key ORDER BY Time, Captured, Offset, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life
        FROM once
    ),
    followed AS (
        SELECT
            Captured, db, table_name,
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
            Op = 'u' AND ifNull(Quantity < 0, false) AS is_below
        FROM living
        WHERE Op != 'd'
    ),
    judged AS (
        SELECT *, ifNull(step > 1, false) AND 2 * countIf(step = 1) OVER of_table > countIf(step > 0) OVER of_table AS is_gap
        FROM followed
        WINDOW of_table AS (PARTITION BY db, table_name)
    )
SELECT
    toUnixTimestamp(toStartOfInterval(toDateTime(Captured), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    count() AS changes,
    countIf(multiIf(
        {kind:String} = 'stale', is_stale,
        {kind:String} = 'again', is_again,
        {kind:String} = 'below', is_below,
        {kind:String} = 'missing', is_gap,
        is_stale OR is_again)) AS wrong
FROM judged
GROUP BY interval_start
ORDER BY interval_start
