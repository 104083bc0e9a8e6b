-- Which services have ever reported?
-- One row per service, the one that reported last first.
SELECT ServiceName AS service
FROM services
WHERE ServiceName != ''
GROUP BY service
ORDER BY max(Last) DESC, service
LIMIT 1000
