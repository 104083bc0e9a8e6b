-- Since when did a window's latest spans begin, when about so many are looked at?
-- from, to: DateTime64, UTC; the window, in whole ten seconds; `to` itself not meant
-- spans: UInt64, how many to look at; more where the last ten seconds had more
-- One row.
SELECT toDateTime64(if(count() = 0, {from:DateTime64(6, 'UTC')}, min(Time)), 6, 'UTC') AS since
FROM (
    SELECT Time, sum(Requests) AS requests, sum(requests) OVER (ORDER BY Time DESC) AS until_now
    FROM red
    WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
    GROUP BY Time
)
WHERE until_now - requests < {spans:UInt64}
