"""Where the shop's telemetry goes to: a collector's address and the protocol to speak to it."""

from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

import httpx

from triage.demo.errors import BadEndpoint
from triage.setting_types import Address, is_host

Protocol = Literal["grpc", "http/protobuf", "http/json"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
GRPC_PORT, HTTP_PORT = 4317, 4318


@dataclass(frozen=True)
class Endpoint:
    """A collector. `token` is brought as a bearer token where it is not empty."""

    host: str
    port: int
    protocol: Protocol
    secure: bool = False
    path: str = ""
    token: str = field(default="", repr=False)

    @property
    def target(self) -> str:
        """`HOST:PORT`, as gRPC takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, signal: str) -> str:
        """Where OTLP/HTTP posts a signal (traces, logs, metrics)."""
        return f"{'https' if self.secure else 'http'}://{self.target}{self.path}/v1/{signal}"

    @property
    def through_proxy(self) -> bool:
        """Whether a proxy that the environment names may bring it there; a proxy's loopback is another machine's."""
        return not Address(self.host, self.port).is_loopback

    @property
    def grpc_options(self) -> tuple[tuple[str, int], ...]:
        """What a gRPC channel there is made with."""
        return () if self.through_proxy else (("grpc.enable_http_proxy", 0),)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def __str__(self) -> str:
        return f"{self.target} ({self.protocol})"


def endpoint(url: str, protocol: Protocol | None = None, token: str = "") -> Endpoint:
    """Reads `http://HOST:PORT`, `https://…`, `grpc://…` or `grpcs://…`.

    Without a protocol, port 4317 and grpc:// mean gRPC, and all else OTLP/HTTP with protobuf. Raises BadEndpoint.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpx.URL(url)  # what posts there knows more names that can't be
    except (ValueError, httpx.InvalidURL) as error:
        raise BadEndpoint(f"{url!r} is no address of a collector: {error}") from None
    if parts.scheme not in ("http", "https", "grpc", "grpcs") or not (host and is_host(host)):
        raise BadEndpoint(f"{url!r} is no address of a collector: write http://HOST:4318 or grpc://HOST:4317")
    if protocol is None:
        protocol = "grpc" if parts.scheme.startswith("grpc") or port == GRPC_PORT else "http/protobuf"
    usual = GRPC_PORT if protocol == "grpc" else HTTP_PORT
    return Endpoint(host, port or usual, protocol, parts.scheme in ("https", "grpcs"), parts.path.rstrip("/"), token)
