"""Slack's buttons: what people press there, signed by Slack, changes the incident by their name."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.symptoms import Passes, gateway_errors
from triage.incident.book import StoredBook
from triage.incident.model import Kind

pytestmark = pytest.mark.integration
OVER_HTTP: tuple[str, ...] = ()
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture
def client(store: Store) -> Iterator[tuple[TestClient, StoredBook, str]]:
    store.command("TRUNCATE TABLE incident_events SYNC")
    passes, book = Passes(), StoredBook(store)
    passes.look(30, gateway_errors())
    book.write([replace(event, id=f"{event.id}.b") for event in passes.book.events.values()])
    app = create_app(store, metrics=str, ready=lambda: None, token="t0ken", slack_signing_secret=SECRET)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client, book, passes.only.id


def press(client: TestClient, id_: str, action: str = "acknowledge", **how: str) -> httpx.Response:
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ana"},
        "actions": [{"action_id": action, "value": id_}],
    }
    body = how.get("body") or urlencode({"payload": json.dumps(payload)})
    at_ = how.get("timestamp", str(int(time.time()) + int(how.get("ahead_s", "0"))))
    signed = hmac.new(how.get("secret", SECRET).encode(), f"v0:{at_}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "X-Slack-Request-Timestamp": at_,
        "X-Slack-Signature": f"v0={signed}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer: httpx.Response = client.post("/hooks/slack", content=body, headers=headers)
    return answer


def test_acknowledge_is_taken_down_by_name(client: tuple[TestClient, StoredBook, str]) -> None:
    """Pressed twice it counts once."""
    web, book, id_ = client
    assert press(web, id_).status_code == 200
    assert press(web, id_).status_code == 200
    incident = book.incident(id_)
    assert incident
    assert incident.state.value == "acknowledged"
    assert [event.author for event in incident.timeline if event.kind == Kind.ACKNOWLEDGED] == ["ana (Slack)"]
    assert press(web, id_, "mitigate").status_code == 200
    after = book.incident(id_)
    assert after
    assert after.mitigated_at


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "another"},
        {"ahead_s": "-400"},
        {"ahead_s": "400"},
        {"timestamp": "soon"},
        {"timestamp": ""},
        {"timestamp": "1e9"},
    ],
)
def test_what_slack_did_not_sign_is_refused(client: tuple[TestClient, StoredBook, str], how: dict[str, str]) -> None:
    """401, and nothing changes."""
    web, book, id_ = client
    assert press(web, id_, **how).status_code == 401
    incident = book.incident(id_)
    assert incident
    assert incident.state.value == "open"


@pytest.mark.parametrize("body", ["payload=x", "payload=[]", "nothing=1", "payload=%7B%22actions%22%3A%5B1%5D%7D"])
def test_what_is_no_interaction_is_named(client: tuple[TestClient, StoredBook, str], body: str) -> None:
    """400 with the field."""
    web, _, id_ = client
    answer = press(web, id_, body=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "payload")
