-- Which values of business figures are kept, in stretches of time?
-- kpis: Array(String), the digests of what they are made from
-- to: DateTime64, UTC; the end of the latest stretch, itself not meant
-- length_s: UInt32, seconds of a stretch
-- every_s: UInt32, seconds from the end of a stretch to the end of the one before, no less than length_s
-- stretches: UInt32, how many
-- One row per figure and stretch (by how many lie after it) in which a minute begins that is kept: the sums of its two
-- parts (see kpi_values) over those minutes, and how many they are.
WITH intDiv(toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) - toUnixTimestamp(Time) * 1000000 - 1, 1000000) AS ago_s
SELECT
    Kpi AS kpi,
    toUInt32(intDiv(ago_s, {every_s:UInt32})) AS stretch,
    sum(Part) AS part,
    sum(Of) AS of,
    count() AS minutes
FROM kpi_values FINAL
WHERE Kpi IN {kpis:Array(String)}
    AND Time >= {to:DateTime64(6, 'UTC')} - toIntervalSecond({every_s:UInt32} * ({stretches:UInt32} - 1) + {length_s:UInt32})
    AND Time < {to:DateTime64(6, 'UTC')}
    AND ago_s % {every_s:UInt32} < {length_s:UInt32}
GROUP BY kpi, stretch
ORDER BY kpi, stretch
