"""Every question to the store is a `.sql` file under `queries/`; this loads them by name.

A file starts with comment lines: the question in one sentence, `-- name: Type, unit` for each
parameter, and the grain ("one row per …"). It runs as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent
NOT_QUESTIONS = ("schema", "landing")
TEMPORARY = re.compile(r"^CREATE TEMPORARY TABLE (\w+)", re.MULTILINE)
CONDITION = re.compile(r"^-- if: (\w+)$", re.MULTILINE)
BOUND = re.compile(r"^-- bind: (.+)$", re.MULTILINE)
COMMENT = re.compile(r"^\s*--.*$|\s--\s.*$", re.MULTILINE)
PARAMETER = re.compile(r"\{(\w+):([^}]+)\}")


@dataclass(frozen=True)
class Step:
    """A statement of a question.

    `-- bind: a, b` above a SELECT gives the values of its one row these names, as parameters of the statements after
    it. `-- if: a` above a statement leaves it out unless the value of this name is true.
    """

    statement: str
    condition: str | None
    binds: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One `.sql` file: the steps that prepare it, if any, and the SELECT that answers it.

    What prepares are temporary tables, which live as long as the answer takes.
    """

    name: str
    text: str

    @cached_property
    def steps(self) -> list[Step]:
        """The statements, in order; the last one answers."""
        return [
            Step(statement, _condition(part), _bound(part))
            for part in _parts(self.text)
            for statement in statements(part)
        ]

    @cached_property
    def temporary(self) -> list[str]:
        """The temporary tables that its steps make."""
        return TEMPORARY.findall(self.text)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Each name that is to be given a value, with its ClickHouse type."""
        own = {name for step in self.steps for name in step.binds}
        return {name: kind for name, kind in parameters(self.text).items() if name not in own}

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


def parameters(statement: str) -> dict[str, str]:
    """The names that a statement binds, each with its ClickHouse type."""
    return dict(PARAMETER.findall(statement))


def landing_proto(landing: str) -> Path:
    """The file with the protobuf schema of a landing table's rows."""
    return ROOT / "landing" / f"{landing}.proto"


def statements(script: str) -> list[str]:
    """The statements of a DDL script, in order. A `;` at a line's end ends one."""
    return [part.strip() for part in _parts(COMMENT.sub("", script)) if part.strip()]


def _parts(script: str) -> list[str]:
    return re.split(r";\s*(?:\n|$)", script)


def _condition(part: str) -> str | None:
    found = CONDITION.search(part)
    return found[1] if found else None


def _bound(part: str) -> tuple[str, ...]:
    found = BOUND.search(part)
    return tuple(found[1].split(", ")) if found else ()
