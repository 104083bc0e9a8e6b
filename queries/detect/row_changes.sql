-- Which changes of rows are wrong in themselves: written over a later one, applied more than once, below zero, or missing?
-- from, to: DateTime64, UTC; the time to look back over, by when the change was captured; `to` itself not meant
-- least: UInt64, wrong changes that a connector must have had in the last five minutes
-- One row per connector: slices of time as in entry_errors with changes and wrong ones in each, how many there are of
-- each kind in the last five minutes, when the first of the lookback changed and the seconds in which others did, and
-- the table with most. A delivery that was repeated (the same Id) counts once. A row that was deleted and inserted again is
-- another one: its numbers begin anew.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    once AS (
        SELECT
            toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            Id, Key, Op, Time, Captured, Offset, TxOrder, IdempotencyKey, Sequence, Quantity
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
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
            connector, table_name, Time, Captured, Op, Quantity,
            Op IN ('c', 'u') AND isNotNull(Sequence) AND Sequence < max(Sequence) OVER before_it AS is_stale,
            Op = 'c' AND IdempotencyKey != '' AND row_number() OVER (
                PARTITION BY connector, table_name, Op, IdempotencyKey ORDER BY Time, Captured, Offset, TxOrder, Id) > 1 AS is_again,
            Op = 'u' AND ifNull(Quantity < 0, false) AND ifNull(any(Quantity) OVER (
                PARTITION BY connector, table_name, Key, life ORDER BY Time, Captured, Offset, TxOrder, Id
                ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) >= 0, false) AS is_below,
            Op IN ('c', 'u') AND isNotNull(Sequence) AND Sequence > 1 + max(Sequence) OVER before_it
                AND Captured < {to:DateTime64(6, 'UTC')} - INTERVAL 60 SECOND AS is_gap
        FROM living
        WHERE Op != 'd'
        WINDOW before_it AS (
            PARTITION BY connector, table_name, Key, life ORDER BY Time, Captured, Offset, TxOrder, Id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    by_slice AS (
        SELECT
            connector,
            if(Captured >= recent, toStartOfInterval(toDateTime(Captured), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(Captured))) AS slice,
            count() AS slice_changes,
            countIf(ifNull(is_stale, false)) AS slice_stale,
            countIf(is_again) AS slice_again,
            countIf(ifNull(is_below, false)) AS slice_below,
            countIf(ifNull(is_gap, false)) AS slice_gaps,
            countIf(ifNull(is_stale, false) OR is_again) AS slice_wrong,
            topKIf(1)(table_name, ifNull(is_stale, false) OR is_again OR ifNull(is_below, false)) AS slice_table
        FROM followed
        GROUP BY connector, slice
        ORDER BY connector, slice
    )
SELECT
    connector,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(slice_changes) AS requests,
    groupArray(slice_wrong) AS errors,
    groupArray(slice_below) AS below,
    groupArray(slice_gaps) AS gaps,
    sumIf(slice_stale, slice >= recent) AS stale_changes,
    sumIf(slice_again, slice >= recent) AS repeated_changes,
    sumIf(slice_below, slice >= recent) AS changes_below_zero,
    sumIf(slice_gaps, slice >= recent) AS missing_changes,
    topKArray(1)(slice_table)[1] AS worst_table
FROM by_slice
GROUP BY connector
HAVING stale_changes + repeated_changes + changes_below_zero + missing_changes >= {least:UInt64}
ORDER BY connector
