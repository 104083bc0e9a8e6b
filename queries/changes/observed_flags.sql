-- How often was each variant of each feature flag served?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- service: String, only this one's; '' for all
-- One row per service, flag, ten seconds and variant, in order of time.
WITH attributes['feature_flag.key'] AS flag
SELECT
    service,
    flag,
    toDateTime64(toStartOfInterval(evaluated, INTERVAL 10 SECOND), 3, 'UTC') AS at,
    coalesce(
        nullIf(attributes['feature_flag.result.variant'], ''),
        nullIf(attributes['feature_flag.variant'], ''),
        attributes['feature_flag.result.value']
    ) AS variant,
    count() AS evaluations
FROM (
    SELECT ServiceName AS service, event.1 AS evaluated, event.2 AS attributes
    FROM otel_traces
    ARRAY JOIN arrayZip(`Events.Timestamp`, `Events.Attributes`, `Events.Name`) AS event
    PREWHERE hasAny(`Events.Name`, ['feature_flag.evaluation', 'feature_flag'])  -- by itself: what it finds is remembered
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND event.3 IN ('feature_flag.evaluation', 'feature_flag')
    UNION ALL
    SELECT ServiceName, Timestamp, SpanAttributes
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND SpanName = 'feature_flag.evaluation'
    UNION ALL
    SELECT ServiceName, Timestamp, LogAttributes
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND EventName = 'feature_flag.evaluation'
)
WHERE ({service:String} = '' OR service = {service:String})
    AND evaluated >= {from:DateTime64(6, 'UTC')} AND evaluated < {to:DateTime64(6, 'UTC')}
    AND notEmpty(flag)
GROUP BY service, flag, at, variant
ORDER BY at, service, flag, variant
