"""Applies the tables, or shows them.

triage schema apply    brings the tables up to what this program needs; done already, it changes nothing
triage schema show     prints the statements that make them
"""

from argparse import ArgumentParser, Namespace

from queries import schema
from triage import tables
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.status import Status
from triage.settings import Settings

KEYS = ("customer_keys", "order_keys", "amount_keys", "currency_keys", "partners")
RETENTION = ("retention_traces", "retention_logs", "retention_metrics", "retention_rollups")


def add_options(parser: ArgumentParser) -> None:
    """What to do, and where the tables are."""
    parser.add_argument("action", choices=("apply", "show"), help="what to do")
    add_settings(parser, {*STORE, *KEYS, *RETENTION})


def run(options: Namespace) -> Status:
    """Prints what was done."""
    settings = settings_from(options)
    if options.action == "show":
        print(schema.show(tables.retention(settings)))
        return Status.DONE
    return _apply(settings)


def _apply(settings: Settings) -> Status:
    with tables.opened(settings, handles=1) as store:
        applied = tables.apply(store, settings)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("The tables are what this program needs; nothing was changed.")
    return Status.DONE
