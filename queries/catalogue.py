"""Every question to the store is a `.sql` file under `queries/`; this loads them by name.

A file starts with comment lines: the question in one sentence, `-- name: Type, unit` for each
parameter, and the grain ("one row per …"). It runs as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
NOT_QUESTIONS = ("schema", "landing")
TEMPORARY = re.compile(r"^CREATE TEMPORARY TABLE (\w+)", re.MULTILINE)
PARAMETER = re.compile(r"\{(\w+):([^}]+)\}")


@dataclass(frozen=True)
class Question:
    """One `.sql` file: the statements that prepare it, if any, and the SELECT that answers it.

    What prepares are temporary tables, which live as long as the answer takes.
    """

    name: str
    text: str

    @property
    def steps(self) -> list[str]:
        """The statements, in order; the last one answers."""
        return statements(self.text)

    @property
    def temporary(self) -> list[str]:
        """The temporary tables that its steps make."""
        return TEMPORARY.findall(self.text)

    @property
    def parameters(self) -> dict[str, str]:
        """Each bound name with its ClickHouse type."""
        return dict(PARAMETER.findall(self.text))

    @property
    def heading(self) -> str:
        """The comment lines that the file starts with."""
        lines = self.text.splitlines()
        return "\n".join(line for line in lines[: _first_statement(lines)])


def _first_statement(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))


@cache
def question(name: str) -> Question:
    """The question called `name`, such as "affected/customers". Raises KeyError where there is none."""
    path = ROOT / f"{name}.sql"
    if not path.is_file():
        raise KeyError(f"no question called {name!r}: expected {path}")
    return Question(name, path.read_text())


def names() -> Iterator[str]:
    """The names of all questions, in order."""
    for path in sorted(ROOT.rglob("*.sql")):
        relative = path.relative_to(ROOT)
        if relative.parts[0] not in NOT_QUESTIONS:
            yield str(relative.with_suffix(""))


def landing_proto(landing: str) -> Path:
    """The file with the protobuf schema of a landing table's rows."""
    return ROOT / "landing" / f"{landing}.proto"


def statements(script: str) -> list[str]:
    """The statements of a DDL script, in order. A `;` at a line's end ends one."""
    without_comments = re.sub(r"^\s*--.*$|\s--\s.*$", "", script, flags=re.MULTILINE)
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", without_comments) if part.strip()]
