-- What the settings say, put in place of what stood there in one step: no insert sees either table empty.
-- keys: Array(String), codes: Array(UInt8), attributes that mean something, and what; names: Array(String), the partners

CREATE OR REPLACE TABLE attribute_meanings (Key String, Code UInt8) ENGINE = MergeTree ORDER BY Code AS
SELECT pair.1 AS Key, pair.2 AS Code
FROM (SELECT arrayJoin(arrayZip({keys:Array(String)}, {codes:Array(UInt8)})) AS pair);

CREATE OR REPLACE TABLE partners (Name String) ENGINE = MergeTree ORDER BY Name AS
SELECT arrayJoin({names:Array(String)}) AS Name;
