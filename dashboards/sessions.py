"""Proof that somebody has shown the token: opaque, signed values for cookies, and counts of wrong tokens."""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

SESSION_SECONDS = 7 * 24 * 3600
FORM_SECONDS = 3600
ADDRESSES_KEPT = 10_000

Now = Callable[[], float]
"""Seconds since some fixed moment."""


@dataclass(frozen=True)
class Signer:
    """Makes and checks values that only a holder of the token can make. The token can't be read from them.

    Their key follows from the token, so they are good after a restart and in every process that has it.
    """

    token: str = field(repr=False)
    now: Now = time.time

    def is_token(self, offered: str) -> bool:
        """Whether that is the token, in time that tells nothing of it."""
        return hmac.compare_digest(offered.encode("utf-8", "replace"), self.token.encode())

    def issue(self, purpose: str, seconds: int) -> str:
        """A value good for `purpose` for so long: `expiry.nonce.signature`."""
        body = f"{int(self.now()) + seconds}.{secrets.token_urlsafe(16)}"
        return f"{body}.{self._sign(purpose, body)}"

    def accepts(self, purpose: str, value: str) -> bool:
        """Whether we issued the value for this purpose and it is still good."""
        body, _, signature = value.rpartition(".")
        expiry = body.partition(".")[0]
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(purpose, body).encode()):
            return False
        return int(expiry) > self.now()  # our own signature: it is a number

    def bound(self, purpose: str, value: str) -> str:
        """What a form must send back along with the cookie `value`."""
        return self._sign(f"form {purpose}", value)

    def _sign(self, purpose: str, body: str) -> str:
        return hmac.digest(_key(self.token), f"{purpose}\n{body}".encode("utf-8", "replace"), "sha256").hex()


@cache
def _key(token: str) -> bytes:
    """What is signed with. It takes long: whoever opens /login is given a signature, and may try tokens on it."""
    return hashlib.scrypt(token.encode(), salt=b"triage cookies and forms", n=1 << 15, r=8, p=1, maxmem=1 << 26)


@dataclass
class Attempts:
    """Wrong tokens of late, by address: so many in a minute, then that address has to wait."""

    allowed: int = 10
    window_s: float = 60
    now: Now = time.monotonic
    _failed: "OrderedDict[str, deque[float]]" = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> int:
        """How many seconds the address has to wait; 0 if it may try."""
        failed = self._failed.get(address)
        if failed is None or len(failed) < self.allowed:
            return 0
        left = failed[0] + self.window_s - self.now()
        return int(left) + 1 if left > 0 else 0

    def fail(self, address: str) -> None:
        """Remembers a wrong token; the addresses longest silent are forgotten first."""
        self._failed.setdefault(address, deque(maxlen=self.allowed)).append(self.now())
        self._failed.move_to_end(address)
        if len(self._failed) > ADDRESSES_KEPT:
            self._failed.popitem(last=False)
