"""Whether a delivery is its sender's: secrets and signatures over the bytes as they came, compared in constant time."""

import base64
import binascii
import hashlib
import hmac

from collectors.sources.source import Delivery, Trust

FRESH_S = 300  # a signed time may be off by so much, both ways


class Unproven(Exception):
    """The delivery does not show that it is its sender's: a sentence that says what is needed."""


def same(given: str, expected: str) -> bool:
    """Whether the texts are equal, and there is something to be equal to."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def hmac_sha256(secret: str, *parts: bytes) -> bytes:
    """The MAC of the parts, one after the other."""
    mac = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.digest()


def by_token(trust: Trust, delivery: Delivery, setting: str = "TRIAGE_TOKEN") -> None:
    """The service's token, as bearer or as the password of basic authentication; `setting` is what would do instead.

    Raises Unproven. Without a token anyone may who can reach a listener on loopback, as with OTLP.
    """
    if not trust.token and trust.is_loopback:
        return
    if not any(same(offered, trust.token) for offered in _offered(delivery.header("authorization"))):
        instead = "" if setting == "TRIAGE_TOKEN" else f", or signatures and {setting}"
        raise Unproven(f"the request needs `Authorization: Bearer TOKEN` with this service's token{instead}")


def _offered(authorization: str) -> list[str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return [value.strip()]
    if scheme.lower() == "basic":
        try:
            return [base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]]
        except (binascii.Error, ValueError):
            return []
    return []


def is_fresh(seconds: str, received_ns: int) -> bool:
    """Whether the text is a time in seconds, and that of the delivery but for a few minutes."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        return False
    return abs(int(seconds) - received_ns / 1e9) <= FRESH_S
