-- Where a trace's parts are filed, and whether a root is among them, is read of all traces of some days: quicker by LZ4. What
-- is there already stays as it was compressed until it is merged.
ALTER TABLE trace_parts
    MODIFY COLUMN Bucket DateTime('UTC') CODEC(LZ4),
    MODIFY COLUMN Roots UInt64 CODEC(LZ4);
