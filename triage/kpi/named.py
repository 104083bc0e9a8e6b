"""The business figures in force: as the store holds them, so that everyone who asks it speaks of the same ones."""

from __future__ import annotations

from functools import cache

from pydantic import TypeAdapter

from queries import kpi_tables
from queries.store import Store
from triage.kpi.figures import Kpi
from triage.kpi.read import LiveKpis
from triage.symptom import Ask

KPIS = TypeAdapter(tuple[Kpi, ...])


def kpis_of(ask: Ask) -> tuple[Kpi, ...]:
    """The figures, in the order of the file; those that come with the program where none were written down."""
    rows = ask("kpi/definitions").rows()
    return _read(rows[0][0]) if rows else shipped()


def write_down(store: Store, kpis: tuple[Kpi, ...]) -> bool:
    """Makes these the figures in force; whether others were. Raises StoreError."""
    if kpis_of(store.ask) == kpis:
        return False
    kpi_tables.define(store, KPIS.dump_json(kpis).decode())
    return True


@cache
def shipped() -> tuple[Kpi, ...]:
    """The figures that come with the program."""
    return LiveKpis().current


@cache
def _read(definitions: str) -> tuple[Kpi, ...]:
    return KPIS.validate_json(definitions)
