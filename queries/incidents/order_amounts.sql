-- What are certain orders worth, by the spans that name them?
-- from, to: DateTime64, UTC; when those spans began, to ten minutes
-- orders: Array(String), the orders
-- One row per order and currency: its largest amount.
SELECT OrderId AS order_id, toString(Currency) AS currency, max(Amount) AS amount
FROM orders
WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) AND Bucket <= {to:DateTime64(6, 'UTC')}
    AND OrderId IN {orders:Array(String)} AND Amount > 0 AND Currency != ''
GROUP BY order_id, currency
ORDER BY order_id, currency
