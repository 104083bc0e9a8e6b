-- Which versions of services began to serve, where others had served before?
-- since: DateTime64, UTC; how far back a version is looked for
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- service: String, only this one's; '' for all
-- One row per service and version that reported nothing from `since` to `from`. `began` is to ten seconds; `previous` is the
-- version that began last before it.
SELECT
    service,
    one.1 AS version,
    toDateTime64(one.2, 3, 'UTC') AS began,
    arrayLast(other -> other.2 < began, versions).1 AS previous
FROM (
    SELECT service, arraySort(one -> (one.2, one.1), groupArray((version, first_seen))) AS versions
    FROM (
        SELECT ServiceName AS service, Version AS version, min(Time) AS first_seen
        FROM red
        WHERE Time >= {since:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
            AND notEmpty(Version) AND ({service:String} = '' OR ServiceName = {service:String})
        GROUP BY service, version
    )
    GROUP BY service
)
ARRAY JOIN versions AS one
WHERE one.2 >= {from:DateTime64(6, 'UTC')} AND one.2 > versions[1].2
ORDER BY began, service, version
