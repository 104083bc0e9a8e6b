"""The command line: finds the command, runs it, and turns what goes wrong into a sentence and an exit status."""

import ast
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from queries.errors import SchemaMismatch, StoreError
from triage import __version__, commands
from triage.commands.status import Failure, Status
from triage.configuration import SettingsError
from triage.terminal import leave_output, prepare_output

COMMANDS = (
    "up", "demo", "shop", "affected", "incidents", "postmortem", "verify", "watch", "slack", "runbook", "schema", "kpi",
    "doctor",
)  # fmt: skip
"""Each a module of `triage.commands`, in the order in which help lists them."""


class Parser(ArgumentParser):
    """Tells a wrong usage in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Ends the program."""
        self.exit(Status.WRONG, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Ends the program, once all of a help is written."""
        sys.stdout.flush()
        super().exit(status, message)


def parser(named: str) -> Parser:
    """All commands with their sentences; the one that is named with its options, too.

    Only that command's module is imported: most take a second, and some three.
    """
    top = Parser("triage", description="Tells what broke, which customers were affected, and what to do first.")
    top.add_argument("--version", action="version", version=f"triage {__version__}")
    known = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name in COMMANDS:
        sentence, more = _told(name)
        one = known.add_parser(
            name, help=sentence, description=sentence + more, formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )  # fmt: skip
        if name == named:
            command = import_module(f"{commands.__name__}.{name}")
            command.add_options(one)
            one.set_defaults(run=command.run, complain=one.error)
    return top


def _told(name: str) -> tuple[str, str]:
    """What a command's module says of it: a sentence, and the rest."""
    source = Path(commands.__path__[0], f"{name}.py").read_text("utf-8")
    sentence, *more = (ast.get_docstring(ast.parse(source)) or "").partition("\n")
    return sentence, "".join(more)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    named = next((each for each in given if not each.startswith("-")), "")
    prog = f"triage {named}".rstrip()
    prepare_output()
    try:
        status = _run(named, given)
        sys.stdout.flush()
    except SettingsError as error:
        return _fail(prog, Status.WRONG, error)
    except Failure as failure:
        return _fail(prog, failure.status, failure)
    except StoreError as error:
        return _fail(prog, Status.WRONG if isinstance(error, SchemaMismatch) else Status.UNREACHABLE, error)
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        leave_output()
        return Status.DONE
    except OSError as error:
        leave_output()
        return _fail(prog, Status.WRONG, f"cannot go on: {error}")
    return status


def _run(named: str, given: Sequence[str]) -> int:
    options, unknown = parser(named).parse_known_args(given)
    if unknown:
        options.complain(f"{unknown[0]!r} is unknown here")
    return int(options.run(options))


def _fail(prog: str, status: Status, error: object) -> Status:
    print(f"{prog}: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks to a person
    return status
