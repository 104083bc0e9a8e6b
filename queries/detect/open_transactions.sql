-- Which transactions did not arrive whole, by the marker that Debezium sends at their end?
-- from, to: DateTime64, UTC; the time to look back over, by when changes were captured; `to` itself not meant
-- least: UInt64, transactions that a connector must lack changes of in the last five minutes
-- One row per connector: slices of time as in row_changes, with the transactions that ended in each (requests) and
-- those that lack changes (errors), how many lack some in the last five minutes and how many changes those are, the
-- table that lacks most, and which transactions lack some at all, with their end, and how many changes. A marker counts each table's events. Judged are tables that we receive, a minute after the
-- end, once changes of the table have come that are a minute later: what is still to be sent is not missed. A table that two connectors have is told
-- apart by the marker's topic, and left out without one.
WITH
    toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent,
    received AS MATERIALIZED (
        SELECT
            toString(Connector) AS connector, concat(if(`Schema` = '', Db, `Schema`), '.', `Table`) AS table_name,
            Tx AS of_tx, uniqExact(TxOrder) AS changes, max(Captured) AS latest
        FROM cdc_events
        WHERE Captured >= {from:DateTime64(6, 'UTC')} AND Captured < {to:DateTime64(6, 'UTC')}
            AND Op IN ('c', 'u', 'd', 't') AND TxOrder > 0
        GROUP BY connector, table_name, of_tx
    ),
    counted AS MATERIALIZED (
        SELECT Tx AS ended_tx, Captured AS ended, toString(Topic) AS topic, counts.1 AS collection, counts.2 AS expected
        FROM (
            SELECT Tx, Captured, Topic, After
            FROM cdc_events
            WHERE Op = 'end' AND Captured >= {from:DateTime64(6, 'UTC')} + INTERVAL 1 MINUTE
                AND Captured < {to:DateTime64(6, 'UTC')} - INTERVAL 1 MINUTE
            ORDER BY Captured LIMIT 1 BY Id
        )
        ARRAY JOIN JSONExtract(After, 'Array(Tuple(data_collection String, event_count UInt64))') AS counts
    ),
    fitting AS (
        SELECT collection, topic, arraySort(groupArray((startsWith(topic, concat(connector, '.')), connector, table_name, latest))) AS fits
        FROM (SELECT DISTINCT collection, topic FROM counted) AS ends_of
        CROSS JOIN (
            SELECT connector, table_name, max(latest) AS latest FROM received GROUP BY connector, table_name
        ) AS tables
        WHERE collection = table_name OR endsWith(collection, concat('.', table_name))
        GROUP BY collection, topic
        HAVING length(fits) = 1 OR (fits[-1].1 AND NOT fits[-2].1)
    ),
    by_transaction AS (
        SELECT
            fits[-1].2 AS connector, ended_tx, min(ended) AS at,
            sum(greatest(0, toInt64(expected) - toInt64(ifNull(changes, 0)))) AS lacking,
            argMax(fits[-1].3, toInt64(expected) - toInt64(ifNull(changes, 0))) AS lacking_table
        FROM counted
        INNER JOIN fitting ON fitting.collection = counted.collection AND fitting.topic = counted.topic
        LEFT JOIN received ON received.connector = fits[-1].2 AND received.table_name = fits[-1].3 AND of_tx = ended_tx
        WHERE fits[-1].4 > ended + INTERVAL 1 MINUTE
        GROUP BY connector, ended_tx
    ),
    by_slice AS (
        SELECT
            connector,
            if(at >= recent, toStartOfInterval(toDateTime(at), INTERVAL 10 SECOND), toStartOfFiveMinutes(toDateTime(at))) AS slice,
            count() AS ended_here, countIf(lacking > 0) AS open_here, sum(lacking) AS lacking_here,
            topKIf(1)(lacking_table, lacking > 0) AS slice_table,
            groupArrayIf((ended_tx, at, toUInt64(lacking), lacking_table), lacking > 0) AS lacking_transactions
        FROM by_transaction
        GROUP BY connector, slice
        ORDER BY connector, slice
    )
SELECT
    connector,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(ended_here) AS requests,
    groupArray(open_here) AS errors,
    sumIf(open_here, slice >= recent) AS open_transactions,
    sumIf(lacking_here, slice >= recent) AS lacking_changes,
    topKArray(1)(slice_table)[1] AS worst_table,
    arraySort(each -> (each.2, each.1), groupArrayArray(lacking_transactions)) AS found
FROM by_slice
GROUP BY connector
HAVING open_transactions >= {least:UInt64}
ORDER BY connector
