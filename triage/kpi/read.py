"""The business figures from their YAML. What is wrong is said in a sentence that names the figure and the key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.kpi import SHIPPED
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.live import LiveFile
from triage.plain_yaml import read_yaml

LONGEST_TEXT = 300
MOST_KPIS = 100


class KpiError(Exception):
    """The figures can't be used: a sentence that says where and why."""


Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class SourceRow(BaseModel):
    """What is counted, as the file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: Text = ""
    span: Text = ""
    log: Text = ""
    service: Text = ""
    where: dict[Text, Text] = Field(default_factory=dict, max_length=10)
    value: Text = ""
    failed: bool | None = None

    def source(self, where: str) -> Source:
        """As the program has it. Raises ValueError with a sentence."""
        named = [signal for signal in Signal if getattr(self, signal)]
        if len(named) != 1:
            raise ValueError(f"{where}: name one of metric, span and log")
        if named[0] is Signal.METRIC and (self.value or self.failed is not None):
            raise ValueError(f"{where}: value and failed go with span and log; a metric has its own value")
        name = getattr(self, named[0])
        return Source(named[0], name, self.service, tuple(sorted(self.where.items())), self.value, self.failed)


class KpiRow(BaseModel):
    """A figure, as the file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    kind: Kind
    of: SourceRow
    by: SourceRow | None = None
    unit: Text = ""
    good: Good = Good.UP
    owner: Text = ""

    def kpi(self) -> Kpi:
        """As the program has it. Raises ValueError with a sentence."""
        where = f"kpi {self.name!r}"
        if (self.kind is Kind.RATIO) != (self.by is not None):
            raise ValueError(f"{where}: a ratio needs by, what it is a share of; no other kind has it")
        of = self.of.source(f"{where}: of")
        if self.kind is Kind.GAUGE and of.signal is not Signal.METRIC and not of.value:
            raise ValueError(f"{where}: a gauge of spans or logs needs value, the attribute that it is the mean of")
        by = self.by.source(f"{where}: by") if self.by else None
        return Kpi(self.name, self.kind, of, self._unit, by, self.good, self.owner)

    @property
    def _unit(self) -> str:
        """Elsewhere "1" means a share, told in percent: only a ratio is one, however that is written."""
        if self.kind is Kind.RATIO:
            return "1" if self.unit in {"", "%", "ratio"} else self.unit
        if self.unit in {"", "1"}:
            return "/min" if self.kind is Kind.RATE else ""
        return self.unit


class KpiFile(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kpis: Annotated[list[KpiRow], Field(max_length=MOST_KPIS)] | Literal[""] | None = None


KEYS = {**KpiFile.model_fields, **KpiRow.model_fields, **SourceRow.model_fields}
SENTENCES = {
    "string_pattern_mismatch": "a name is made of letters, digits, _ . and -, at most 64",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "list_type": "write a list below kpis:, a figure an item",
    "dict_type": "write keys and values here, such as {name: value}",
    "model_type": "write keys and values here, such as {name: value}",
}


class LiveKpis(LiveFile[tuple[Kpi, ...]]):
    """The figures in a file, as it changes. Raises KpiError if the first reading fails."""

    def __init__(self, path: Path = SHIPPED) -> None:
        super().__init__(path, read_kpis, KpiError, "the file of business figures")


def read_kpis(text: str, where: str = "the figures") -> tuple[Kpi, ...]:
    """The figures that a YAML text writes down. Raises KpiError."""
    try:
        given = read_yaml(text, where)
    except ValueError as error:
        raise KpiError(str(error)) from None
    if not isinstance(given, Mapping):
        raise KpiError(f"{where}: write kpis: and below it a list of figures")
    if odd := [key for key in given if not isinstance(key, str)]:
        raise KpiError(f"{where}: keys are names, not {odd[0]!r}")
    try:
        rows = KpiFile.model_validate(given).kpis or ()
        kpis = tuple(row.kpi() for row in rows)
    except ValidationError as error:
        raise KpiError(f"{where}: {next(_complaints(error, given))}") from None
    except ValueError as error:
        raise KpiError(f"{where}: {error}") from None
    names = [kpi.name for kpi in kpis]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise KpiError(f"{where}: two figures are called {twice[0]!r}: give each its own name")
    return kpis


def _complaints(error: ValidationError, given: Mapping[str, object]) -> Iterator[str]:
    """What is wrong, by the figure's name and the key; a key that is unknown first, since another may lack for it."""
    errors = error.errors(include_url=False)
    for one in sorted(errors, key=lambda each: each["type"] != "extra_forbidden"):
        place = [part for part in one["loc"] if part not in {"list[KpiRow]", "constrained-list"}]
        path = [str(part) for part in place if isinstance(part, str) and part != "kpis" and "[" not in part]
        which = next((_called(given, part) for part in place if isinstance(part, int)), "")
        what = SENTENCES.get(one["type"], one["msg"][:1].lower() + one["msg"][1:])
        if one["type"] == "extra_forbidden" and path:
            unknown = path.pop()
            nearest = difflib.get_close_matches(unknown, KEYS, n=1, cutoff=0)[0]
            what = f"there is no key {unknown[:60]!r}; the nearest is {nearest}"
        elif one["type"] == "missing" and path:
            what = f"it lacks {path.pop()!r}"
        yield ": ".join([*([which] if which else []), *([".".join(path)] if path else []), what])


def _called(given: Mapping[str, object], number: int) -> str:
    rows = given.get("kpis")
    row = rows[number] if isinstance(rows, Sequence) else None
    named = row.get("name") if isinstance(row, Mapping) else None
    return f"kpi {str(named)[:64]!r}" if named else f"kpi {number + 1}"
