-- Which of these files this database has had. One row per file and time.
CREATE TABLE IF NOT EXISTS schema_applied (
    Name String,  -- the file's, with a digest of its statements
    Applied DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = MergeTree ORDER BY Name;
