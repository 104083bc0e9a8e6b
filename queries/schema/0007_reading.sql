-- The landing tables' twins, without a view on them: a segment is read through one to find a bad record.
CREATE TABLE IF NOT EXISTS reading_traces AS landing_traces ENGINE = Null;
CREATE TABLE IF NOT EXISTS reading_logs AS landing_logs ENGINE = Null;
CREATE TABLE IF NOT EXISTS reading_metrics AS landing_metrics ENGINE = Null;
