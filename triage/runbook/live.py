"""The runbook in force: read again when its file changes; a broken file leaves the old table in force, and says so."""

from collections.abc import Callable
from pathlib import Path

from triage.live import LiveFile
from triage.runbook import SHIPPED
from triage.runbook.model import Runbook
from triage.runbook.read import RunbookError, read_runbook


class LiveRunbook(LiveFile[Runbook]):
    """Raises RunbookError if the first reading fails."""

    def __init__(self, path: Path = SHIPPED) -> None:
        super().__init__(path, read_runbook, RunbookError, "the runbook")


Reading = Callable[[], Runbook]
"""What gives the table in force at this moment."""
