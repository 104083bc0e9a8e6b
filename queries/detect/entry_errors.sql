-- Which operations that requests enter by fail now, and how often did they before?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- least: UInt64, errors that an operation must have had in the last five minutes
-- One row per entry operation: slices of time, with requests and errors in each. The last five minutes are in slices
-- of ten seconds, what lies before in slices of five minutes; a slice in which nothing happened is left out.
WITH toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent
SELECT
    service,
    operation,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(slice_requests) AS requests,
    groupArray(slice_errors) AS errors
FROM (
    SELECT
        toString(ServiceName) AS service,
        toString(SpanName) AS operation,
        if(Time >= recent, Time, toStartOfFiveMinutes(Time)) AS slice,
        sum(Requests) AS slice_requests,
        sum(Errors) AS slice_errors
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
        AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
        AND (ServiceName, SpanName) IN (
            SELECT ServiceName, SpanName
            FROM red
            WHERE Time >= recent AND Time < {to:DateTime64(6, 'UTC')}
                AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})
            GROUP BY ServiceName, SpanName
            HAVING sum(Errors) >= {least:UInt64}
        )
    GROUP BY service, operation, slice
    ORDER BY service, operation, slice
)
GROUP BY service, operation
ORDER BY service, operation
