-- One row per pair of tables that hold the same, as the settings say; none: those that look alike are compared.
-- Tables are `schema.table`, their case does not matter. Without columns, that rows exist is compared.
CREATE TABLE IF NOT EXISTS row_counterparts (
    LeftTable String,
    LeftColumn String,
    RightTable String,
    RightColumn String,
    GraceS UInt32  -- so long one may lag behind the other
) ENGINE = MergeTree ORDER BY (LeftTable, RightTable);
