"""Settings as command line options, made from the table of settings."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Container, Mapping
from pathlib import Path
from types import MappingProxyType

from triage.configuration import load, named
from triage.settings import Row, Settings, table

STORE = ("data", "clickhouse", "database", "cluster")
"""The settings that say where the tables are."""


def new_file(text: str) -> Path:
    """The type of an option that names a file to write."""
    path = Path(text)
    if not path.name or path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a directory: name a file")
    return path


def add_settings(
    parser: ArgumentParser, names: Container[str] | None = None, defaults: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Options for the named settings, or for all that may stand on a command line; `defaults` go before the table's."""
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="file with settings (default: triage.toml, if there)"
    )
    rows = [row for row in table() if names is None or row.name in names]
    for row in rows:
        if row.has_flag:
            group.add_argument(
                row.flag, dest=_dest(row), action="append", metavar=row.metavar, help=_help(row, defaults)
            )
    hidden = [f"{row.variable} ({row.help})" for row in rows if not row.has_flag]
    if hidden:
        parser.epilog = "Secrets, in the environment or the file only: " + "; ".join(hidden) + "."


def settings_from(options: Namespace) -> Settings:
    """The settings of this run: the options, the environment and the file. Raises SettingsError."""
    return load(_flags(options), os.environ, getattr(options, "config", None))


def named_in(options: Namespace) -> frozenset[str]:
    """The settings that an option, the environment or the file gave. Raises SettingsError."""
    return named(_flags(options), os.environ, getattr(options, "config", None))


def _flags(options: Namespace) -> dict[str, str]:
    given = {row.name: getattr(options, _dest(row), None) for row in table()}
    return {name: ",".join(texts) if _repeats(name) else texts[-1] for name, texts in given.items() if texts}


def _repeats(name: str) -> bool:
    return isinstance(getattr(Settings, name), tuple)


def _dest(row: Row) -> str:
    return f"setting_{row.name}"


def _help(row: Row, defaults: Mapping[str, str]) -> str:
    text = f"{row.help} [{row.variable}; default: {defaults.get(row.name, row.default) or 'none'}]"
    return text.replace("%", "%%")
