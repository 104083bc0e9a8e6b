-- Which services write amounts of orders that are no numbers?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- keys: Array(String), the attributes that hold an amount
-- One row per service that does; `example` is such an amount.
WITH
    (SELECT (groupArray(Key), groupArray(Code)) FROM attribute_meanings) AS meanings
SELECT
    service,
    count() AS amounts,
    countIf(is_wrong) AS wrong,
    substringUTF8(anyIf(amount, is_wrong), 1, 60) AS example
FROM (
    SELECT
        ServiceName AS service,
        meant(attribute_codes(SpanAttributes, meanings), mapValues(SpanAttributes), 41, 59) AS amount,
        isNull(toDecimal64OrNull(amount, 4)) AS is_wrong
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
        AND hasAny(mapKeys(SpanAttributes), {keys:Array(String)})
)
WHERE notEmpty(amount)
GROUP BY service
HAVING wrong > 0
ORDER BY wrong DESC, service
