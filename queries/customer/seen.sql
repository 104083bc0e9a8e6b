-- When was a customer last named by any telemetry?
-- customer: String
-- One row: the start of the latest request that named them, NULL if none ever did.
SELECT maxOrNull(if(empty(Entry[1]), toDateTime64(Bucket, 9, 'UTC'), entry_time(Entry))) AS Seen
FROM mentions
PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
WHERE Customer = {customer:String}
