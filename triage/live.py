"""A file that people edit while the program runs: read again when it changes; a broken one leaves what was in force."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class LiveFile(Generic[T]):
    """Thread-safe. Raises what `read` does if the first reading fails; later ones are in `problem` ("": all is well).

    `read` takes the text and the file's name; `broken` is the error that it raises.
    """

    def __init__(self, path: Path, read: Callable[[str, str], T], broken: type[Exception], what: str) -> None:
        self.path = path
        self.problem = ""
        self._read, self._broken, self._what = read, broken, what
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._text = ""
        self._held = self._first()

    @property
    def current(self) -> T:
        """What is in force, after a look at the file."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._reload()
            return self._held

    def _first(self) -> T:
        try:
            self._text = self.path.read_text("utf-8")
        except OSError as error:
            raise self._broken(f"{self.path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self._broken(f"{self.path} is no UTF-8 text") from None
        return self._read(self._text, str(self.path))

    def _reload(self) -> None:
        try:
            text = self.path.read_text("utf-8")
            if text == self._text and not self.problem:
                return
            held, problem = self._read(text, str(self.path)), ""
        except (OSError, UnicodeDecodeError) as error:
            held, text, problem = self._held, "", f"{self.path} cannot be read: {error}"
        except self._broken as error:
            held, text, problem = self._held, "", str(error)
        self._held, self._text, self.problem = held, text, problem
        if problem:
            log.warning("%s was changed and cannot be used, what was before stays in force: %s", self._what, problem)
        else:
            log.info("%s was read again", self._what)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
