-- How many records of each signal are kept, and when did the newest of them begin?
-- since, latest: DateTime64, UTC; the newest is looked for between the two (what is later has a wrong clock)
-- One row per signal that has any record; `newest` is NULL if none began in that time.
SELECT signal, maxOrNull(moment) AS newest, sum(records) AS records
FROM (
    SELECT 'traces' AS signal, NULL AS moment, count() AS records FROM otel_traces
    UNION ALL
    SELECT 'traces', maxOrNull(Timestamp), 0 FROM otel_traces WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT 'logs', NULL, count() FROM otel_logs
    UNION ALL
    SELECT 'logs', maxOrNull(Timestamp), 0 FROM otel_logs WHERE Timestamp >= {since:DateTime64(6, 'UTC')} AND Timestamp <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT 'metrics', maxOrNull(TimeUnix), count() FROM otel_metrics_gauge WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT 'metrics', maxOrNull(TimeUnix), count() FROM otel_metrics_sum WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT 'metrics', maxOrNull(TimeUnix), count() FROM otel_metrics_histogram WHERE TimeUnix <= {latest:DateTime64(6, 'UTC')}
)
GROUP BY signal
HAVING records > 0
ORDER BY signal
