-- Which business figures are there?
-- At most one row: their definitions as JSON; none where only those that come with the program hold.
SELECT Definitions AS definitions FROM kpi_definitions ORDER BY Written DESC LIMIT 1
