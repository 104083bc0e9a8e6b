"""A customer is called whatever the telemetry says, and can be asked for by that, in the API and as a page."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import ERROR

pytestmark = pytest.mark.integration

WINDOW = {"from": str(T0 // SECOND), "to": str(T0 // SECOND + 3600)}
NAMES = ("a\nb", "a\r\nb", "\n", "a\n", "/lead", "trail/", "a//b", "a?b#c", "\u2028x", "x\x00y", "\t")
DOTS = (".", "..")


@pytest.fixture(scope="module")
def client(own_store: Store) -> Iterator[TestClient]:
    spans = [
        span(number, number, attributes=attributes({"customer.id": name}), status=ERROR)
        for number, name in enumerate((*NAMES, *DOTS), 1)
    ]
    own_store.insert("traces", segment(traces(*spans)), token())
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("name", NAMES)
def test_any_id_is_found_in_an_address(client: TestClient, name: str) -> None:
    """Escaped, with line breaks and slashes in it."""
    path = f"/customers/{quote(name, safe='')}"
    assert client.get(f"/api/v1{path}", params=WINDOW).json()["customer"] == name
    assert client.get(path, params=WINDOW).status_code == 200


@pytest.mark.parametrize("name", [*DOTS, *NAMES])
def test_an_id_that_no_path_holds_is_asked_for_by_name(client: TestClient, name: str) -> None:
    """Clients and browsers resolve dots in a path away; the page leads to its own JSON all the same."""
    found = client.get("/api/v1/customers", params={**WINDOW, "id": name})
    assert found.json()["customer"] == name
    page = client.get("/customers", params={**WINDOW, "id": name})
    assert page.status_code == 200
    (json_address,) = {part.split('"')[0] for part in page.text.split('href="')[1:] if part.startswith("/api/v1/")}
    assert client.get(json_address.replace("&amp;", "&")).json()["customer"] == name


def test_no_id_is_told_to_be_missing(client: TestClient) -> None:
    """Not taken for a customer of no name."""
    answer = client.get("/api/v1/customers", params=WINDOW)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "id")
