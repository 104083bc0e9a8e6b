"""Where a request may come from: the names that are ours (DNS rebinding) and the pages that are ours (CSRF)."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Origins:
    """The names under which this service is reached, and what its own pages' origin is."""

    hosts: frozenset[str]
    base: str  # scheme://host[:port] of the base URL, "" without one
    any_address: bool  # it listens on every interface: any IP address may be its own

    @classmethod
    def of(cls, listen_host: str, base_url: str) -> "Origins":
        """Those of a listener at `listen_host`, linked to as `base_url` ("" if that is the listener)."""
        base = urlsplit(base_url)
        wildcard = listen_host in {"", "0.0.0.0", "::"}
        names = {listen_host.strip("[]").lower(), (base.hostname or "").lower()} - {"", "0.0.0.0", "::"}
        return cls(LOOPBACK_NAMES | names, f"{base.scheme}://{base.netloc}".lower() if base.netloc else "", wildcard)

    def foreign_host(self, host: str) -> bool:
        """Whether a `Host` header names somebody else. (An IP address can't be rebound, a name can.)"""
        name = _name(host)
        return name not in self.hosts and not (self.any_address and _is_address(name))

    def foreign_page(self, method: str, host: str, origin: str | None, fetch_site: str | None) -> bool:
        """Whether a page that is not ours sends this request. Programs that are no browser send neither header."""
        if origin is not None:
            return origin.lower() not in self._own(host)
        return method not in SAFE_METHODS and fetch_site in {"cross-site", "same-site"}

    def _own(self, host: str) -> Iterable[str]:
        return {f"http://{host.lower()}", f"https://{host.lower()}", self.base} - {""}


def _name(host: str) -> str:
    """The name in a `Host` header, without its port and a root's dot; "" if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
