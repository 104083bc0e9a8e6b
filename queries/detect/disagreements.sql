-- Which rows do two systems hold that no longer agree, or does only one of them hold?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- least: UInt64, rows that two tables must have come to disagree on in the last five minutes
-- One row per pair of tables of two connectors and kind (disagree: another value; absent: inserted in the first, and not
-- to be found in the second): slices of time as in row_changes with comparisons (requests) and those that found a new
-- disagreement (errors), how many those are in the last five minutes, and which there were in all: the key's values
-- (with a unit separator between), between when and when they came to disagree, and by how much.
-- Settings pair tables. Without, those are paired whose keys have the same columns (and the same name, where that is
-- only `id`); values are compared where both hold a stock. A row is compared once neither side has changed
-- it for the grace time, as far as both connectors have told: what one has yet to send is no difference. It newly disagrees where
-- the difference is not nought and another than at the comparison before, so that what always differs by as much agrees,
-- unless a change in between is wrong in itself (row_changes), which then is what is told.
CREATE TEMPORARY TABLE tables AS
SELECT
    toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
    arraySort(arrayMap(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(any(Key)))) AS key_columns,
    countIf(isNotNull(Quantity)) > 0 AS has_stock,
    max(Time) AS latest
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r') AND Key != ''
GROUP BY connector, table_name;

CREATE TEMPORARY TABLE pairs AS
SELECT *, rowNumberInAllBlocks() AS pair
FROM (
    SELECT
        a.connector AS a_connector, a.table_name AS a_table, told.LeftColumn AS a_column,
        b.connector AS b_connector, b.table_name AS b_table, told.RightColumn AS b_column,
        told.LeftColumn != '' AS has_values, told.GraceS AS grace_s
    FROM row_counterparts AS told
    INNER JOIN tables AS a ON lower(a.table_name) = lower(told.LeftTable)
    INNER JOIN tables AS b ON lower(b.table_name) = lower(told.RightTable)
    WHERE (a.connector, a.table_name) != (b.connector, b.table_name)
    UNION ALL
    SELECT a.connector, a.table_name, '', b.connector, b.table_name, '', a.has_stock AND b.has_stock, 30
    FROM tables AS a
    INNER JOIN tables AS b ON a.key_columns = b.key_columns
    WHERE (SELECT count() FROM row_counterparts) = 0 AND a.connector < b.connector
        AND (a.key_columns != ['id'] OR lower(splitByChar('.', a.table_name)[-1]) = lower(splitByChar('.', b.table_name)[-1]))
)
ORDER BY a_connector, a_table, b_connector, b_table;

CREATE TEMPORARY TABLE changed AS
SELECT
    connector, table_name, keys, cityHash64(keys) AS key_hash, Time, Captured, Offset, TxOrder, Id, Op, After, Quantity,
    Op IN ('c', 'u') AND (
        ifNull(Sequence < max(Sequence) OVER before_it, false)
        OR ifNull(Sequence > 1 + max(Sequence) OVER before_it, false)
        OR (message != 0 AND row_number() OVER same_message > 1 AND ifNull(Quantity != any(Quantity) OVER just_before, false))
    ) AS is_wrong
FROM (
    SELECT *, cityHash64(row_hash, countIf(Op = 'd') OVER (
        PARTITION BY row_hash ORDER BY Time, Captured, Offset, TxOrder, Id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS life  -- deleted and inserted again, it is another row
    FROM (
        SELECT
            toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            arrayStringConcat(arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(Key))), '\x1F') AS keys,
            cityHash64(connector, table_name, keys) AS row_hash,
            if(IdempotencyKey = '', 0, cityHash64(row_hash, IdempotencyKey)) AS message,
            Time, Captured, Offset, TxOrder, Id, Op, Sequence, Quantity, if((SELECT max(a_column) FROM pairs) = '', '', After) AS After
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
            AND (connector, table_name) IN (SELECT arrayJoin([(a_connector, a_table), (b_connector, b_table)]) FROM pairs)
        ORDER BY Captured LIMIT 1 BY Id
    )
)
WINDOW
    before_it AS (PARTITION BY life ORDER BY Time, Captured, Offset, TxOrder, Id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    just_before AS (PARTITION BY row_hash ORDER BY Time, Captured, Offset, TxOrder, Id ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING),
    same_message AS (PARTITION BY message ORDER BY Time, Captured, Offset, TxOrder, Id);

CREATE TEMPORARY TABLE sides AS
SELECT
    pair, is_b, grace_s, has_values, horizon, keys, key_hash, Time, Captured, Offset, TxOrder, Op, is_wrong,
    if(column = '', Quantity, toFloat64OrNull(arrayFirst(each -> lower(each.1) = lower(column), JSONExtractKeysAndValues(After, 'String')).2)) AS value
FROM (
    SELECT
        pair, grace_s, has_values, side.1 AS is_b, side.2 AS of_connector, side.3 AS of_table, side.4 AS column,
        least(a.latest, b.latest) AS horizon
    FROM pairs
    INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS a ON a.connector = a_connector
    INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS b ON b.connector = b_connector
    ARRAY JOIN [(false, a_connector, a_table, a_column), (true, b_connector, b_table, b_column)] AS side
) AS of_pair
INNER JOIN changed ON changed.connector = of_connector AND changed.table_name = of_table;

WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    followed AS (
        SELECT
            pair, keys, key_hash, Time, grace_s,
            anyLast(if(is_b, NULL, value)) OVER until_it - anyLast(if(is_b, value, NULL)) OVER until_it AS difference,
            sum(is_wrong) OVER until_it AS wrong_so_far,
            least(horizon, leadInFrame(Time, 1, horizon) OVER (
                PARTITION BY pair, key_hash ORDER BY Time, is_b, Captured, Offset, TxOrder
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS next_time
        FROM sides
        WHERE has_values
        WINDOW until_it AS (PARTITION BY pair, key_hash ORDER BY Time, is_b, Captured, Offset, TxOrder ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    compared AS (
        SELECT
            pair, false AS is_turned, 'disagree' AS kind, keys, Time + toIntervalSecond(grace_s) AS at,
            lagInFrame(Time) OVER comparison_before AS since, difference,
            ifNull(difference != 0 AND difference != lagInFrame(difference) OVER comparison_before, false)
                AND wrong_so_far = lagInFrame(wrong_so_far) OVER comparison_before AS is_new
        FROM followed
        WHERE isNotNull(difference) AND next_time >= Time + toIntervalSecond(grace_s)
        WINDOW comparison_before AS (PARTITION BY pair, key_hash ORDER BY Time ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)
        UNION ALL
        SELECT
            pair, is_b, 'absent', keys, Time + toIntervalSecond(grace_s), Time - INTERVAL 1 MICROSECOND, 1.,
            (pair, NOT is_b, key_hash) NOT IN (SELECT pair, is_b, key_hash FROM sides)
        FROM sides
        WHERE Op = 'c' AND Time + toIntervalSecond(grace_s) <= horizon
    ),
    by_slice AS (
        SELECT
            pair, is_turned, kind,
            if(at >= recent, toStartOfInterval(toDateTime(at), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(at))) AS slice,
            count() AS compared_here, countIf(is_new) AS new_here,
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
    sumIf(new_here, slice >= recent) AS disagreeing,
    arraySort(each -> (each.3, each.1), groupArrayArray(found_here)) AS found
FROM by_slice INNER JOIN pairs ON pairs.pair = by_slice.pair
GROUP BY connector, changed_table, counterpart, counterpart_table, kind
HAVING disagreeing >= {least:UInt64}
ORDER BY connector, changed_table, counterpart, counterpart_table, kind
