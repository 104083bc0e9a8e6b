-- Puts an hour's spans into another hour, as other traces of mostly other customers: one in ten comes back.
-- from, to: DateTime64(9), the hour; hours: Int32, by how many to shift it; one_in: UInt64, of how many traces one
INSERT INTO otel_traces (* EXCEPT (Received))
SELECT * EXCEPT (Received) REPLACE (
    Timestamp + toIntervalHour({hours:Int32}) AS Timestamp,
    concat(leftPad(lower(hex(toUInt16({hours:Int32} + 30000))), 4, '0'), reverse(substring(TraceId, 5))) AS TraceId,
    mapApply((key, text) -> (key, if(
        notEmpty(text) AND (key = 'order.id' OR (
            key IN ('customer.id', 'user.id', 'enduser.id', 'app.customer.id') AND cityHash64(text, {hours:Int32}) % 10 != 0)),
        concat(text, '~', toString({hours:Int32})), text)), SpanAttributes) AS SpanAttributes
)
FROM (
    SELECT * FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(9, 'UTC')} AND Timestamp < {to:DateTime64(9, 'UTC')}
        AND cityHash64(TraceId) % {one_in:UInt64} = 0
)
