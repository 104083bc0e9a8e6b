-- How OTLP values become the text that the otel_* tables hold. Every function is total: none throws.
-- (A function's argument is no table column, so its parts are read with tupleElement.)

-- One element of an array or map attribute as JSON; what is nested deeper as base64 of its bytes.
CREATE OR REPLACE FUNCTION otlp_leaf AS (leaf) -> multiIf(
    isNotNull(tupleElement(leaf, 'string_value')), toJSONString(toValidUTF8(assumeNotNull(tupleElement(leaf, 'string_value')))),
    isNotNull(tupleElement(leaf, 'int_value')), toString(assumeNotNull(tupleElement(leaf, 'int_value'))),
    isNotNull(tupleElement(leaf, 'bool_value')), toString(assumeNotNull(tupleElement(leaf, 'bool_value'))),
    isFinite(tupleElement(leaf, 'double_value')), toString(assumeNotNull(tupleElement(leaf, 'double_value'))),
    isNotNull(tupleElement(leaf, 'double_value')), toJSONString(toString(assumeNotNull(tupleElement(leaf, 'double_value')))),  -- NaN, Infinity
    isNotNull(tupleElement(leaf, 'array_value')), toJSONString(base64Encode(assumeNotNull(tupleElement(leaf, 'array_value')))),
    isNotNull(tupleElement(leaf, 'kvlist_value')), toJSONString(base64Encode(assumeNotNull(tupleElement(leaf, 'kvlist_value')))),
    isNotNull(tupleElement(leaf, 'bytes_value')), toJSONString(base64Encode(assumeNotNull(tupleElement(leaf, 'bytes_value')))),
    'null');

CREATE OR REPLACE FUNCTION otlp_array AS (array) -> if(isNull(array), '', concat('[',
    arrayStringConcat(arrayMap(leaf -> otlp_leaf(leaf), tupleElement(array, 'values')), ','),
']'));

CREATE OR REPLACE FUNCTION otlp_pairs AS (pairs) -> if(isNull(pairs), '', concat('{',
    arrayStringConcat(arrayMap(
        pair -> concat(toJSONString(toValidUTF8(tupleElement(pair, 'key'))), ':', otlp_leaf(tupleElement(pair, 'value'))),
        tupleElement(pairs, 'values')), ','),
'}'));

-- An attribute's value as text: '' where none was set, '0' and 'false' where they were.
-- Exactly one part of an AnyValue is set, so the parts are simply joined: no branch for each value.
CREATE OR REPLACE FUNCTION otlp_text AS (any) -> concat(
    toValidUTF8(tupleElement(any, 'string_value')),
    ifNull(toString(tupleElement(any, 'int_value')), ''),
    ifNull(toString(tupleElement(any, 'bool_value')), ''),
    ifNull(toString(tupleElement(any, 'double_value')), ''),
    ifNull(base64Encode(tupleElement(any, 'bytes_value')), ''),
    otlp_array(tupleElement(any, 'array_value')),
    otlp_pairs(tupleElement(any, 'kvlist_value')));

-- OTLP attributes as Map(LowCardinality(String), String).
CREATE OR REPLACE FUNCTION otlp_map AS (attributes) -> mapFromArrays(
    CAST(arrayMap(key -> toValidUTF8(key), tupleElement(attributes, 'key')), 'Array(LowCardinality(String))'),
    arrayMap(any -> otlp_text(any), tupleElement(attributes, 'value')));

-- Nanoseconds since the epoch as DateTime64(9); beyond the year 2262 the last moment that it can hold.
CREATE OR REPLACE FUNCTION otlp_time AS (nanoseconds) ->
    fromUnixTimestamp64Nano(toInt64(least(nanoseconds, 9223372036854775807)), 'UTC');

-- A trace or span id as lower-case hex; '' where it is all zero, which is how OTLP says "none".
CREATE OR REPLACE FUNCTION otlp_id AS (id) -> if(empty(replaceAll(id, '\0', '')), '', lower(hex(id)));

-- The day that a row is filed under: a time beyond reason (before 2000, over a day ahead) is kept as it
-- is and filed under the nearest reasonable day, so that a wrong clock makes no thousand partitions.
CREATE OR REPLACE FUNCTION filed_under AS (time) ->
    toDateTime(least(greatest(time, toDateTime64('2000-01-01 00:00:00', 9, 'UTC')), now64(9, 'UTC') + INTERVAL 1 DAY), 'UTC');

-- The same to the second, once the day is settled: what a row was filed under when it came, whenever that is asked.
CREATE OR REPLACE FUNCTION filed_on AS (time, day) -> toDateTime(
    greatest(least(time, toDateTime64(day, 9, 'UTC') + INTERVAL 86399 SECOND), toDateTime64(day, 9, 'UTC')), 'UTC');
