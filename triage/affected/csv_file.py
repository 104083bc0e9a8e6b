"""Everyone who was affected as CSV, however many: made of whole blocks of the answer, never of single customers."""

from collections.abc import Iterator

import polars as pl

from queries.store import Store
from triage.affected.answer import NO_CURRENCY, blocks
from triage.affected.sheet import ENDINGS, Sheet, csv_lines
from triage.model import Question
from triage.spreadsheet import SUSPECT, guarded
from triage.window import format_number, format_time

TEXTS = (
    "Customer", "Outcome", "Orders", "Amount", "TraceId", "SpanId", "ServiceName", "SpanName", "Error", "WhatFailed",
    "AmountValue", "Currency", "Incident",
)  # fmt: skip
CELLS = (
    "Customer", "Outcome", "Failures", "First", "Last", "RecoveredAt", "LastAttempt", "Orders", "Amount", "TraceId",
    "SpanId", "ServiceName", "SpanName", "Error", "WhatFailed", "AmountValue", "Currency", "Incident", "From", "To",
    "AsOf",
)  # fmt: skip
ENDS = (("from_", "From"), ("to", "To"), ("as_of", "AsOf"))
ROWS = 20_000  # at a time: a block may hold a million, and its text many times as much


def everyone_csv(store: Store, question: Question, sheet: Sheet) -> Iterator[str]:
    """What `csv_lines` writes of everyone, in pieces of many lines. Raises StoreError."""
    found = blocks(store, question)
    first = next(found, None)  # what is wrong is said before the first line is
    yield from csv_lines((), sheet)
    while first is not None:
        for part in first.iter_slices(ROWS):
            yield _written(part.filter(pl.col("Customer") != ""), sheet)
        first = next(found, None)


def _written(customers: pl.DataFrame, sheet: Sheet) -> str:
    rows = customers.with_row_index("Row")
    evidence = pl.col("Evidence").list.first()
    cells = rows.join(_amounts(rows), on="Row", how="left", maintain_order="left").select(
        pl.col("Customer", "Outcome", "Failures"),
        *(_time(name) for name in ("First", "Last", "RecoveredAt", "LastAttempt")),
        pl.col("Orders").list.eval(pl.element().struct.field("OrderId")).list.join("; "),
        pl.col("Amount", "AmountValue", "Currency"),
        _what_failed(evidence, sheet).alias("WhatFailed"),
        pl.lit(sheet.incident).alias("Incident"),
        *(pl.lit(format_time(getattr(sheet, name))).alias(to) for name, to in ENDS),
        *(evidence.struct.field(name) for name in ("TraceId", "SpanId", "ServiceName", "SpanName", "Error")),
    )
    return cells.select(_cell(name) for name in CELLS).write_csv(include_header=False, line_terminator="\r\n")


def _what_failed(evidence: pl.Expr, sheet: Sheet) -> pl.Expr:
    """As triage/affected/sheet.py says it of one customer."""
    name, service, error = (evidence.struct.field(each) for each in ("SpanName", "ServiceName", "Error"))
    if sheet.slower_than_ms is not None:
        longer = f" took longer than {format_number(sheet.slower_than_ms)} ms"
        said = pl.concat_str(name, pl.lit(" at "), service, pl.lit(longer))
    else:
        why = pl.when(error != "").then(pl.concat_str(pl.lit(": "), error)).otherwise(pl.lit(""))
        said = pl.concat_str(name, pl.lit(" at "), service, pl.lit(" failed"), why)
    ending = pl.col("Outcome").replace_strict({each.value: words for each, words in ENDINGS.items()})
    return pl.concat_str(said, pl.lit("; "), ending)


def _amounts(rows: pl.DataFrame) -> pl.DataFrame:
    """The sums over each row's orders by currency: together (`49.9 EUR; 3 USD`), and apart."""
    orders = rows.select("Row", "Orders").explode("Orders").unnest("Orders").filter(pl.col("Amount") > 0)
    currency = pl.when(pl.col("Currency") == "").then(pl.lit(NO_CURRENCY)).otherwise(pl.col("Currency"))
    sums = orders.group_by("Row", currency.alias("Currency")).agg(pl.col("Amount").sum()).sort("Row", "Currency")
    value = pl.col("Amount").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    return sums.group_by("Row", maintain_order=True).agg(
        pl.concat_str(value, pl.col("Currency"), separator=" ").str.join("; ").alias("Amount"),
        value.str.join("; ").alias("AmountValue"),
        pl.col("Currency").str.join("; "),
    )


def _time(name: str) -> pl.Expr:
    """RFC 3339 in UTC, cut to microseconds, without a fraction of zero."""
    moment = pl.col(name).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    whole = moment.dt.microsecond() == 0
    seconds, exact = moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return pl.when(whole).then(seconds).otherwise(exact).alias(name)


def _cell(name: str) -> pl.Expr:
    """An empty text is an empty cell; of the few that a spreadsheet might run, each is looked at for itself."""
    if name not in TEXTS:
        return pl.col(name)
    text = pl.col(name)
    safe = pl.when(text.str.contains(SUSPECT)).then(text.map_batches(_guarded, pl.String)).otherwise(text)
    return pl.when(text == "").then(None).otherwise(safe).alias(name)


def _guarded(texts: pl.Series) -> pl.Series:
    suspect = texts.str.contains(SUSPECT).fill_null(value=False)
    return pl.Series(
        [guarded(text) if odd else text for text, odd in zip(texts, suspect, strict=True)], dtype=pl.String
    )
