-- How many orders name no amount, or an amount without its currency?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- One row; an order counts once, with its largest amount.
SELECT
    count() AS orders,
    countIf(price.1 = 0) AS without_amount,
    countIf(price.1 != 0 AND empty(price.2)) AS without_currency
FROM (
    SELECT OrderId, max((Amount, toString(Currency))) AS price
    FROM orders
    WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) AND Bucket < {to:DateTime64(6, 'UTC')}
        AND Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    GROUP BY OrderId
)
