"""What all tests share: which of them run here, and why the others don't."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("busy machine", deadline=None)  # how long an example takes says nothing here
settings.load_profile("busy machine")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NPM = shutil.which("npm")
GO = shutil.which("go")
JAVA = shutil.which("java") and shutil.which("mvn")
POSTGRESQL = next(Path("/usr/lib/postgresql").glob("*/bin/postgres"), None)  # where Debian has it
IN_CI = os.environ.get("CI") == "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked `full` too: they take too long for CI")


def missing(item: pytest.Item) -> str | None:
    """What this machine lacks for the test, as a sentence; None if nothing."""
    if item.get_closest_marker("browser") and not (CHROMIUM and NPM):
        return "page tests need Chromium, and npm for what checks them"
    if item.get_closest_marker("peers") and not NPM:
        return "the JavaScript senders need node and npm"
    if item.get_closest_marker("java") and not (JAVA and POSTGRESQL):
        return "Apache Kafka and Debezium need Java and Maven, and PostgreSQL to have something to tell"
    if item.get_closest_marker("go") and not GO:
        return "the Collector and Alertmanager are built with Go"
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        long = [item for item in items if item.get_closest_marker("full")]
        if long:
            items[:] = [item for item in items if item not in set(long)]
            config.hook.pytest_deselected(items=long)
    for item in items:
        if (reason := missing(item)) and not IN_CI:  # in CI it runs, and fails on what is missing
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests (`@pytest.mark.anyio`) run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    assert CHROMIUM, "no Chromium on this machine"
    return CHROMIUM
