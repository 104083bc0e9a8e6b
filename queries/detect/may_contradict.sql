-- How many of the row changes of the last five minutes may be wrong in themselves, at most?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- One row: no fewer than row_changes.sql finds (`at_most`), and mostly none while nothing is wrong, at a fraction of the
-- cost. Counted are all changes of a row whose numbers do not follow one by one on the highest before, those that are below
-- zero, and inserts under an idempotency key that stands in another transaction, too.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    by_row AS (
        WITH Op != 'd' AND isNotNull(Sequence) AS is_numbered, (Time, Captured, Offset, assumeNotNull(Sequence)) AS numbered
        SELECT
            countIf(Op = 'u' AND Quantity < 0 AND Captured >= recent) AS below,
            maxIf(Sequence, Captured < recent AND is_numbered) AS highest_before,
            maxIf(numbered, Captured < recent AND is_numbered) AS last_before,
            arraySort(groupArrayIf(numbered, Captured >= recent AND is_numbered)) AS changes,
            arrayMap(each -> each.4, changes) AS numbers
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'r', 'd') AND Key != ''
        GROUP BY cityHash64(Connector, Db, `Schema`, `Table`, Key)
        HAVING below > 0 OR notEmpty(changes)
    )
SELECT sum(found) AS at_most
FROM (
    SELECT below + if(
        arrayAll(step -> step IN (0, 1), arrayDifference(arrayPushFront(numbers, ifNull(highest_before, numbers[1]))))
            AND (isNull(highest_before) OR (last_before.4 = highest_before AND changes[1] > last_before)), 0, length(numbers)) AS found
    FROM by_row
    UNION ALL
    SELECT countIf(Captured >= recent)
    FROM cdc_events
    WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
        AND Op = 'c' AND Key != '' AND IdempotencyKey != ''
    GROUP BY cityHash64(Connector, Db, `Schema`, `Table`, IdempotencyKey)
    HAVING min(Id) != max(Id) AND (min(Tx) != max(Tx) OR min(Tx) = '')
)
SETTINGS max_threads = 1
