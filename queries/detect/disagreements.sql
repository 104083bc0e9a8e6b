-- Which rows do two systems hold that no longer agree, or does only one of them hold?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- least: UInt64, rows that two tables must have come to disagree on in the last five minutes
-- One row per pair of tables of two connectors and kind (disagree: another value; absent: inserted in the first, and not
-- to be found in the second): slices of time as in row_changes with comparisons (requests) and those that found a new
-- disagreement (errors), how many those are in the last five minutes, and which there were in all: the key's values
-- (with a unit separator between), between when and when they came to disagree, and by how much.
-- Settings pair tables. Without, those are paired whose keys have the same columns (and the same name, where that is
-- only `id`) and share a key; values are compared where both hold a stock. A row is compared once neither side has changed
-- it for the grace time, and what both connectors have sent reaches as far (or lies two minutes back). It newly disagrees where
-- the difference is not nought and another than at the comparison before, so that what always differs by as much agrees,
-- unless a change in between is wrong in itself (row_changes), which then is what is told.
CREATE TEMPORARY TABLE tables AS
SELECT
    toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
    arraySort(arrayMap(pair -> lower(pair.1), JSONExtractKeysAndValuesRaw(any(Key)))) AS key_columns,
    groupUniqArray(10000)(arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(JSONExtractKeysAndValuesRaw(Key)))) AS some_keys,
    countIf(isNotNull(Quantity)) > 0 AS has_stock,
    max(Time) AS latest
FROM cdc_events
WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r') AND Key != ''
GROUP BY connector, table_name;

CREATE TEMPORARY TABLE pairs AS
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
WHERE (SELECT count() FROM row_counterparts) = 0
    AND a.connector < b.connector AND hasAny(a.some_keys, b.some_keys)
    AND (a.key_columns != ['id'] OR lower(splitByChar('.', a.table_name)[-1]) = lower(splitByChar('.', b.table_name)[-1]));

CREATE TEMPORARY TABLE changed AS
SELECT
    connector, table_name, keys, Time, TxOrder, Id, Op, After, Quantity,
    Op IN ('c', 'u') AND (
        ifNull(Sequence < max(Sequence) OVER before_it, false)
        OR ifNull(Sequence > 1 + max(Sequence) OVER before_it, false)
        OR (IdempotencyKey != '' AND row_number() OVER same_message > 1 AND ifNull(Quantity != any(Quantity) OVER just_before, false))
    ) AS is_wrong
FROM (
    SELECT
        toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
        arrayMap(pair -> trim(BOTH '"' FROM pair.2), arraySort(JSONExtractKeysAndValuesRaw(Key))) AS keys,
        Time, TxOrder, Id, Op, Sequence, Quantity, IdempotencyKey, if((SELECT max(a_column) FROM pairs) = '', '', After) AS After
    FROM cdc_events
    WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')} AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        AND (connector, table_name) IN (SELECT arrayJoin([(a_connector, a_table), (b_connector, b_table)]) FROM pairs)
    ORDER BY Captured LIMIT 1 BY connector, table_name, Id
)
WINDOW
    before_it AS (PARTITION BY connector, table_name, keys ORDER BY Time, TxOrder, Id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    just_before AS (PARTITION BY connector, table_name, keys ORDER BY Time, TxOrder, Id ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING),
    same_message AS (PARTITION BY connector, table_name, keys, IdempotencyKey ORDER BY Time, TxOrder, Id);

WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    reaching AS (
        SELECT pairs.*, greatest(least(a.latest, b.latest), {to:DateTime64(6, 'UTC')} - INTERVAL 2 MINUTE) AS horizon
        FROM pairs
        INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS a ON a.connector = a_connector
        INNER JOIN (SELECT connector, max(latest) AS latest FROM tables GROUP BY connector) AS b ON b.connector = b_connector
    ),
    sides AS (
        SELECT *, false AS is_b,
            if(a_column = '', Quantity, toFloat64OrNull(arrayFirst(pair -> lower(pair.1) = lower(a_column), JSONExtractKeysAndValues(After, 'String')).2)) AS value
        FROM reaching INNER JOIN changed ON connector = a_connector AND table_name = a_table
        UNION ALL
        SELECT *, true AS is_b,
            if(b_column = '', Quantity, toFloat64OrNull(arrayFirst(pair -> lower(pair.1) = lower(b_column), JSONExtractKeysAndValues(After, 'String')).2)) AS value
        FROM reaching INNER JOIN changed ON connector = b_connector AND table_name = b_table
    ),
    followed AS (
        SELECT
            a_connector, a_table, b_connector, b_table, keys, Time, grace_s,
            anyLast(if(is_b, NULL, value)) OVER until_it - anyLast(if(is_b, value, NULL)) OVER until_it AS difference,
            sum(is_wrong) OVER until_it AS wrong_so_far,
            leadInFrame(Time, 1, horizon) OVER (
                PARTITION BY a_connector, a_table, b_connector, b_table, keys ORDER BY Time, is_b, TxOrder, Id
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_time
        FROM sides
        WHERE has_values
        WINDOW until_it AS (PARTITION BY a_connector, a_table, b_connector, b_table, keys ORDER BY Time, is_b, TxOrder, Id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    compared AS (
        SELECT
            a_connector, a_table, b_connector, b_table, 'disagree' AS kind, keys, Time + toIntervalSecond(grace_s) AS at,
            lagInFrame(Time) OVER comparison_before AS since, difference,
            ifNull(difference != 0 AND difference != lagInFrame(difference) OVER comparison_before, false)
                AND wrong_so_far = lagInFrame(wrong_so_far) OVER comparison_before AS is_new
        FROM followed
        WHERE isNotNull(difference) AND next_time >= Time + toIntervalSecond(grace_s)
        WINDOW comparison_before AS (PARTITION BY a_connector, a_table, b_connector, b_table, keys ORDER BY Time
            ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)
        UNION ALL
        SELECT
            if(is_b, b_connector, a_connector), if(is_b, b_table, a_table), if(is_b, a_connector, b_connector), if(is_b, a_table, b_table),
            'absent', keys, Time + toIntervalSecond(grace_s), Time - INTERVAL 1 MICROSECOND, 1.,
            (if(is_b, a_connector, b_connector), if(is_b, a_table, b_table), keys) NOT IN (SELECT connector, table_name, keys FROM changed)
        FROM sides
        WHERE Op = 'c' AND Time + toIntervalSecond(grace_s) <= horizon
    ),
    by_slice AS (
        SELECT
            a_connector, a_table, b_connector, b_table, kind,
            if(at >= recent, toStartOfInterval(toDateTime(at), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(at))) AS slice,
            count() AS compared_here, countIf(is_new) AS new_here,
            groupArrayIf((arrayStringConcat(keys, '\x1F'), since, at, difference), is_new) AS found_here
        FROM compared
        GROUP BY ALL
        ORDER BY a_connector, a_table, b_connector, b_table, kind, slice
    )
SELECT
    a_connector AS connector, a_table AS changed_table, b_connector AS counterpart, b_table AS counterpart_table, kind,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(compared_here) AS requests,
    groupArray(new_here) AS errors,
    sumIf(new_here, slice >= recent) AS disagreeing,
    arraySort(each -> (each.3, each.1), groupArrayArray(found_here)) AS found
FROM by_slice
GROUP BY connector, changed_table, counterpart, counterpart_table, kind
HAVING disagreeing >= {least:UInt64}
ORDER BY connector, changed_table, counterpart, counterpart_table, kind
