-- What a setting changes inside a view: which attributes mean what. Views read it at each insert.

-- One row per attribute key that means something; `Code` is its meaning and its priority within it:
-- 1–19 names a customer, 21–39 an order, 41–59 its amount, 61–79 its currency (written from the settings).
CREATE TABLE IF NOT EXISTS attribute_meanings (
    Key String,
    Code UInt8
) ENGINE = MergeTree ORDER BY Code;

-- One row per known partner (empty: every peer that reports no telemetry of its own is one).
CREATE TABLE IF NOT EXISTS partners (
    Name String
) ENGINE = MergeTree ORDER BY Name;

-- The first non-empty value whose key has the lowest code of a meaning, '' where there is none.
CREATE OR REPLACE FUNCTION meant AS (codes, texts, lowest, highest) -> arrayElement(texts, indexOf(codes, arrayMin(
    (code, text) -> if(code >= lowest AND code <= highest AND notEmpty(text), code, 255), codes, texts)));
