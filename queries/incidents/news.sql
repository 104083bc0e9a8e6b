-- What was written of incidents and changes since a moment?
-- since: DateTime64(3), UTC; by when it was received, that moment itself meant
-- One row per event, in the order in which they were received: the incident ('' for a change), the event's id and kind.
SELECT toUnixTimestamp64Milli(Received) AS received_ms, Incident AS incident, Id AS id, toString(Kind) AS kind
FROM incident_events
WHERE Received >= {since:DateTime64(3, 'UTC')}
UNION ALL
SELECT toUnixTimestamp64Milli(Received) AS received_ms, '' AS incident, Id AS id, 'change' AS kind
FROM changes
WHERE Received >= {since:DateTime64(3, 'UTC')}
ORDER BY received_ms, incident, id
LIMIT 1000
