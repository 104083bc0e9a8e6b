-- Puts failing requests into the hour before now, each of another customer, with an order.
-- first, many: UInt64, numbers of the customers
INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, SpanAttributes, Duration, StatusCode, StatusMessage)
SELECT
    now64(9) - toIntervalSecond(1800) + toIntervalMillisecond(number % 600000),
    lower(hex(MD5(toString(number)))),
    lower(hex(sipHash64(number))),
    '',
    'POST /checkout',
    'Server',
    'gateway',
    map(
        'customer.id', concat('c-', toString(number)), 'order.id', concat('o-', toString(number)),
        'order.amount', '49.9', 'order.currency', 'EUR'),
    5000000,
    'Error',
    'boom'
FROM numbers({first:UInt64}, {many:UInt64})
