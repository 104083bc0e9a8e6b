-- What the settings say, put in place of what stood there in one step: no insert sees either table empty.
-- keys: Array(String), codes: Array(UInt8), attributes that mean something, and what; names: Array(String), the partners
-- left, left_column, right, right_column: Array(String), grace_s: Array(UInt32), the tables that hold the same rows

CREATE OR REPLACE TABLE attribute_meanings (Key String, Code UInt8) ENGINE = MergeTree ORDER BY Code AS
SELECT pair.1 AS Key, pair.2 AS Code
FROM (SELECT arrayJoin(arrayZip({keys:Array(String)}, {codes:Array(UInt8)})) AS pair);

CREATE OR REPLACE TABLE partners (Name String) ENGINE = MergeTree ORDER BY Name AS
SELECT arrayJoin({names:Array(String)}) AS Name;

CREATE OR REPLACE TABLE row_counterparts (LeftTable String, LeftColumn String, RightTable String, RightColumn String, GraceS UInt32)
ENGINE = MergeTree ORDER BY (LeftTable, RightTable) AS
SELECT pair.1 AS LeftTable, pair.2 AS LeftColumn, pair.3 AS RightTable, pair.4 AS RightColumn, pair.5 AS GraceS
FROM (SELECT arrayJoin(arrayZip({left:Array(String)}, {left_column:Array(String)}, {right:Array(String)}, {right_column:Array(String)}, {grace_s:Array(UInt32)})) AS pair);
