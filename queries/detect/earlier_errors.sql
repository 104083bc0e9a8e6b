-- How often did the same requests fail hours ago, and around this time on earlier days?
-- to: DateTime64, UTC; the end of the time that is looked back over
-- service, operation: String, of requests that enter there; operation '' for all that the service serves
-- entry_services: Array(String), the services whose server spans all are entries (called.sql)
-- partner: String, the peer of calls instead; '' for none
-- One row per five minutes: how many days before this time it lies (0 for hours ago), its start, requests and errors.
-- The times are few and far between: ten minutes of some hours of the last day, half an hour of days 1, 2, 3 and 7.
WITH
    toStartOfFiveMinutes(toDateTime({to:DateTime64(6, 'UTC')})) AS end,
    arrayConcat(
        arrayFlatten(arrayMap(hours -> arrayMap(place -> end - toIntervalSecond(3600 * hours + 10 * place), range(1, 61)),
            [2.5, 3, 4, 5, 6, 8, 10, 12, 16, 20])),
        arrayFlatten(arrayMap(days -> arrayMap(place -> end - toIntervalSecond(86400 * days - 300 + 10 * place), range(1, 181)),
            [1, 2, 3, 7]))) AS times
SELECT
    if(slice < end - INTERVAL 23 HOUR, intDiv(dateDiff('second', slice, end) + 3600, 86400), 0) AS days,
    toUnixTimestamp(slice) AS start,
    sum(Requests) AS requests,
    sum(failing) AS errors
FROM (
    SELECT
        toStartOfFiveMinutes(Time) AS slice,
        Requests,
        if({partner:String} = '', Errors, greatest(Errors, ClientErrors + ServerErrors)) AS failing
    FROM red
    WHERE Time IN (SELECT arrayJoin(times))
        AND if({partner:String} = '',
            ServiceName = {service:String} AND if({operation:String} = '',
                SpanKind IN ('Server', 'Consumer'),
                SpanName = {operation:String} AND is_entry(IsRoot, SpanKind, ServiceName, {entry_services:Array(String)})),
            SpanKind = 'Client' AND Peer = {partner:String})
)
GROUP BY days, slice
ORDER BY slice
SETTINGS use_index_for_in_with_subqueries_max_values = 0
