-- Which tables have parts that the engine found broken when it started, and set aside?
-- One row per table; `folder` is where its parts lie.
SELECT table, count() AS parts, replaceRegexpOne(any(path), '[^/]*/?$', '') AS folder
FROM system.detached_parts
WHERE database = currentDatabase() AND startsWith(reason, 'broken')
GROUP BY table
ORDER BY table
