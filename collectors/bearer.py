"""Whether a sender brings the token."""

import hmac
from collections.abc import Callable, Sequence


class Unauthenticated(Exception):
    """The sender brought no token, or not ours."""

    def __init__(self) -> None:
        super().__init__("the request needs the header `Authorization: Bearer TOKEN` with this service's token")


Admit = Callable[[Sequence[str | bytes]], None]
"""Takes every `Authorization` value that a request brought; raises Unauthenticated if it may not pass."""


def bearer(token: str | None) -> Admit:
    """Who may pass: everyone if there is no token, else who brings exactly one, ours.

    Raises ValueError for an empty token, which a missing one would equal.
    """
    if token is None:
        return lambda values: None
    if not token.strip():
        raise ValueError("the token is empty; set one, or none at all")
    secret = token.encode()

    def admit(values: Sequence[str | bytes]) -> None:
        if len(values) != 1:
            raise Unauthenticated
        value = values[0]
        scheme, _, given = (value if isinstance(value, bytes) else value.encode()).partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), secret):
            raise Unauthenticated

    return admit
