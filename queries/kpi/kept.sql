-- Which values of business figures are kept?
-- kpis: Array(String), the digests of what they are made from
-- from, to: DateTime64, UTC; the minutes that begin in this window, `to` itself not meant
-- One row per figure and minute: its two parts (see kpi_values), in order.
SELECT Kpi AS kpi, toUnixTimestamp(Time) AS interval_start, Part AS part, Of AS of
FROM kpi_values FINAL
WHERE Kpi IN {kpis:Array(String)} AND Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
ORDER BY kpi, interval_start
