"""Links name the port that pages are served on, also where any free one was asked for."""

from pathlib import Path

import pytest

from triage.service import running
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = pytest.mark.integration


def test_links_name_the_port_that_was_found(tmp_path: Path) -> None:
    """What writes messages is told the address that the listener has, not the one it was asked for."""
    free = Address("127.0.0.1", 0)
    with running(Settings(data=tmp_path, otlp_grpc=free, otlp_http=free, web=free)) as (service, _):
        assert service.settings.web == service.listeners["web"] != free
