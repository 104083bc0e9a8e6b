-- How many rows may two systems have come to disagree on in the last five minutes, at most?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- One row: no fewer than disagreements.sql finds (`at_most`), and mostly none while nothing is wrong, at a third of the cost.
-- Counted are comparisons whose difference is neither nought nor surely that of the comparison before, and inserts that one
-- of the two lacks, whatever is wrong in itself; where settings pair tables, all that changed.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE - INTERVAL 30 SECOND AS since,
    by_row AS MATERIALIZED (
        WITH
            ifNull(Sequence, 0) AS number, length(Position) AS long,
            if(Partition < 0 AND isNull(Sequence), Position, '') AS place  -- it is mostly told apart by what comes before
        SELECT
            toString(any(Connector)) AS connector,
            toString(any(Db)) AS db,
            concat(if(any(`Schema`) = '', db, any(`Schema`)), '.', any(`Table`)) AS table_name,
            any(Key) AS key,
            maxIf(Time, Op != 'd') AS latest,
            countIf(Op != 'd' AND isNotNull(Quantity)) > 0 AS has_stock,
            argMaxIf(Quantity, (Time, Captured, Offset, number, long, place), Time < since) AS value_before,
            maxIf(Time, Time < since) AS changed_before,
            groupArrayIf((Time, Captured, Offset, number, long, place, Quantity, Op = 'c'), Time >= since) AS changed
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        GROUP BY cityHash64(Connector, Db, `Schema`, `Table`, Key)
    ),
    tables AS MATERIALIZED (
        SELECT
            connector, db, table_name, max(has_stock) AS holds_stock, max(max(latest)) OVER (PARTITION BY connector) AS told_until,
            arraySort(arrayMap(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(any(key)))) AS key_columns
        FROM by_row
        GROUP BY connector, db, table_name
    ),
    sides AS (
        SELECT
            cityHash64(a.connector, a.db, a.table_name, b.connector, b.db, b.table_name) AS pair,
            least(a.told_until, b.told_until) AS until,
            a.holds_stock AND b.holds_stock AS have_values,
            arrayJoin([(false, a.connector, a.db, a.table_name), (true, b.connector, b.db, b.table_name)]) AS side
        FROM tables AS a
        INNER JOIN tables AS b ON a.key_columns = b.key_columns
        WHERE a.connector < b.connector
            AND (a.key_columns != ['id'] OR lower(splitByChar('.', a.table_name)[-1]) = lower(splitByChar('.', b.table_name)[-1]))
    ),
    by_key AS (
        SELECT
            any(until) AS until, any(have_values) AS have_values, uniqExact(side.1) = 1 AS is_alone, max(changed_before) AS last_before,
            anyIf(value_before, NOT side.1) AS a_before, anyIf(value_before, side.1) AS b_before,
            arraySort(groupArrayArray(arrayMap(each -> (each.1, side.1, each.2, each.3, each.4, each.5, each.6, each.7, each.8), changed))) AS changes
        FROM by_row INNER JOIN sides ON connector = side.2 AND db = side.3 AND table_name = side.4
        GROUP BY pair, arrayStringConcat(arrayMap(part -> trim(BOTH '"' FROM part.2), arraySort(part -> lower(part.1), JSONExtractKeysAndValuesRaw(key))), '\x1F')
        HAVING notEmpty(changes)
    ),
    followed AS (
        SELECT
            until, have_values, is_alone,
            arrayPushFront(changes.1, last_before) AS times,
            arrayFill(value -> isNotNull(value), arrayPushFront(arrayMap((is_b, value) -> if(is_b, NULL, value), changes.2, changes.8), a_before)) AS a_values,
            arrayFill(value -> isNotNull(value), arrayPushFront(arrayMap((is_b, value) -> if(is_b, value, NULL), changes.2, changes.8), b_before)) AS b_values,
            arrayCount((time, is_insert) -> is_insert AND time + INTERVAL 30 SECOND <= until, changes.1, changes.9) AS inserts
        FROM by_key
    ),
    compared AS (
        SELECT
            if(is_alone, inserts, 0) AS absent, have_values,
            arrayMap((a, b, time, next) -> if(least(until, next) >= time + INTERVAL 30 SECOND, a - b, NULL),
                a_values, b_values, times, arrayPushBack(arrayPopFront(times), until)) AS differences
        FROM followed
    )
SELECT
    sum(absent + have_values * arrayCount((now, before) -> now != 0 AND ifNull(now != before, true),
        arrayPopFront(differences), arrayPopBack(arrayFill(each -> isNotNull(each), differences))))
    + (
        SELECT count()
        FROM cdc_events
        WHERE (SELECT count() FROM row_counterparts) > 0
            AND Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
    ) AS at_most
FROM compared
SETTINGS max_threads = 1
