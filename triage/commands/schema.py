"""Applies or shows the tables, or fills a rollup again from the spans and log records that it is made from.

triage schema apply                      brings the tables up to what this program needs; if they are, changes nothing
triage schema [show]                     prints the statements that make them
triage schema rebuild NAME [--from 7d]   fills the rollup again, while nothing is loaded
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Set
from datetime import UTC, datetime

from queries import rebuild, schema
from triage import tables
from triage.commands.options import STORE, add_settings, named_in, settings_from
from triage.commands.status import Failure, Status
from triage.kpi.keeping import keep_again
from triage.kpi.named import kpis_of
from triage.settings import Settings
from triage.window import parse_time

KEYS = ("customer_keys", "order_keys", "amount_keys", "currency_keys", "partners")
KPI_VALUES = "kpi_values"
RETENTION = ("retention_traces", "retention_logs", "retention_metrics", "retention_rollups", "retention_kpis")


def add_options(parser: ArgumentParser) -> None:
    """What to do, and where the tables are."""
    parser.add_argument(
        "action", nargs="?", choices=("apply", "show", "rebuild"), default="show", help="(default: show)"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rollup to fill again")
    parser.add_argument("--from", dest="from_", metavar="T", help="fill it from this day on (default: all days)")
    add_settings(parser, {*STORE, *KEYS, *RETENTION})


def run(options: Namespace) -> Status:
    """Prints what was done."""
    if (options.action == "rebuild") != bool(options.name) or (options.from_ and options.action != "rebuild"):
        raise Failure(
            Status.WRONG, "a rollup's name, and --from, go with rebuild: triage schema rebuild NAME --from 7d"
        )
    settings = settings_from(options)
    if options.action == "show":
        print(schema.show(tables.retention(settings), tables.cluster(settings)))
        return Status.DONE
    if options.action == "rebuild":
        return _rebuild(settings, options.name, options.from_)
    return _apply(settings, named_in(options))


def _rebuild(settings: Settings, name: str, from_: str | None) -> Status:
    if settings.cluster:
        raise Failure(
            Status.WRONG,
            "a rollup is filled again on one server; of a cluster, fill each shard's: on a node of each shard, run "
            f"triage schema rebuild {name} --clickhouse NODE --database {settings.database}_local",
        )
    try:
        if name != KPI_VALUES:
            rebuild.check(name)
        since = parse_time(from_, datetime.now(UTC)) if from_ else None
    except ValueError as error:
        others = f", {KPI_VALUES}" if str(error).startswith("there is no rollup") else ""
        raise Failure(Status.WRONG, f"{error}{others}") from None
    with tables.opened(settings, handles=1) as store:
        tables.apply(store, settings)
        if name == KPI_VALUES:
            rows = keep_again(store, kpis_of(store.ask), datetime.now(UTC), tables.whole(settings), since)
        else:
            rows = rebuild.rebuild(store, name, since, tables.retention(settings))
    print(f"Filled {name} again: {rows:,} rows.")
    return Status.DONE


def _apply(settings: Settings, named: Set[str]) -> Status:
    """Whoever names a retention means it; the default of one that nobody names lets no rows go."""
    with tables.opened(settings, handles=1) as store:
        news = tables.apply(store, settings, shorten=named)
    for line in news:
        print(f"tables: {line}")
    if not news:
        print("The tables are what this program needs; nothing was changed.")
    return Status.DONE
