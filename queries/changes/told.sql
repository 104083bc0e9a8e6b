-- What changes were we told of, the latest first?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- service, kind: String, only this one's, of this kind; '' for all
-- before_ns: Int64, ns since 1970, before_id: String; only what comes after this change in the answer
-- at_most: UInt64, rows
-- One row per change, however often it was told: as it was told first.
WITH argMin(Time, (Received, Time)) AS time
SELECT
    Id AS id,
    toUnixTimestamp64Nano(time) AS time_ns,
    argMin(Kind, (Received, Time)) AS kind,
    argMin(Source, (Received, Time)) AS source,
    argMin(Service, (Received, Time)) AS service,
    argMin(Version, (Received, Time)) AS version,
    argMin(Environment, (Received, Time)) AS environment,
    argMin(Title, (Received, Time)) AS title,
    argMin(Author, (Received, Time)) AS author,
    argMin(Url, (Received, Time)) AS url,
    argMin(Status, (Received, Time)) AS status,
    argMin(Details, (Received, Time)) AS details
FROM changes
WHERE Id IN (
    SELECT Id
    FROM changes
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
)
GROUP BY Id
HAVING time >= {from:DateTime64(6, 'UTC')} AND time < {to:DateTime64(6, 'UTC')}  -- as told first: another telling may lie there
    AND ({service:String} = '' OR service = {service:String})
    AND ({kind:String} = '' OR kind = {kind:String})
    AND (time_ns, id) < ({before_ns:Int64}, {before_id:String})
ORDER BY time_ns DESC, id DESC
LIMIT {at_most:UInt64}
