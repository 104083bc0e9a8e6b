-- When was a customer last named by any telemetry?
-- customer: String
-- One row: the start of the latest request that named them, NULL if none ever did.
SELECT maxOrNull(if(empty(Texts[4]), toDateTime64(Bucket, 9, 'UTC'), entry_time(arraySlice(Texts, 4)))) AS Seen
FROM (
    SELECT Bucket, unpacked(Mention) AS Texts FROM mentions
    PREWHERE CustomerHash = toUInt32(cityHash64({customer:String}))
)
WHERE Texts[1] = {customer:String}
