-- Which rows do two systems hold that no longer agree, or does only one of them hold?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- least: UInt64, rows that two tables must have come to disagree on in the last five minutes
-- One row per pair of tables of two connectors and kind (disagree: another value; absent: inserted in the first, and not
-- to be found in the second): slices of time as in row_changes with comparisons (requests) and those that found a new
-- disagreement (errors), how many those are in the last five minutes, and which there were in all: the key's values
-- (with a unit separator between), between when and when they came to disagree, and by how much. Of each slice also how many
-- tell whether the two hold the same (telling), and how many say that they do not (apart): another difference than before,
-- whatever explains it, and rows that came to the other after the grace time or never; none where settings pair tables.
-- Settings pair tables. Without, those are paired whose keys have the same columns (and the same name, where that is
-- only `id`); values are compared where both hold a stock. A row is compared once neither side has changed
-- it for the grace time, as far as both connectors have told: what one has yet to send is no difference. It newly disagrees where
-- the difference is not nought and another than at the comparison before, so that what always differs by as much agrees,
-- unless a change in between is wrong in itself (row_changes), which then is what is told. A row is absent unless the other
-- system holds it since before: then its latest change before the time to look back over is no deletion.
CREATE TEMPORARY TABLE tables AS
SELECT
    toString(Connector) AS connector, toString(Db) AS db, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
    arraySort(arrayMap(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(any(Key)))) AS key_columns,
    countIf(isNotNull(Quantity)) > 0 AS has_stock,
    max(Time) AS latest
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r') AND Key != ''
GROUP BY connector, db, table_name;

CREATE TEMPORARY TABLE pairs AS
SELECT *, rowNumberInAllBlocks() AS pair
FROM (
    SELECT
        a.connector AS a_connector, a.db AS a_db, a.table_name AS a_table, told.LeftColumn AS a_column,
        b.connector AS b_connector, b.db AS b_db, b.table_name AS b_table, told.RightColumn AS b_column,
        told.LeftColumn != '' AS has_values, told.GraceS AS grace_s
    FROM row_counterparts AS told
    INNER JOIN tables AS a ON lower(a.table_name) = lower(told.LeftTable)
    INNER JOIN tables AS b ON lower(b.table_name) = lower(told.RightTable)
    WHERE (a.connector, a.db, a.table_name) != (b.connector, b.db, b.table_name)
    UNION ALL
    SELECT a.connector, a.db, a.table_name, '', b.connector, b.db, b.table_name, '', a.has_stock AND b.has_stock, 30
    FROM tables AS a
    INNER JOIN tables AS b ON a.key_columns = b.key_columns
    WHERE (SELECT count() FROM row_counterparts) = 0 AND a.connector < b.connector
        AND (a.key_columns != ['id'] OR lower(splitByChar('.', a.table_name)[-1]) = lower(splitByChar('.', b.table_name)[-1]))
)
ORDER BY a_connector, a_db, a_table, b_connector, b_db, b_table;

CREATE TEMPORARY TABLE changed AS
SELECT
    connector, db, table_name, keys, cityHash64(keys) AS key_hash, Time, Captured, Offset, place, Op, After, Quantity,
    ifNull(step < 0, false) OR is_again
        OR ifNull(step > 1, false) AND 2 * countIf(step = 1) OVER of_table > countIf(step > 0) OVER of_table AS is_wrong
FROM (
    SELECT
        *,
        if(Op = 'u', Sequence - max(Sequence) OVER before_it, NULL) AS step,
        Op IN ('c', 'u') AND message != 0 AND row_number() OVER same_message > 1
            AND ifNull(Quantity != any(Quantity) OVER just_before, false) AS is_again
    FROM (
        SELECT *, cityHash64(row_hash, countIf(Op != 'u') OVER (
            PARTITION BY row_hash ORDER BY Time, Captured, Offset, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS life  -- its numbers begin anew, as in row_changes
        FROM (
            SELECT
                toString(Connector) AS connector, toString(Db) AS db, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
                arrayStringConcat(arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(Key))), '\x1F') AS keys,
                cityHash64(connector, db, table_name, keys) AS row_hash,
                if(IdempotencyKey = '', 0, cityHash64(row_hash, IdempotencyKey)) AS message,
                Time, Captured, Offset, (ifNull(Sequence, 0), length(Position), Position, TxOrder, Id) AS place,
                Op, Sequence, Quantity, if((SELECT max(a_column) FROM pairs) = '', '', After) AS After
            FROM cdc_events
            WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
                AND (connector, db, table_name) IN (SELECT arrayJoin([(a_connector, a_db, a_table), (b_connector, b_db, b_table)]) FROM pairs)
            ORDER BY Captured LIMIT 1 BY Id
        )
    )
    WINDOW
        before_it AS (PARTITION BY life ORDER BY Time, Captured, Offset, place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        just_before AS (PARTITION BY row_hash ORDER BY Time, Captured, Offset, place ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING),
        same_message AS (PARTITION BY message ORDER BY Time, Captured, Offset, place)
)
WINDOW of_table AS (PARTITION BY connector, db, table_name);

CREATE TEMPORARY TABLE sides AS
SELECT
    pair, is_b, grace_s, has_values, horizon, keys, key_hash, Time, Captured, Offset, place, Op, is_wrong,
    if(column = '', Quantity, toFloat64OrNull(arrayFirst(each -> lower(each.1) = lower(column), JSONExtractKeysAndValues(After, 'String')).2)) AS value
FROM (
    SELECT
        pair, grace_s, has_values, side.1 AS is_b, side.2 AS of_connector, side.3 AS of_db, side.4 AS of_table, side.5 AS column,
        least(a.latest, b.latest) AS horizon
    FROM pairs
    INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS a ON a.connector = a_connector
    INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS b ON b.connector = b_connector
    ARRAY JOIN [(false, a_connector, a_db, a_table, a_column), (true, b_connector, b_db, b_table, b_column)] AS side
) AS of_pair
INNER JOIN changed ON changed.connector = of_connector AND changed.db = of_db AND changed.table_name = of_table;

CREATE TEMPORARY TABLE inserted AS
SELECT
    pair, is_b, keys, key_hash, Time, grace_s, toUnixTimestamp(came) = 0 AS is_lacking,
    is_lacking OR came > Time + toIntervalSecond(grace_s) AS is_apart
FROM sides
LEFT JOIN (SELECT pair, NOT is_b AS is_b, key_hash, min(Time) AS came FROM sides GROUP BY pair, is_b, key_hash) AS there
    USING (pair, is_b, key_hash)
WHERE Op = 'c' AND Time + toIntervalSecond(grace_s) <= horizon;

CREATE TEMPORARY TABLE lacking AS
SELECT DISTINCT
    pair, is_b, key_hash,
    if(is_b, a_connector, b_connector) AS connector, if(is_b, a_db, b_db) AS db, if(is_b, a_table, b_table) AS table_name
FROM inserted INNER JOIN pairs USING (pair)
WHERE is_lacking AND (
    (SELECT count() FROM row_counterparts) > 0
    OR (pair, is_b) IN (SELECT pair, is_b FROM inserted WHERE NOT is_apart));  -- none is sought of two that hold nothing in common

CREATE TEMPORARY TABLE held AS
SELECT pair, is_b, key_hash
FROM lacking
INNER JOIN (
    SELECT
        toString(Connector) AS connector, toString(Db) AS db, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
        cityHash64(arrayStringConcat(arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(Key))), '\x1F')) AS key_hash
    FROM cdc_events
    WHERE Captured < {from:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r', 'd') AND Key != '' AND (SELECT count() FROM lacking) > 0
        AND (connector, db, table_name) IN (SELECT connector, db, table_name FROM lacking)
        AND key_hash IN (SELECT key_hash FROM lacking)
    GROUP BY connector, db, table_name, key_hash
    HAVING argMax(Op, Captured) != 'd'
) AS before USING (connector, db, table_name, key_hash);

WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    followed AS (
        SELECT
            pair, keys, key_hash, Time, grace_s,
            anyLast(if(is_b, NULL, value)) OVER until_it - anyLast(if(is_b, value, NULL)) OVER until_it AS difference,
            sum(is_wrong) OVER until_it AS wrong_so_far,
            least(horizon, leadInFrame(Time, 1, horizon) OVER (
                PARTITION BY pair, key_hash ORDER BY Time, is_b, Captured, Offset, place
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS next_time
        FROM sides
        WHERE has_values
        WINDOW until_it AS (PARTITION BY pair, key_hash ORDER BY Time, is_b, Captured, Offset, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    compared AS (
        SELECT
            pair, false AS is_turned, 'disagree' AS kind, keys, Time + toIntervalSecond(grace_s) AS at,
            lagInFrame(Time) OVER comparison_before AS since, difference,
            difference != 0 AND difference != lagInFrame(difference) OVER comparison_before AS is_apart,  -- NULL: none before
            ifNull(is_apart, false) AND wrong_so_far = lagInFrame(wrong_so_far) OVER comparison_before AS is_new
        FROM followed
        WHERE isNotNull(difference) AND next_time >= Time + toIntervalSecond(grace_s)
        WINDOW comparison_before AS (PARTITION BY pair, key_hash ORDER BY Time ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)
        UNION ALL
        SELECT
            pair, is_b, 'absent', keys, Time + toIntervalSecond(grace_s), Time - INTERVAL 1 MICROSECOND, 1.,
            is_apart AND is_unheld, is_lacking AND is_unheld
        FROM (SELECT *, (pair, is_b, key_hash) NOT IN (SELECT pair, is_b, key_hash FROM held) AS is_unheld FROM inserted)
    ),
    by_slice AS (
        SELECT
            pair, is_turned, kind,
            if(at >= recent, toStartOfInterval(toDateTime(at), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(at))) AS slice,
            count() AS compared_here, countIf(is_new) AS new_here, count(is_apart) AS telling_here,
            countIf(is_apart AND (SELECT count() FROM row_counterparts) = 0) AS apart_here,
            groupArrayIf((keys, since, at, difference), is_new) AS found_here
        FROM compared
        GROUP BY ALL
        ORDER BY pair, is_turned, kind, slice
    )
SELECT
    if(is_turned, b_connector, a_connector) AS connector, if(is_turned, b_table, a_table) AS changed_table,
    if(is_turned, a_connector, b_connector) AS counterpart, if(is_turned, a_table, b_table) AS counterpart_table, kind,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(compared_here) AS requests,
    groupArray(new_here) AS errors,
    groupArray(telling_here) AS telling,
    groupArray(apart_here) AS apart,
    sumIf(new_here, slice >= recent) AS disagreeing,
    arraySort(each -> (each.3, each.1), groupArrayArray(found_here)) AS found
FROM by_slice INNER JOIN pairs ON pairs.pair = by_slice.pair
GROUP BY pair, connector, changed_table, counterpart, counterpart_table, kind
HAVING disagreeing >= {least:UInt64}
ORDER BY connector, changed_table, counterpart, counterpart_table, kind, pair
