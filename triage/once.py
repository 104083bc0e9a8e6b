"""Equal questions within one page, or one pass, asked once."""

from collections.abc import Hashable

import polars as pl

from queries.store import Value
from triage.symptom import Ask


def once(ask: Ask) -> Ask:
    """The same door, that remembers what it was asked while one page is made, or in one pass. For one thread."""
    known: dict[Hashable, pl.DataFrame] = {}

    def asked(name: str, /, **parameters: Value) -> pl.DataFrame:
        key = (name, *((each, _hashable(value)) for each, value in sorted(parameters.items())))
        if key not in known:
            known[key] = ask(name, **parameters)
        return known[key]

    return asked


def _hashable(value: object) -> object:
    """The value as a key: lists, and lists in them, as tuples."""
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
