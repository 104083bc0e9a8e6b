"""docs/settings.md, made from the table of settings: `python -m triage.settings_page > docs/settings.md`."""

import sys

from triage.settings import Row, table

HEAD = """# Settings

Made from `triage/settings.py` by `python -m triage.settings_page > docs/settings.md`.

A setting has the same name everywhere: in `triage.toml` (or the file that `--config` or `TRIAGE_CONFIG` names), as
`TRIAGE_…` in the environment, and as an option of `triage up`. The command line goes before the environment, the
environment before the file, the file before the default. An unknown name is an error. Secrets are no options, since
every user of a machine can read its command lines; `--clickhouse` is one, for an address without a password.

Lists are written with commas (`a,b`), in the file also as a list of texts. Durations are written like `500ms`, `30s`,
`15m`, `2h`, `14d`; sizes like `512MiB` or `2GB`. Retentions are whole days.
Blanks around a value count for nothing.

| name | in the environment | default | |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    return HEAD + "".join(map(_line, table()))


def _line(row: Row) -> str:
    default = f"`{row.default}`" if row.default else "none"
    return f"| `{row.name}` | `{row.variable}` | {default} | {row.help}{' (secret)' if row.secret else ''} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
