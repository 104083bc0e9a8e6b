"""The command line: finds the command, runs it, and turns what goes wrong into a sentence and an exit status."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import NoReturn

from queries.errors import SchemaMismatch, StoreError
from triage import __version__
from triage.commands import (
    affected,
    demo,
    doctor,
    incidents,
    kpi,
    postmortem,
    runbook,
    schema,
    shop,
    slack,
    up,
    verify,
    watch,
)
from triage.commands.status import Failure, Status
from triage.configuration import SettingsError

COMMANDS = (up, demo, shop, affected, incidents, postmortem, verify, watch, slack, runbook, schema, kpi, doctor)


class Parser(ArgumentParser):
    """Tells a wrong usage in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Ends the program."""
        self.exit(Status.WRONG, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> Parser:
    """All commands with their options."""
    top = Parser("triage", description="Tells what broke, which customers were affected, and what to do first.")
    top.add_argument("--version", action="version", version=f"triage {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        sentence, _, more = (command.__doc__ or "").partition("\n")
        one = commands.add_parser(
            name, help=sentence, description=sentence + more, formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )  # fmt: skip
        command.add_options(one)
        one.set_defaults(run=command.run, prog=one.prog, complain=one.error)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        options.complain(f"{unknown[0]!r} is unknown here")
    try:
        status = options.run(options)
        sys.stdout.flush()
        return int(status)
    except SettingsError as error:
        return _fail(options.prog, Status.WRONG, error)
    except Failure as failure:
        return _fail(options.prog, failure.status, failure)
    except StoreError as error:
        return _fail(options.prog, Status.WRONG if isinstance(error, SchemaMismatch) else Status.UNREACHABLE, error)
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.DONE


def _fail(prog: str, status: Status, error: Exception) -> Status:
    print(f"{prog}: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks to a person
    return status
