-- How far are the values of business figures kept, and when were any last written?
-- kpis: Array(String), the digests of what they are made from
-- One row per figure of which values are kept: its latest minute, and the day of the last writing.
SELECT Kpi AS kpi, toUnixTimestamp(max(Time)) AS last_minute, toDate(max(Written)) AS written
FROM kpi_values
WHERE Kpi IN {kpis:Array(String)}
GROUP BY kpi
ORDER BY kpi
