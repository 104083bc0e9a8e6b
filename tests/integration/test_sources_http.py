"""What other senders post over HTTP: taken by both listeners, refused in words, and in the tables once for each Id."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from google.rpc.status_pb2 import Status
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from collectors.kinds import Kind, Outcome, Overloaded
from collectors.sources.source import Trust
from collectors.sources.web import LARGEST_BODY, Hooks
from dashboards.app import create_app
from queries.store import Store
from tests import senders
from tests.integration.otlp import token
from tests.integration.otlp_receivers import GOOD, PROTOBUF, Receivers
from tests.integration.test_access import NO_STORE
from tests.senders import BODIES, JSON, SECRET, WEBHOOK_SECRET, body, signature

pytestmark = pytest.mark.integration

OPEN = Trust(is_loopback=True)
GUARDED = Trust(True, SECRET, SECRET, SECRET, SECRET, SECRET, WEBHOOK_SECRET)
PATHS = {name: "/cdc/debezium" if name == "debezium" else f"/hooks/{name}" for name in BODIES}


class Kept:
    """An `append` that remembers, and what was counted."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.counts: Counter[Outcome] = Counter()
        self.fault: Exception | None = None

    async def append(self, kind: Kind, record: bytes) -> None:
        assert kind is Kind.EVENTS
        if self.fault:
            raise self.fault
        self.lines.append(record)

    def count(self, kind: Kind, outcome: Outcome, number: int) -> None:
        self.counts[outcome] += number

    def hooks(self, trust: Trust = OPEN) -> Hooks:
        return Hooks(self.append, self.count, trust)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def web(hooks: Hooks, token: str = "") -> TestClient:
    """The web listener's app, with the hooks mounted."""
    app = create_app(
        NO_STORE,
        metrics=lambda: "",
        ready=lambda: None,
        token=token,
        hooks=hooks,
        told_changes=hooks.told("changes"),
    )
    return TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False)


def beside(hooks: Hooks) -> dict[str, ASGIApp]:
    """What the OTLP/HTTP listener has beside OTLP's paths, as the service puts it there."""
    return {"hooks": hooks, "cdc": hooks}


def headers_of(source: str, sent: bytes) -> dict[str, str]:
    secret = WEBHOOK_SECRET if source == "debezium" else SECRET
    return {**JSON, **signature(source, sent, int(time.time()), secret)}


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = answer.json()
    assert {"type", "title", "status", "detail"} <= document.keys()
    return document


@pytest.fixture(params=["otlp", "web"])
def guarded(request: pytest.FixtureRequest, kept: Kept) -> Iterator[httpx.Client]:
    """Either listener, with every secret set."""
    if request.param == "web":
        with web(kept.hooks(GUARDED), SECRET) as client:
            yield client
    else:
        with Receivers(token=SECRET, others=beside(kept.hooks(GUARDED))) as receivers:
            yield receivers.http


@pytest.mark.parametrize("source", BODIES)
def test_a_signed_payload_is_taken_by_both_listeners(guarded: httpx.Client, kept: Kept, source: str) -> None:
    """And answered with what was kept of it."""
    sent = body(BODIES[source])
    answer = guarded.post(PATHS[source], content=sent, headers=headers_of(source, sent))
    assert answer.status_code == 200, answer.text
    ids = [json.loads(line)["Body"]["id"] for line in kept.lines]
    assert answer.json() == {"accepted": 1, "ids": ids}
    assert kept.counts == {Outcome.ACCEPTED: 1}


@pytest.mark.parametrize("source", BODIES)
def test_an_unsigned_payload_is_refused_by_both(guarded: httpx.Client, kept: Kept, source: str) -> None:
    """With a sentence that says what is needed; a person's cookie is of no use here."""
    sent = body(BODIES[source])
    said = problem(guarded.post(PATHS[source], content=sent, headers=JSON), 401)
    assert SECRET not in str(said)
    assert kept.lines == []


@pytest.mark.parametrize(
    ("source", "trust"),
    [(source, Trust(True, SECRET)) for source in BODIES]
    + [(source, GUARDED) for source in ("alertmanager", "changes", "unleash")],
)
def test_a_body_that_is_no_part_of_the_proof_is_not_waited_for(kept: Kept, source: str, trust: Trust) -> None:
    """A stranger who sends it as slowly as can be holds no connection."""
    head = f"POST {PATHS[source]} HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    with (
        Receivers(token=SECRET, others=beside(kept.hooks(trust))) as receivers,
        socket.create_connection(("127.0.0.1", receivers.http_port), timeout=10) as stranger,
    ):
        stranger.sendall(head.encode())
        answer = b"".join(iter(lambda: stranger.recv(10_000), b""))
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_otlp_is_still_taken_beside_them(kept: Kept) -> None:
    """The same listener, other addresses."""
    with Receivers(others=beside(kept.hooks())) as receivers:
        assert receivers.post(Kind.TRACES, GOOD[Kind.TRACES]).status_code == 200
        assert receivers.http.post("/hooks/unleash", json=senders.unleash()).status_code == 200


@pytest.mark.parametrize("path", ["/v1/traces/", "/v1/profiles", "/nothing", "/hooksx"])
def test_an_address_that_is_nobodys_is_refused_as_otlp_refuses(kept: Kept, path: str) -> None:
    """Whose telemetry went astray is told where it goes; whose webhook did, which there are."""
    with Receivers(others=beside(kept.hooks())) as receivers:
        answer = receivers.http.post(path, content=GOOD[Kind.TRACES], headers={"content-type": PROTOBUF})
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROTOBUF)
        assert "telemetry goes to /v1/traces, /v1/metrics, /v1/logs" in Status.FromString(answer.content).message
        assert "/hooks/github" in str(problem(receivers.http.post("/hooks/gitlub", json={}), 404)["detail"])


class TestRefusals:
    @pytest.fixture
    def client(self, kept: Kept) -> Iterator[TestClient]:
        with web(kept.hooks()) as client:
            yield client

    def test_addresses_and_methods_that_are_none(self, client: TestClient) -> None:
        """404 and 405, as problems."""
        assert "/hooks/github" in str(problem(client.post("/hooks/gitlub", json={}), 404)["detail"])
        assert problem(client.get("/hooks/github"), 405)
        assert client.get("/cdc/debezium").headers["allow"] == "POST"
        assert problem(client.put("/cdc/debezium", json={}), 405)
        assert problem(client.get("/hooks/slack"), 405)
        assert client.put("/hooks/slack").headers["allow"] == "POST"

    @pytest.mark.parametrize("chunked", [False, True])
    def test_more_than_a_mebibyte_is_refused(self, client: TestClient, kept: Kept, chunked: bool) -> None:
        """Whether its length is said beforehand or not."""
        large = b'"' + b"x" * LARGEST_BODY + b'"'
        content = iter([large[:1000], large[1000:]]) if chunked else large
        problem(client.post("/hooks/unleash", content=content, headers=JSON), 413)
        assert kept.counts == {Outcome.TOO_LARGE: 1}
        exact = body(senders.unleash(data="")).replace(b'"data": ""', b'"data": "%s"')
        exact %= b"x" * (LARGEST_BODY - len(exact) + 2)
        assert client.post("/hooks/unleash", content=exact, headers=JSON).status_code == 200

    def test_a_wrong_field_is_named(self, client: TestClient) -> None:
        """In the document's `errors`."""
        said = problem(client.post("/hooks/alertmanager", json=senders.alertmanager(senders.alert("odd"))), 400)
        assert said["errors"] == [{"field": "alerts[0].status", "detail": "input should be 'firing' or 'resolved'"}]
        assert "errors" in problem(client.post("/hooks/unleash", content=b"{", headers=JSON), 400)

    def test_what_a_page_could_send_is_refused(self, kept: Kept) -> None:
        """A form needs no leave of ours, so its types are not taken, and what names an origin is a page's."""
        with Receivers(others=beside(kept.hooks())) as receivers:
            form = {"content-type": "application/x-www-form-urlencoded"}
            problem(receivers.http.post("/hooks/github", content=b"payload={}", headers=form), 415)
            problem(receivers.http.post("/hooks/unleash", json={}, headers={"origin": "http://127.0.0.1"}), 403)
            problem(receivers.http.post("/hooks/unleash", json={}, headers={"content-encoding": "gzip"}), 415)

    def test_what_cannot_be_kept_now_may_come_again(self, client: TestClient, kept: Kept) -> None:
        """503 with Retry-After: too much waits, or the disk takes nothing."""
        for fault, after in ((Overloaded("too much waits to be loaded", 7), "7"), (OSError("no space"), "5")):
            kept.fault = fault
            answer = client.post("/hooks/unleash", json=senders.unleash())
            problem(answer, 503)
            assert answer.headers["retry-after"] == after

    def test_nesting_without_end_is_a_bad_body(self, client: TestClient) -> None:
        """At any depth: one that can be read may still be too deep to write."""
        for depth in range(100, 1100, 50):
            nested = b'{"kind": "other", "details": ' + b"[" * depth + b"]" * depth + b"}"
            assert client.post("/hooks/changes", content=nested, headers=JSON).status_code in (200, 400)


class TestTellingOfChanges:
    def test_the_gates_own_ways_in_will_do(self, kept: Kept) -> None:
        """The token; and nothing without it."""
        with web(kept.hooks(GUARDED), SECRET) as client:
            key = {"authorization": f"Bearer {SECRET}"}
            answer = client.post("/api/v1/changes", json=[senders.change(), senders.change(version="2")], headers=key)
            assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
            problem(client.post("/api/v1/changes", json=senders.change()), 401)
        assert len(kept.lines) == 2

    def test_a_page_of_another_site_may_not(self, kept: Kept) -> None:
        """As everywhere."""
        with web(kept.hooks()) as client:
            origin = {"origin": "https://evil.example"}
            problem(client.post("/api/v1/changes", json=senders.change(), headers=origin), 403)
            assert client.post("/api/v1/changes", json=senders.change()).status_code == 200


def post_all(hooks: ASGIApp) -> None:
    """Every sender's body, some of several events, all of them twice: senders repeat."""
    several = {
        "alertmanager": senders.alertmanager(senders.alert(), senders.alert("resolved")),
        "debezium": [senders.envelope(), senders.envelope("d", 101), senders.wrapped(senders.end())],
    }
    client = TestClient(hooks, base_url="http://127.0.0.1")
    for _ in range(2):
        for name, path in PATHS.items():
            assert client.post(path, json=several.get(name, BODIES[name])).status_code == 200


def test_all_of_it_ends_in_the_tables_once_for_each_id(store: Store, kept: Kept) -> None:
    """With every value, and a replay changes no answer that takes one row for each Id."""
    post_all(kept.hooks())
    store.insert("events", b"\n".join(kept.lines) + b"\n", token())
    found = {table: dict(store.select(f"SELECT Id, count() AS n FROM {table} GROUP BY Id").rows())
             for table in ("changes", "alerts", "cdc_events")}  # fmt: skip
    assert {table: len(ids) for table, ids in found.items()} == {"changes": 4, "alerts": 3, "cdc_events": 3}
    assert {n for ids in found.values() for n in ids.values()} == {2}
    change = store.select("SELECT * FROM changes WHERE Source = 'github' LIMIT 1").to_dicts()[0]
    assert (change["Kind"], change["Service"], change["Version"], change["Status"]) == (
        "deploy", "payment", "2.4.0", "success",
    )  # fmt: skip
    alert = store.select("SELECT * FROM alerts WHERE Source = 'grafana' LIMIT 1").to_dicts()[0]
    assert (alert["Name"], alert["Ends"], dict(alert["Labels"])["service"]) == ("HighErrorRate", None, "payment")
    row = store.select("SELECT * FROM cdc_events WHERE Op = 'u' LIMIT 1").to_dicts()[0]
    assert (row["Connector"], row["Table"], row["Key"], row["Sequence"], row["Quantity"]) == (
        "inventory", "stock", '{"sku":"A-1"}', 12, 7.0,
    )  # fmt: skip
    assert (row["Customer"], row["Position"], row["Tx"], row["TxOrder"]) == ("c-1", "lsn=100", "571", 2)
    assert json.loads(row["After"]) == senders.ROW


@pytest.mark.parametrize("text", ["</script>\"'", "\x00\x1f", "\ud800", "😀\u2028", "a\nb\tc", "\\", "{}"])
def test_hostile_text_arrives_as_it_is(store: Store, kept: Kept, text: str) -> None:
    """In names, labels and rows; half a character becomes a question mark."""
    client = TestClient(kept.hooks(), base_url="http://127.0.0.1")
    for path, told in (
        ("/hooks/alertmanager", senders.alertmanager(senders.alert(labels={"alertname": text, text: text}))),
        ("/hooks/changes", senders.change(title=text, details={text: text})),
        ("/cdc/debezium", senders.envelope(after={"sku": text, "customer_id": text})),
    ):
        answer = client.post(path, content=json.dumps(told).encode(), headers=JSON)
        assert answer.status_code == 200, answer.text
    for table in ("alerts", "changes", "cdc_events"):
        store.command(f"TRUNCATE TABLE {table}")
    store.insert("events", b"\n".join(kept.lines) + b"\n", token())
    whole = text.encode("utf-8", "replace").decode()
    assert store.select("SELECT Name FROM alerts").rows() == [(whole,)]
    assert store.select("SELECT Title FROM changes").rows() == [(whole,)]
    assert store.select("SELECT Customer FROM cdc_events").rows() == [(whole,)]
    assert json.loads(store.select("SELECT After FROM cdc_events")["After"][0])["sku"] == whole


def test_half_a_character_in_a_document_leaves_its_row_whole(store: Store, kept: Kept) -> None:
    """MongoDB's come as text, in which it is hidden until that is read."""
    document = json.dumps({"_id": "\ud800", "customer_id": "c-\ud800"})
    client = TestClient(kept.hooks(), base_url="http://127.0.0.1")
    assert client.post("/cdc/debezium", json=senders.envelope(after=document)).status_code == 200
    store.command("TRUNCATE TABLE cdc_events")
    store.insert("events", b"\n".join(kept.lines) + b"\n", token())
    found = store.select("SELECT Key, Customer, Op, Id != '' AS named FROM cdc_events")
    assert found.rows() == [('{"_id":"?"}', "c-?", "u", True)]
