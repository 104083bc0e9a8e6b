-- How many row changes of a connector were there over time, and how many of them are wrong in themselves?
-- from, to: DateTime64, UTC; the window, by when the change was captured; `to` itself not meant
-- step_s: UInt32, seconds of an interval
-- connector: String, its name
-- kind: String, what counts as wrong: stale (written over a later change), again (applied more than once), below (less
-- than none), missing (the change before it never came); '' for stale and again
-- One row per interval in which there were any, in order. A delivery that was repeated (the same Id) counts once.
WITH
    once AS (
        SELECT
            concat(if(`Schema` = '', toString(Db), toString(`Schema`)), '.', toString(`Table`)) AS table_name,
            Id, Key, Op, Time, Captured, Offset, TxOrder, IdempotencyKey, Sequence, Quantity
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Connector = {connector:String} AND Op IN ('c', 'u', 'r') AND Key != ''
        ORDER BY Captured LIMIT 1 BY table_name, Id
    ),
    followed AS (
        SELECT
            Captured,
            Op IN ('c', 'u') AND isNotNull(Sequence) AND Sequence < max(Sequence) OVER (
                PARTITION BY table_name, Key ORDER BY Time, Captured, Offset, TxOrder, Id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_stale,
            Op = 'c' AND IdempotencyKey != '' AND row_number() OVER (
                PARTITION BY table_name, Op, IdempotencyKey ORDER BY Time, Captured, Offset, TxOrder, Id) > 1 AS is_again,
            Op = 'u' AND ifNull(Quantity < 0, false) AS is_below,
            Op IN ('c', 'u') AND isNotNull(Sequence) AND Sequence > 1 + max(Sequence) OVER (
                PARTITION BY table_name, Key ORDER BY Time, Captured, Offset, TxOrder, Id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_gap
        FROM once
    )
SELECT
    toUnixTimestamp(toStartOfInterval(toDateTime(Captured), toIntervalSecond({step_s:UInt32}))) AS interval_start,
    count() AS changes,
    countIf(multiIf(
        {kind:String} = 'stale', ifNull(is_stale, false),
        {kind:String} = 'again', is_again,
        {kind:String} = 'below', is_below,
        {kind:String} = 'missing', ifNull(is_gap, false),
        ifNull(is_stale, false) OR is_again)) AS wrong
FROM followed
GROUP BY interval_start
ORDER BY interval_start
