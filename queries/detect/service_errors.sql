-- How often do requests to these services fail now, version by version, and how often did they before?
-- from, to: DateTime64, UTC; the time to look back over, `to` itself not meant
-- services: Array(String), their names
-- One row per service and version: when it was first seen, and slices of time as in entry_errors.
WITH toDateTime({to:DateTime64(6, 'UTC')}) - INTERVAL 5 MINUTE AS recent
SELECT
    service,
    version,
    toUnixTimestamp(min(first_seen)) AS first,
    groupArray(toUnixTimestamp(slice)) AS slices,
    groupArray(slice_requests) AS requests,
    groupArray(slice_errors) AS errors
FROM (
    SELECT
        toString(ServiceName) AS service,
        toString(Version) AS version,
        if(Time >= recent, Time, toStartOfFiveMinutes(Time)) AS slice,
        min(Time) AS first_seen,
        sum(Requests) AS slice_requests,
        sum(Errors) AS slice_errors
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
        AND ServiceName IN {services:Array(String)} AND SpanKind IN ('Server', 'Consumer')
    GROUP BY service, version, slice
    ORDER BY service, version, slice
)
GROUP BY service, version
ORDER BY service, version
