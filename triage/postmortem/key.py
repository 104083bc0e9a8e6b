"""The secret that pseudonyms are made with: of the data directory, random, readable by its owner alone."""

import contextlib
import os
import secrets
from pathlib import Path

NAME = "redaction.key"
BYTES = 32


class NoKey(Exception):
    """The secret can't be read or kept; the message says why and what to do."""


def redaction_key(data: Path) -> bytes:
    """The data directory's secret, made at the first use. Raises NoKey."""
    path = data / NAME
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise NoKey(f"the secret for pseudonyms can't be kept in {path} ({why}): make {data} writable") from None
    if len(key) < BYTES:
        raise NoKey(f"{path} holds no secret for pseudonyms: remove it, and another is made (pseudonyms change)")
    return key


def _make(path: Path) -> None:
    """Written whole before it has its name: of two processes one wins, and both read that one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(BYTES))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
