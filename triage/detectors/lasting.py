"""What an open incident knows to go on, by its subject: each is looked at with its own beginning.

It is measured by what was usual before it began, entered where requests entered then or enter now, and told as begun
then: it would become what is usual otherwise, and be forgotten while it lasts. Such a look tells of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from triage.symptom import Symptom

LONG = timedelta(minutes=10)
"""What is younger is found without: little of it could be called usual, and whoever called then has called lately."""

Known: TypeAlias = Mapping[tuple[str, str], Symptom]
"""The symptom of each subject, such as `("partner", "psp")`."""
NOTHING: Known = {}


def beginnings(known: Known) -> list[datetime]:
    """When they began; of those that began within the same ten minutes, one."""
    return [*{each.from_.timestamp() // LONG.total_seconds(): each.from_ for each in known.values()}.values()]
