"""One HTTP request that the shop's systems make to the collector, whatever it carries."""

from dataclasses import dataclass, field

CDC_PATH = "/cdc/debezium"
GITHUB_PATH = "/hooks/github"
LAUNCHDARKLY_PATH = "/hooks/launchdarkly"

JSON = (("content-type", "application/json"),)
PROTOBUF = (("content-type", "application/x-protobuf"),)


@dataclass(frozen=True, slots=True)
class Post:
    """A body for `path`, as it is sent at `at_ns` of shop time: by then all that it tells of had begun."""

    at_ns: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Secrets:
    """What webhooks are signed with; without a secret there is no signature."""

    github: str = field(default="", repr=False)
    launchdarkly: str = field(default="", repr=False)
