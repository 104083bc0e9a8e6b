-- Which changes of rows are wrong in themselves: written over a later one, applied more than once, below zero, or missing?
-- from, to: DateTime64, UTC; the time to look back over, by when the change was captured; `to` itself not meant
-- least: UInt64, wrong changes that a connector must have had in the last five minutes
-- One row per connector: slices of time as in entry_errors with changes and wrong ones in each, how many there are of
-- each kind in the last five minutes, when the first of the lookback changed and the seconds in which others did, and
-- the table with most. A delivery that was repeated (the same Id) counts once. Changes of a row are in the order of its
-- database's log; of those that nothing tells apart by time, its numbers say which was first. Its numbers begin anew where it
-- is inserted, deleted or read for a snapshot. Numbers are missing only in tables most of whose rows count by one. What one
-- transaction inserts under one idempotency key was applied once; without its name, one is known by its time and its GTID or
-- commit LSN; and where the log tells neither, nor times but to the second, a row that says the same as one of another
-- statement, but for its key, is of another transaction.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    once AS (
        SELECT
            toString(Connector) AS connector, toString(Db) AS db, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            Id, Key, Op, Time, Captured, Offset, (ifNull(Sequence, 0), length(Position), Position, TxOrder, Id) AS place,
            IdempotencyKey, Sequence, Quantity,
            if(Tx != '' OR IdempotencyKey = '', Tx, concat(toString(Time), extract(Position, '(?:gtid|commit_lsn)=[^ ]+'))) AS tx,
            if(Tx = '' AND Op = 'c' AND IdempotencyKey != '', extract(Position, '^(?:file=[^ ]+ pos|ord)=[^ ]+'), '') AS statement,
            if(statement = '', 0, cityHash64(arrayFilter(pair -> NOT JSONHas(Key, pair.1), JSONExtractKeysAndValuesRaw(After)))) AS said
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        ORDER BY Captured LIMIT 1 BY connector, table_name, Id
    ),
    living AS (
        SELECT *, countIf(Op != 'u') OVER (
            PARTITION BY connector, db, table_name, Key ORDER BY Time, Captured, Offset, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life
        FROM once
    ),
    followed AS (
        SELECT
            connector, db, table_name, Captured,
            if(Op = 'u', Sequence - max(Sequence) OVER before_it, NULL) AS step,
            ifNull(step < 0, false) AS is_stale,
            Op = 'c' AND IdempotencyKey != '' AND (
                tx != first_value(tx) OVER (
                    PARTITION BY connector, db, table_name, Op, IdempotencyKey ORDER BY Time, Captured, Offset, place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                OR statement != first_value(statement) OVER (
                    PARTITION BY connector, db, table_name, Op, IdempotencyKey, said ORDER BY Time, Captured, Offset, place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS is_again,
            Op = 'u' AND ifNull(Quantity < 0, false) AND ifNull(any(Quantity) OVER (
                PARTITION BY connector, db, table_name, Key, life ORDER BY Time, Captured, Offset, place
                ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) >= 0, false) AS is_below,
            ifNull(step > 1, false) AND Captured < {to:DateTime64(6, 'UTC')} - INTERVAL 60 SECOND AS is_gap
        FROM living
        WHERE Op != 'd'
        WINDOW before_it AS (
            PARTITION BY connector, db, table_name, Key, life ORDER BY Time, Captured, Offset, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    by_table AS (
        SELECT
            connector, table_name,
            if(Captured >= recent, toStartOfInterval(toDateTime(Captured), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(Captured))) AS slice,
            count() AS changes,
            countIf(is_stale) AS stale,
            countIf(is_again) AS again,
            countIf(is_below) AS below,
            countIf(is_stale OR is_again) AS wrong,
            countIf(is_stale OR is_again OR is_below) AS told,
            2 * sum(countIf(step = 1)) OVER of_table > sum(countIf(step > 0)) OVER of_table AS counts_by_one,
            if(counts_by_one, countIf(is_gap), 0) AS gaps
        FROM followed
        GROUP BY connector, db, table_name, slice
        WINDOW of_table AS (PARTITION BY connector, db, table_name)
    ),
    by_slice AS (
        SELECT
            connector, slice,
            sum(changes) AS slice_changes,
            sum(stale) AS slice_stale,
            sum(again) AS slice_again,
            sum(below) AS slice_below,
            sum(gaps) AS slice_gaps,
            sum(wrong) AS slice_wrong,
            topKWeightedIf(1)(table_name, told, told > 0) AS slice_table
        FROM by_table
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
