-- How much telemetry other than spans is there in a window?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row: log records and metric data points.
SELECT
    (
        SELECT count() FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    ) AS log_records,
    (
        SELECT sum(points)
        FROM (
            SELECT count() AS points FROM otel_metrics_gauge
            WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            UNION ALL
            SELECT count() AS points FROM otel_metrics_sum
            WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            UNION ALL
            SELECT count() AS points FROM otel_metrics_histogram
            WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            UNION ALL
            SELECT count() AS points FROM otel_metrics_exponential_histogram
            WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
            UNION ALL
            SELECT count() AS points FROM otel_metrics_summary
            WHERE TimeUnix >= {from:DateTime64(6, 'UTC')} AND TimeUnix < {to:DateTime64(6, 'UTC')}
        )
    ) AS data_points
