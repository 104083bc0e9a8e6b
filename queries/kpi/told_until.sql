-- How far has what happened been told?
-- from, to: DateTime64, UTC; the window, `to` itself not meant
-- At most one row: when the ten seconds began (epoch seconds) that the latest span lies in; none without spans.
SELECT toUnixTimestamp(max(Time)) AS told_until
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')}
HAVING count() > 0
