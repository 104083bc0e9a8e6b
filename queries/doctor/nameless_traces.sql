-- How many traces name no customer, and do their spans carry attributes that look as if they did?
-- from, to: DateTime64, UTC; the window that a trace lies in, `to` itself not meant; a name may be a minute late
-- like: String, how a key looks that may name a customer (a regular expression)
-- values: UInt64, how many different values such a key has at least
-- One row per service that traces begin in, the one with most nameless first: its traces that have a root, those of them
-- that name no customer, those of these whose spans carry such keys, and the keys, the most frequent first.
CREATE TEMPORARY TABLE whole AS
SELECT TraceId, unpacked(minIf(Entry, Spans > 0))[5] AS Service, max(notEmpty(Names)) = 0 AS IsNameless
FROM trace_parts
WHERE Bucket >= toStartOfTenMinutes({from:DateTime64(6, 'UTC')}) AND Bucket < {to:DateTime64(6, 'UTC')}
GROUP BY TraceId
HAVING sum(Roots) > 0 AND min(First) >= {from:DateTime64(6, 'UTC')}
    AND max(Last) < least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC') - INTERVAL 1 MINUTE);

CREATE TEMPORARY TABLE alike AS
SELECT TraceId, Key, Value
FROM otel_traces
ARRAY JOIN mapKeys(SpanAttributes) AS Key, mapValues(SpanAttributes) AS Value
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND match(Key, {like:String}) AND notEmpty(Value)
    AND Key NOT IN (SELECT Key FROM attribute_meanings)
    AND TraceId IN (SELECT TraceId FROM whole WHERE IsNameless);

CREATE TEMPORARY TABLE carried AS
SELECT Service, TraceId, Key
FROM alike INNER JOIN whole USING (TraceId)
WHERE Key IN (SELECT Key FROM alike GROUP BY Key HAVING uniqExact(Value) >= {values:UInt64})
GROUP BY Service, TraceId, Key;

SELECT
    Service AS service,
    count() AS traces,
    countIf(IsNameless) AS nameless,
    countIf(TraceId IN (SELECT TraceId FROM carried)) AS carrying,
    any(keys.Names) AS keys
FROM whole LEFT JOIN (
    SELECT Service, groupArray(Key) AS Names
    FROM (SELECT Service, Key FROM carried GROUP BY Service, Key ORDER BY count() DESC, Key)
    GROUP BY Service
) AS keys USING (Service)
GROUP BY service
ORDER BY nameless DESC, service
