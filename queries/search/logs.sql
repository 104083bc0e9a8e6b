-- Which log records are all of this, the latest first?
-- from, to: DateTime64, UTC; records of that time, `to` itself not meant
-- before_ns: Int64, ns since 1970, before_hash: UInt64; only what comes after this record in the answer
-- service: String, whose; '' for any
-- least_severity: UInt8, OTLP's number (1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal); 0 for any
-- text: String, contained in the record, whatever its case; '' for any
-- trace_id: String, lower-case hex; '' for any
-- customer: String, named by the record or by the trace that it was written in; '' for anyone
-- at_most: UInt64, records
-- One row per log record; what was received twice is one row.
CREATE TEMPORARY TABLE naming (TraceId String);

-- if: customer
INSERT INTO naming
SELECT DISTINCT TraceId
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
    AND Bucket >= toStartOfTenMinutes(filed_under({from:DateTime64(6, 'UTC')}) - INTERVAL 1 DAY)
    AND Bucket <= filed_under({to:DateTime64(6, 'UTC')}) + INTERVAL 1 DAY
WHERE Customer = {customer:String} AND notEmpty(TraceId);

SELECT
    toUnixTimestamp64Nano(Timestamp) AS time_ns,
    cityHash64(toString(ServiceName), TraceId, SpanId, SeverityNumber, toString(SeverityText), Body, toString(LogAttributes)) AS hash,
    ServiceName AS service,
    TraceId AS trace_id,
    SpanId AS span_id,
    SeverityText AS severity,
    SeverityNumber AS severity_number,
    Body AS body,
    toJSONString(LogAttributes) AS attributes
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({least_severity:UInt8} = 0 OR SeverityNumber >= {least_severity:UInt8})
    AND ({text:String} = '' OR positionCaseInsensitiveUTF8(Body, {text:String}) > 0)
    AND ({trace_id:String} = '' OR TraceId = {trace_id:String})
    AND ({customer:String} = '' OR TraceId IN (SELECT TraceId FROM naming)
        OR arrayExists(
            (key, text) -> text = {customer:String} AND key IN (SELECT Key FROM attribute_meanings WHERE Code BETWEEN 1 AND 19),
            mapKeys(LogAttributes), mapValues(LogAttributes)))
    AND (time_ns, hash) < ({before_ns:Int64}, {before_hash:UInt64})
ORDER BY time_ns DESC, hash DESC
LIMIT 1 BY time_ns, hash
LIMIT {at_most:UInt64}
