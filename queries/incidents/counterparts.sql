-- Which tables hold the same rows, as the settings say?
-- One row per pair: `schema.table` of each, the columns that are compared, and how long a change may take to come to the
-- other, in seconds; none where tables are found by their keys.
SELECT LeftTable, LeftColumn, RightTable, RightColumn, GraceS FROM row_counterparts ORDER BY LeftTable, RightTable
