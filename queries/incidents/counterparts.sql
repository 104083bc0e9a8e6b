-- Which tables hold the same rows, as the settings say?
-- One row per pair: `schema.table` of each and the columns that are compared; none where tables are found by their keys.
SELECT LeftTable, LeftColumn, RightTable, RightColumn FROM row_counterparts ORDER BY LeftTable, RightTable
