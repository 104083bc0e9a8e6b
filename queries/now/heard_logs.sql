-- Did any log record arrive in a window, and when was the last one before its end written?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: log records of the window as received, and the time of the last before its end, ns since 1970; NULL if there
-- is none. It is read from the table's end, which is ordered by five minutes.
SELECT
    (
        SELECT count()
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    ) AS records,
    (
        SELECT toUnixTimestamp64Nano(Timestamp)
        FROM otel_logs
        WHERE Timestamp < {to:DateTime64(6, 'UTC')}
        ORDER BY toStartOfFiveMinutes(Timestamp) DESC, Timestamp DESC
        LIMIT 1
    ) AS last_ns
