"""The postmortem of an incident: a first draft from its data, with what its authors wrote.

Asks the running service at --url; with nothing running there, opens the data directory itself.

  triage postmortem INC-7F3K
  triage postmortem INC-7F3K -o postmortem.pdf
  triage postmortem INC-7F3K --redact -o for-the-partner.html
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from queries.connection import shown
from triage.commands.options import STORE, add_settings, new_file, settings_from
from triage.commands.source import open_source
from triage.commands.status import Failure, Status
from triage.postmortem.asking import postmortem
from triage.postmortem.formats import Format, export, figure_file
from triage.postmortem.model import FigureJson, PostmortemJson
from triage.postmortem.pdf import NotTypeset
from triage.settings import Settings

STDOUT = Path("-")


def add_options(parser: ArgumentParser) -> None:
    """Which incident's, and how it is written."""
    parser.add_argument("id", metavar="ID", help="the incident, such as INC-7F3K")
    parser.add_argument(
        "--format", choices=[each.value for each in Format], help="(default: what FILE's name ends with, else md)"
    )
    parser.add_argument(
        "-o", "--output", type=new_file, metavar="FILE",
        help="where to write it (default, and with -: standard output); a Markdown's figures are written beside it",
    )  # fmt: skip
    parser.add_argument("--redact", action="store_true", help="customers, orders and people under stable pseudonyms")
    add_settings(parser, {*STORE, "url", "token", "base_url"})


def run(options: Namespace) -> Status:
    """Writes it."""
    settings = settings_from(options)
    output = None if options.output == STDOUT else options.output
    format_ = _format(options.format, output)
    if format_ is Format.PDF and output is None and sys.stdout.isatty():
        raise Failure(Status.WRONG, "a PDF is nothing for a terminal: name a file with -o")
    with open_source(settings) as source:
        document = postmortem(
            source, options.id, redact=options.redact, base_url=_base_url(settings), data=settings.data
        )
    files = _files(document, format_, output)
    if output is None:
        sys.stdout.buffer.write(files[STDOUT])
        return Status.DONE
    for path, body in files.items():
        _write(path, body)
    print(f"{document.incident}: {', '.join(str(path) for path in files)}", file=sys.stderr)
    return Status.DONE


def _format(named: str | None, output: Path | None) -> Format:
    """The one that is named, else the one that the file's name tells."""
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return Format(named or (ending if ending in tuple(Format) else Format.MD))


def _base_url(settings: Settings) -> str:
    return settings.base_url or shown(settings.url)


def _files(document: PostmortemJson, format_: Format, output: Path | None) -> dict[Path, bytes]:
    """What is written where: the document, and beside a Markdown file its figures."""

    def address(figure: FigureJson) -> str:
        beside = figure_file(document, figure)
        return beside if output else f"{document.page}/postmortem/{figure.name}.svg"

    try:
        files = {output or STDOUT: export(document, format_, address)}
    except NotTypeset as error:
        raise Failure(Status.WRONG, str(error)) from None
    if output and format_ is Format.MD:
        files |= {output.with_name(figure_file(document, each)): each.svg.encode() for each in document.figures}
    return files


def _write(path: Path, body: bytes) -> None:
    try:
        path.write_bytes(body)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Failure(Status.WRONG, f"{path} can't be written ({why}): name another file with -o") from None
