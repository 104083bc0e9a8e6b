-- Which attributes name a customer, an order, its amount and its currency?
-- One row, each a list of keys, best first.
SELECT
    groupArrayIf(Key, Code BETWEEN 1 AND 19) AS customer,
    groupArrayIf(Key, Code BETWEEN 21 AND 39) AS order,
    groupArrayIf(Key, Code BETWEEN 41 AND 59) AS amount,
    groupArrayIf(Key, Code BETWEEN 61 AND 79) AS currency
FROM (SELECT Key, Code FROM attribute_meanings ORDER BY Code)
