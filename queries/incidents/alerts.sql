-- What do other systems say is wrong at a moment, and what did they lately say is over?
-- now: DateTime64(9); what was told of later is not read
-- since: DateTime64(9); alerts that ended before are left out
-- One row per alert (its source and fingerprint), as it was last told; what was told only once it was over is left out.
WITH told AS (  -- each state of an alert once
    SELECT
        Source, Fingerprint, Name, Severity, Status, Time, Labels, Annotations, Url, Received,
        if(Status = 'resolved', coalesce(Ends, Received), Ends) AS Ended
    FROM alerts
    WHERE Time <= {now:DateTime64(9, 'UTC')}
    ORDER BY Received DESC
    LIMIT 1 BY Source, Fingerprint, Time, Status
),
latest AS (
    SELECT
        *,
        lagInFrame(toString(Status)) OVER (PARTITION BY Source, Fingerprint ORDER BY Time, Received, Status) AS Before
    FROM told
    ORDER BY Source, Fingerprint, Time DESC, Received DESC, Status DESC
    LIMIT 1 BY Source, Fingerprint
)
SELECT Source, Fingerprint, Name, Severity, Status, Time, Ended AS Ends, Labels, Annotations, Url
FROM latest
WHERE if(
    Status = 'firing',
    Ended IS NULL OR Ended > {since:DateTime64(9, 'UTC')},
    Before = 'firing' AND Ended >= {since:DateTime64(9, 'UTC')}
)
ORDER BY Time, Fingerprint
