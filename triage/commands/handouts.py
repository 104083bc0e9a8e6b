"""What others are handed of an incident: the rows to reconcile, and a plan of what makes it good."""

import sys
from argparse import Namespace

from triage.affected.asking import Source
from triage.commands.status import Status
from triage.compensation.asking import csv_of, plan_of, reconciliation_of
from triage.compensation.text import plan_text, reconciliation_text
from triage.terminal import terminal_width

HANDOUTS = {"reconcile": "reconciliation", "compensate": "compensation"}
"""What they are called on the command line, and in the API."""


def hand_out(source: Source, options: Namespace) -> Status:
    """Prints one of them as a table, JSON or CSV."""
    if options.format == "csv":
        sys.stdout.writelines(csv_of(source, options.id, HANDOUTS[options.action]))
        return Status.DONE
    if options.action == "reconcile":
        rows = reconciliation_of(source, options.id)
        lines, text = reconciliation_text(rows, terminal_width()), rows.model_dump_json(indent=2)
    else:
        plan = plan_of(source, options.id)
        lines, text = plan_text(plan, terminal_width()), plan.model_dump_json(indent=2)
    sys.stdout.writelines([text + "\n"] if options.format == "json" else (line + "\n" for line in lines))
    return Status.DONE
