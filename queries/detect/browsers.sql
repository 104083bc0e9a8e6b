-- Which of these services go by the name of a browser's pages, too?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- services: Array(String), services that begin requests and serve others (callers.sql)
-- One row per service under whose name a browser has begun requests: its SDK says that it is one.
SELECT DISTINCT toString(ServiceName) AS service
FROM otel_traces
PREWHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND ServiceName IN {services:Array(String)} AND empty(ParentSpanId) AND SpanKind NOT IN ('Server', 'Consumer')
WHERE ResourceAttributes['telemetry.sdk.language'] = 'webjs' AND has(mapValues(ResourceAttributes), 'webjs')
ORDER BY service
