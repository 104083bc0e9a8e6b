-- Which values of business figures are kept, block by block?
-- kpis: Array(String), the digests of what they are made from
-- from, to: DateTime64, UTC; the minutes that begin in this window, `to` itself not meant
-- step_s: UInt32, seconds of a block
-- One row per figure and block of which anything is kept: the means of its two parts over the minutes (see kpi_values),
-- and how many minutes those are.
SELECT
    Kpi AS kpi,
    toUnixTimestamp(toStartOfInterval(Time, toIntervalSecond({step_s:UInt32}))) AS block_start,
    avg(Part) AS part,
    avg(Of) AS of,
    count() AS minutes
FROM kpi_values FINAL
WHERE Kpi IN {kpis:Array(String)} AND Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
GROUP BY kpi, block_start
ORDER BY kpi, block_start
