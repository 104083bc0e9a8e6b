"""HEAD answers wherever GET does: the same head, no body, and it ends."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration import small_shop
from tests.integration.otlp import SECOND, T0
from tests.integration.small_shop import trace_id

pytestmark = pytest.mark.integration

WINDOW = f"from={T0 // SECOND}&to={T0 // SECOND + 3600}"
TOKEN = "sesame-sesame-sesame"


@pytest.fixture(scope="module")
def client(own_store: Store) -> Iterator[TestClient]:
    small_shop.fill(own_store)
    app = create_app(own_store, metrics=lambda: "up 1\n", ready=lambda: None, token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url="http://127.0.0.1", headers=headers, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        f"/api/v1/traces/{trace_id(1)}",
        f"/api/v1/changes?{WINDOW}",
        f"/api/v1/affected.csv?{WINDOW}&as_of={T0 // SECOND + 7200}",
        f"/traces/{trace_id(1)}",
        "/static/style.css",
        "/login",
        "/api/v1/nothing",
        "/api/v1/affected?from=soon",
        "/api/v1/incidents/INC-NONE/ack",
    ],
)
def test_the_head_is_that_of_get(client: TestClient, path: str) -> None:
    """Status and headers, also of errors and of what only takes POST."""
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    apart = {"content-security-policy", "set-cookie"}  # what is made anew for each
    assert {name: text for name, text in head.headers.items() if name not in apart} == {
        name: text for name, text in got.headers.items() if name not in apart
    }


@pytest.mark.timeout(30)
def test_what_streams_for_ever_ends(client: TestClient) -> None:
    """Whoever asks for the head of the news does not follow them."""
    for _ in range(3):
        head = client.head("/api/v1/events")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")


def test_nothing_more_is_told_than_get_tells(client: TestClient) -> None:
    """Without a token, a program is refused and a person is sent to log in."""
    assert client.head("/api/v1/affected", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.head("/incidents", headers={"Authorization": ""}).status_code == 401
