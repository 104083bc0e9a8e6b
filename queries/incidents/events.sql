-- What happened to the incidents that are not over, or to which something happened lately?
-- incident: String, only this one; '' for any
-- since: DateTime64(9), what "lately" means; incidents that are not resolved come whenever they began
-- One row per event Id, as it was first received.
-- Events of one moment are in the order of their Ids, as whoever folds them has it.
SELECT Incident, Id, Time, Kind, Author, Text, Details
FROM incident_events
WHERE ({incident:String} = '' OR Incident = {incident:String})
    AND Incident IN (
        SELECT Incident
        FROM incident_events
        WHERE {incident:String} = '' OR Incident = {incident:String}
        GROUP BY Incident
        HAVING max(Time) >= {since:DateTime64(9, 'UTC')}
            OR argMaxIf(toString(Kind), (Time, Id), Kind IN ('reopened', 'resolved')) != 'resolved'
    )
ORDER BY Incident, Id, Received, Author
LIMIT 1 BY Incident, Id
