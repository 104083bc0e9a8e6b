"""The runbook in force: read again when its file changes; a broken file leaves the old table in force, and says so."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from triage.runbook import SHIPPED
from triage.runbook.model import Runbook
from triage.runbook.read import RunbookError, load_runbook, read_runbook

log = logging.getLogger(__name__)


class LiveRunbook:
    """Thread-safe. Raises RunbookError if the first reading fails; later ones are in `problem` ("" if all is well)."""

    def __init__(self, path: Path = SHIPPED) -> None:
        self.path = path
        self.problem = ""
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._text = ""
        self._runbook = load_runbook(path)

    @property
    def current(self) -> Runbook:
        """The table, after a look at the file."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._reload()
            return self._runbook

    def _reload(self) -> None:
        try:
            text = self.path.read_text("utf-8")
            if text == self._text and not self.problem:
                return
            runbook, problem = read_runbook(text, str(self.path)), ""
        except (OSError, UnicodeDecodeError) as error:
            runbook, text, problem = self._runbook, "", f"{self.path} cannot be read: {error}"
        except RunbookError as error:
            runbook, text, problem = self._runbook, "", str(error)
        self._runbook, self._text, self.problem = runbook, text, problem
        if problem:
            log.warning("the runbook was changed and cannot be used, the one before stays in force: %s", problem)
        else:
            log.info("the runbook was read again: %d rows", len(runbook.rows))

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino


Reading = Callable[[], Runbook]
"""What gives the table in force at this moment."""
