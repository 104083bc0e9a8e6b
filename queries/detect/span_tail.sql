-- How long did a service's spans usually take at most, but for one in a thousand?
-- usual_from, usual_to: DateTime64, UTC; when all was as usual, `usual_to` itself not meant
-- service: String, its name
-- One row: spans, and the duration in ms that one in a thousand exceeds.
SELECT count() AS spans, quantileTDigest(0.999)(Duration) / 1e6 AS tail_ms
FROM otel_traces
WHERE ServiceName = {service:String}
    AND Timestamp >= {usual_from:DateTime64(6, 'UTC')} AND Timestamp < {usual_to:DateTime64(6, 'UTC')}
