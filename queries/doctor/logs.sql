-- Whose log records belong to no trace?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row per service that logs, the one with most first.
SELECT
    ServiceName AS service,
    count() AS log_records,
    countIf(empty(TraceId)) AS without_trace
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
GROUP BY service
ORDER BY log_records DESC, service
