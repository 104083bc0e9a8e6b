-- Of which hours did telemetry arrive lately that business figures are made from?
-- metrics: Array(String), the names of the metrics
-- services: Array(String), those of which spans count, whatever their names (none of a kind is a 0); empty for any
-- logs: Bool, whether log records count
-- since: Date; the first day of arrival that counts
-- One row per hour that what arrived then says.
SELECT DISTINCT hour FROM (
    SELECT toUnixTimestamp(toStartOfHour(toDateTime(TimeUnix, 'UTC'))) AS hour FROM otel_metrics_sum
    WHERE Received >= {since:Date} AND MetricName IN {metrics:Array(String)}
    UNION ALL
    SELECT toUnixTimestamp(toStartOfHour(toDateTime(TimeUnix, 'UTC'))) AS hour FROM otel_metrics_gauge
    WHERE Received >= {since:Date} AND MetricName IN {metrics:Array(String)}
    UNION ALL
    SELECT toUnixTimestamp(toStartOfHour(toDateTime(Timestamp, 'UTC'))) AS hour FROM otel_traces
    WHERE Received >= {since:Date} AND (has({services:Array(String)}, '') OR ServiceName IN {services:Array(String)})
    UNION ALL
    SELECT toUnixTimestamp(toStartOfHour(toDateTime(Timestamp, 'UTC'))) AS hour FROM otel_logs
    WHERE {logs:Bool} AND Received >= {since:Date}
)
ORDER BY hour
