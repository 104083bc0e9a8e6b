-- How many of the row changes of the last five minutes may be wrong in themselves, at most?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- One row: no fewer than row_changes.sql finds (`at_most`), and mostly none while nothing is wrong, at a fraction of the
-- cost. Counted are all changes of a row whose numbers do not follow one by one or that was deleted and changed again, those
-- that are below zero, and inserts under an idempotency key that stands at another place of the log, too.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    by_row AS (
        WITH Op != 'd' AND isNotNull(Sequence) AS is_numbered
        SELECT
            countIf(Op = 'u' AND Quantity < 0 AND Captured >= recent) AS below,
            maxIf(Sequence, Captured < recent AND is_numbered) AS number_before,
            maxIf(Time, Captured < recent AND is_numbered) AS numbered_before,
            ifNull(maxIf(Time, is_numbered) >= minOrNullIf(Time, Op = 'd'), false) AS is_another,
            arraySort(groupArrayIf((Time, Captured, Offset, TxOrder, Id, Sequence), Captured >= recent AND is_numbered)) AS numbered,
            numbered[1].1 AS numbered_since,
            arrayMap(each -> assumeNotNull(each.6), numbered) AS numbers
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        GROUP BY cityHash64(Connector, if(`Schema` = '', Db, `Schema`), `Table`, Key)
        HAVING below > 0 OR notEmpty(numbered)
    )
SELECT sum(found) AS at_most
FROM (
    SELECT below + if(
        arrayAll(step -> step IN (0, 1), arrayDifference(arrayPushFront(numbers, ifNull(number_before, numbers[1]))))
            AND (isNull(number_before) OR numbered_since > numbered_before) AND NOT is_another, 0, length(numbers)) AS found
    FROM by_row
    UNION ALL
    SELECT countIf(Captured >= recent)
    FROM cdc_events
    WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
        AND Op = 'c' AND Key != '' AND IdempotencyKey != ''
    GROUP BY cityHash64(Connector, if(`Schema` = '', Db, `Schema`), `Table`, IdempotencyKey)
    HAVING min(Id) != max(Id)
)
SETTINGS max_threads = 1
