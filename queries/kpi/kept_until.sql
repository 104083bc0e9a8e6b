-- How far are the values of business figures kept, and up to which day of arrival are they kept whole?
-- kpis: Array(String), the digests of what they are made from
-- One row per figure of which anything is kept: its latest minute (0 for none), and the day of its mark (see
-- kpi_tables.mark; 1970-01-01 for none).
SELECT
    replaceOne(Kpi, '/arrived', '') AS kpi,
    toUnixTimestamp(maxIf(Time, Kpi IN {kpis:Array(String)})) AS last_minute,
    toDate(maxIf(Time, Kpi NOT IN {kpis:Array(String)})) AS arrived
FROM kpi_values
WHERE Kpi IN arrayConcat({kpis:Array(String)}, arrayMap(kpi -> concat(kpi, '/arrived'), {kpis:Array(String)}))
GROUP BY kpi
ORDER BY kpi
