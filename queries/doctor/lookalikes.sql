-- Which attributes look like one that is sought, though no setting names them?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- like, value_like: String, how the key and its values look (regular expressions)
-- values: UInt64, how many different values the key has at least
-- One row per key, the most frequent first.
SELECT Key AS key, count() AS spans
FROM otel_traces
ARRAY JOIN mapKeys(SpanAttributes) AS Key, mapValues(SpanAttributes) AS Value
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND match(Key, {like:String}) AND match(Value, {value_like:String})
    AND Key NOT IN (SELECT Key FROM attribute_meanings)
GROUP BY key
HAVING uniqExact(Value) >= {values:UInt64}
ORDER BY spans DESC, key
