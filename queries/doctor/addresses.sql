-- How many client spans name one of these partners in any attribute that may?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- names: Array(String), partners
-- One row per partner that any does.
SELECT arrayJoin(arrayIntersect({names:Array(String)}, [
    SpanAttributes['service.peer.name'], SpanAttributes['peer.service'],
    SpanAttributes['server.address'], SpanAttributes['net.peer.name']
])) AS peer, count() AS calls
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6, 'UTC')} AND Timestamp < {to:DateTime64(6, 'UTC')}
    AND SpanKind = 'Client' AND hasAny(mapValues(SpanAttributes), {names:Array(String)})
GROUP BY peer
ORDER BY peer
