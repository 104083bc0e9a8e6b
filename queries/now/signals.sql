-- When did the newest record of each signal begin?
-- latest: DateTime64, UTC; what is later has a wrong clock
-- One row per signal that has any record.
SELECT 'traces' AS signal, max(Timestamp) AS newest, count() AS records FROM otel_traces WHERE Timestamp <= {latest:DateTime64(6, 'UTC')} HAVING records > 0
UNION ALL
SELECT 'logs' AS signal, max(Timestamp) AS newest, count() AS records FROM otel_logs WHERE Timestamp <= {latest:DateTime64(6, 'UTC')} HAVING records > 0
UNION ALL
SELECT 'metrics' AS signal, max(newest) AS newest, sum(records) AS records
FROM (
    SELECT max(TimeUnix) AS newest, count() AS records FROM otel_metrics_gauge WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT max(TimeUnix) AS newest, count() AS records FROM otel_metrics_sum WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT max(TimeUnix) AS newest, count() AS records FROM otel_metrics_histogram WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
)
HAVING records > 0
