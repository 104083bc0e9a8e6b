-- The views that say whom a trace names take memory in proportion to its customers, not to their square: a newsletter's trace
-- names thousands. What they write is the same.

ALTER TABLE span_facts_to_trace_parts MODIFY QUERY
WITH
    if(notEmpty(span_facts.Customer), span_facts.Customer, ResourceCustomer) AS name,
    groupUniqArrayIf(span_facts.Customer, empty(ParentSpanId) AND notEmpty(span_facts.Customer)) AS named_by_roots
SELECT
    toStartOfTenMinutes(Filed) AS Bucket,
    NOT max(might_fail(IsError, SpanKind, HttpStatus)) AS IsCalm,
    cityHash64(TraceId) AS TraceHash,
    TraceId,
    min(Timestamp) AS First,
    max(Timestamp) AS Last,
    count() AS Spans,
    countIf(empty(ParentSpanId)) AS Roots,
    groupUniqArrayIf(name, notEmpty(name)) AS Names,
    arrayExcept(Names, named_by_roots) AS Mentions,
    if(empty(Names), groupUniqArray(cityHash64(SpanId)), []) AS SpanHashes,
    packed_entry(min((notEmpty(ParentSpanId), Timestamp, SpanId, toString(SpanKind), toString(ServiceName), toString(SpanName),
        IsError, HttpStatus, Duration, toString(ServerAddress), Peers))) AS Entry
FROM span_facts
WHERE notEmpty(TraceId)
GROUP BY TraceId, Bucket;

-- Who is named by a root goes beside each name: to look a name up among thousands, the thousands would be copied for each.
ALTER TABLE trace_parts_to_mentions MODIFY QUERY
WITH
    length(Names) = 1 AS is_alone,
    arrayExcept(Names, Mentions) AS by_root
SELECT
    toUInt32(cityHash64(Customer)) AS CustomerHash,
    Bucket,
    concat(
        packed([Customer, TraceId, if(is_by_root, '1', '')]), '\0',
        if((is_by_root AND Roots = 1) OR is_alone, Entry, '')) AS Mention
FROM trace_parts
ARRAY JOIN
    arrayConcat(Mentions, by_root) AS Customer,
    arrayConcat(arrayWithConstant(length(Mentions), false), arrayWithConstant(length(by_root), true)) AS is_by_root;
