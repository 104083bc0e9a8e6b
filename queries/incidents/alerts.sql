-- What do other systems say is wrong at a moment, and what did they lately say is over?
-- now: DateTime64(9); what was told of later is not read
-- since: DateTime64(9); alerts that ended before are left out
-- One row per alert (its source and fingerprint), as it was last told.
SELECT Source, Fingerprint, Name, Severity, Status, Time, Ends, Labels, Annotations, Url
FROM (
    SELECT *
    FROM alerts
    WHERE Time <= {now:DateTime64(9, 'UTC')}
    ORDER BY Source, Fingerprint, Time DESC, Received DESC, Status DESC
    LIMIT 1 BY Source, Fingerprint
)
WHERE (Status = 'firing' AND (Ends IS NULL OR Ends > {since:DateTime64(9, 'UTC')}))
    OR coalesce(Ends, Time) >= {since:DateTime64(9, 'UTC')}
ORDER BY Time, Fingerprint
