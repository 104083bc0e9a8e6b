-- Which values of a business figure are kept?
-- kpi: String, the digest of what it is made from
-- from, to: DateTime64, UTC; the minutes that begin in this window, `to` itself not meant
-- One row per minute: its two parts (see kpi_values), in order.
SELECT toUnixTimestamp(Time) AS interval_start, Part AS part, Of AS of
FROM kpi_values FINAL
WHERE Kpi = {kpi:String} AND Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
ORDER BY interval_start
