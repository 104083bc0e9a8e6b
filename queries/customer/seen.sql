-- When was a customer last named by any telemetry?
-- customer: String
-- One row: the start of the latest request that named them, NULL if none ever did.
SELECT max(Seen) AS Seen
FROM (
    SELECT maxOrNull(Timestamp) AS Seen FROM entries
    WHERE CustomerHash = toUInt32(cityHash64({customer:String})) AND Customer = {customer:String}
    UNION ALL
    SELECT toDateTime64(maxOrNull(Bucket), 9, 'UTC') AS Seen FROM mentions
    WHERE CustomerHash = toUInt32(cityHash64({customer:String})) AND Customer = {customer:String}
)
