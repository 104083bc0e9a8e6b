-- What was written of incidents and changes since a moment?
-- since: DateTime64(3), UTC; by when it was received, that moment itself meant
-- at_most: UInt64, events
-- One row per event, in the order in which they were received: the incident ('' for a change), the event's id and kind.
WITH written AS (
    SELECT Received, Incident AS incident, Id AS id, toString(Kind) AS kind
    FROM incident_events
    WHERE Received >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT Received, '' AS incident, Id AS id, 'change' AS kind
    FROM changes
    WHERE Received >= {since:DateTime64(3, 'UTC')}
)
SELECT toUnixTimestamp64Milli(Received) AS received_ms, incident, id, kind
FROM written
ORDER BY Received, incident, id
LIMIT {at_most:UInt64}
