"""What changed: told and observed in one list, each once, saying which; over HTTP page by page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, cast

import httpx
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.testclient import TestClient

from collectors.kinds import Kind
from collectors.sources.events import Change as Told
from collectors.sources.events import line
from collectors.sources.source import Trust
from collectors.sources.web import Hooks
from dashboards.api.changes import DEEPEST
from dashboards.app import create_app
from queries.store import Store
from tests import senders
from tests.integration.command import up
from tests.integration.otlp import SECOND, T0, attributes, logs, segment, span, token, traces
from triage.changes import Origin, changes
from triage.window import Window, format_time

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_what_was_told_is_listed_once_the_latest_first",)

AT = datetime.fromtimestamp(T0 / 1e9, UTC)
HOUR = Window(AT, AT + timedelta(hours=1))
MINUTE = 60 * SECOND


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    for table in ("changes", "red", "otel_traces", "otel_logs"):
        store.command(f"TRUNCATE TABLE {table}")


def tell(store: Store, *told: Told) -> None:
    store.insert("events", b"\n".join(map(line, told)) + b"\n", token())


def deploy(number: int, at_ns: int = 0, **fields: str) -> Told:
    return Told(id=f"api:{number:04}", time_ns=T0 + at_ns, kind="deploy", source="api", **fields)


def serve(store: Store, service: str, version: str, *at_ns: int) -> None:
    spans = [span(number, number, start=T0 + at) for number, at in enumerate(at_ns, 1)]
    resource = {"service.name": service, "service.version": version}
    store.insert("traces", segment(traces(*spans, resource={**resource})), token())


class TestTold:
    def test_what_was_told_is_listed_once_the_latest_first(self, store: Store) -> None:
        """A replay adds nothing, and the window's end is not meant."""
        told = [deploy(1, MINUTE), deploy(2, 2 * MINUTE, service="cart"), deploy(3, 60 * MINUTE), deploy(4, -1)]
        tell(store, *told)
        tell(store, *told)
        assert [change.id for change in changes(store.ask, HOUR)] == ["api:0002", "api:0001"]
        assert [change.id for change in changes(store.ask, HOUR, "cart")] == ["api:0002"]
        assert [change.id for change in changes(store.ask, HOUR, kind="deploy")] == ["api:0002", "api:0001"]
        assert changes(store.ask, HOUR, kind="flag") == []

    def test_it_is_as_it_was_told_first(self, store: Store) -> None:
        """Whatever a later telling of the same id says."""
        tell(store, deploy(1, MINUTE, title="first"))
        tell(store, deploy(1, 5 * MINUTE, title="second"))
        (change,) = changes(store.ask, HOUR)
        assert (change.title, change.time, change.origin) == ("first", AT + timedelta(minutes=1), Origin.TOLD)

    def test_that_holds_in_any_window_and_for_any_service_and_kind(self, store: Store) -> None:
        """A change told again with another time or service is no other change where only that is looked at."""
        tell(store, deploy(1, -MINUTE, service="cart"))
        time.sleep(0.01)  # "first" is by the millisecond in which it came
        tell(store, replace(deploy(1, MINUTE, service="payment"), kind="config"))
        wide = Window(HOUR.from_ - timedelta(hours=1), HOUR.to)
        assert changes(store.ask, HOUR) == []
        assert changes(store.ask, wide, "payment") == []
        assert changes(store.ask, wide, kind="config") == []
        (change,) = changes(store.ask, wide, "cart", "deploy")
        assert (change.time, change.service) == (AT - timedelta(minutes=1), "cart")


class TestNewVersions:
    def test_a_version_that_begins_to_serve_is_observed(self, store: Store) -> None:
        """Where another served before; it says which."""
        serve(store, "cart", "1.0", -MINUTE, MINUTE, 20 * MINUTE)
        serve(store, "cart", "1.1", 10 * MINUTE, 20 * MINUTE)
        (change,) = changes(store.ask, HOUR)
        assert (change.origin, change.kind, change.service, change.version) == (
            Origin.OBSERVED, "deploy", "cart", "1.1",
        )  # fmt: skip
        assert abs(change.time - (AT + timedelta(minutes=10))) <= timedelta(seconds=10)
        assert "1.0 had before" in change.title

    def test_a_new_service_and_an_old_version_are_no_change(self, store: Store) -> None:
        """Nor one without a version, nor two that begin together."""
        serve(store, "new", "1.0", MINUTE)
        serve(store, "twins", "1.0", MINUTE)
        serve(store, "twins", "2.0", MINUTE)
        serve(store, "old", "1.0", -2 * MINUTE)
        serve(store, "old", "2.0", -MINUTE, MINUTE)
        serve(store, "bare", "", -MINUTE)
        serve(store, "bare", "1.0", MINUTE)
        assert changes(store.ask, HOUR) == []

    def test_nothing_later_than_the_window_is_read(self, store: Store) -> None:
        """So that a past moment can be asked again."""
        serve(store, "cart", "1.0", 0)
        serve(store, "cart", "1.1", 10 * MINUTE)
        assert changes(store.ask, Window(AT, AT + timedelta(minutes=10))) == []


def evaluation(at_ns: int, variant: str, key: str = "feature_flag.result.variant") -> Span.Event:
    told = attributes({"feature_flag.key": "new-checkout", key: variant})
    return Span.Event(name="feature_flag.evaluation", time_unix_nano=T0 + at_ns, attributes=told)


class TestMovedFlags:
    def test_a_flag_whose_shares_move_is_observed(self, store: Store) -> None:
        """From the spans' events, under either name of the variant."""
        spans = [
            span(1, number, start=T0 + number * 6 * SECOND, events=[
                evaluation(number * 6 * SECOND, "on" if number >= 200 else "off",
                           "feature_flag.variant" if number % 2 else "feature_flag.result.variant")])
            for number in range(1, 400)
        ]  # fmt: skip
        store.insert("traces", segment(traces(*spans)), token())
        (change,) = changes(store.ask, HOUR)
        assert (change.origin, change.kind, change.service) == (Origin.OBSERVED, "flag", "shop")
        assert change.title == "new-checkout serves 'on' to 100 %, 0 % before"
        assert abs(change.time - (AT + timedelta(minutes=20))) <= timedelta(seconds=10)

    def test_log_records_tell_it_too(self, store: Store) -> None:
        """As the conventions have it now: an event is a log record with a name."""
        records = [
            LogRecord(
                time_unix_nano=T0 + number * 6 * SECOND,
                event_name="feature_flag.evaluation",
                attributes=attributes(
                    {"feature_flag.key": "tax", "feature_flag.result.variant": "b" if number >= 200 else "a"}
                ),
            )
            for number in range(1, 400)
        ]
        store.insert("logs", segment(logs(*records)), token())
        (change,) = changes(store.ask, HOUR)
        assert change.title == "tax serves 'b' to 100 %, 0 % before"


@pytest.fixture
def api(store: Store) -> Iterator[TestClient]:
    app = create_app(store, metrics=lambda: "", ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


WINDOW = {"from": format_time(HOUR.from_), "to": format_time(HOUR.to)}


def get(api: TestClient, **asked: str | int) -> httpx.Response:
    return cast(httpx.Response, api.get("/api/v1/changes", params=asked))


class TestOverHttp:
    def test_pages_hold_all_of_it_once(self, store: Store, api: TestClient) -> None:
        """Told and observed together, also where times are alike; later pages need no window."""
        tell(store, *(deploy(number, number // 3 * MINUTE) for number in range(10)))
        serve(store, "cart", "1.0", -MINUTE)
        serve(store, "cart", "1.1", 2 * MINUTE)
        pages: list[list[dict[str, str]]] = []
        asked: dict[str, str | int] = {**WINDOW, "limit": 3}
        while True:
            page = get(api, **asked).json()
            pages.append(page["items"])
            if page["next"] is None:
                break
            asked = {"cursor": page["next"], "limit": 3}
        assert [len(page) for page in pages] == [3, 3, 3, 2]
        items = [item for page in pages for item in page]
        assert [(item["time"], item["id"]) for item in items] == sorted(
            ((item["time"], item["id"]) for item in items), reverse=True
        )
        assert {item["origin"] for item in items} == {"told", "observed"}
        assert len({item["id"] for item in items}) == 11

    def test_details_come_as_they_were_told(self, store: Store, api: TestClient) -> None:
        """As JSON, and null where there are none."""
        told = Told(id="x", time_ns=T0, kind="flag", source="unleash", details='{"flag":"f"}')
        tell(store, told, deploy(1, MINUTE))
        answer = get(api, **WINDOW)
        assert [item["details"] for item in answer.json()["items"]] == [None, {"flag": "f"}]
        assert (answer.json()["from"], answer.json()["to"]) == (WINDOW["from"], WINDOW["to"])

    @pytest.mark.parametrize("levels", [DEEPEST + 1, 900])
    def test_details_that_are_nested_too_deeply_are_told_as_text(
        self, store: Store, api: TestClient, levels: int
    ) -> None:
        """As older versions took them: they hold up neither their page nor the next one."""
        deep, deepest = (f'{"[" * each}{{"a": 1}}{"]" * each}' for each in (levels - 1, DEEPEST - 1))
        told = (deep, deep, deepest, f"[{'[],' * 1000}1]")
        tell(store, *(deploy(number, number * MINUTE, details=details) for number, details in enumerate(told)))
        page = get(api, **WINDOW, limit=3).json()
        assert [item["details"] for item in page["items"]] == [[[]] * 1000 + [1], json.loads(deepest), deep]
        assert [item["details"] for item in get(api, cursor=page["next"]).json()["items"]] == [deep]

    @pytest.mark.parametrize(
        "wrong", [{"limit": 0}, {"sevice": "x"}, {"from": "soon"}, {"cursor": "x"}, {"from": "1h", "to": "2h"}]
    )
    def test_what_is_asked_wrongly_is_said(self, api: TestClient, wrong: dict[str, str | int]) -> None:
        """As a problem that names the parameter."""
        answer = get(api, **wrong)
        assert answer.status_code == 400
        assert answer.json()["errors"]


def test_a_service_takes_a_change_and_shows_it(tmp_path: Path) -> None:
    """By the web listener and by OTLP's; a process that only serves pages says where to go."""
    secret = {"TRIAGE_GITHUB_WEBHOOK_SECRET": senders.SECRET}
    with up("--segment-age", "50ms", cwd=tmp_path, env=secret) as service:
        assert httpx.post(f"{service.url}/api/v1/changes", json={"kind": "config", "id": "tax"}).status_code == 200
        sent = senders.body(senders.deployment_status())
        headers = {**senders.JSON, "x-github-event": "deployment_status"}
        assert httpx.post(f"{service.otlp_http}/hooks/github", content=sent, headers=headers).status_code == 401
        headers |= senders.signature("github", sent, 0)
        assert httpx.post(f"{service.otlp_http}/hooks/github", content=sent, headers=headers).status_code == 200
        assert httpx.post(f"{service.otlp_http}/nothing", json={}).status_code == 404
        seen: list[str] = []
        for _ in range(100):
            answer = httpx.get(f"{service.url}/api/v1/changes?from=2026-01-01")
            assert answer.status_code == 200, answer.text
            if len(seen := sorted(item["id"] for item in answer.json()["items"])) == 2:
                break
            time.sleep(0.1)
        assert seen == ["api:tax", "github:shop/payment:deployment:42:success"]
        assert 'triage_accepted_records_total{kind="events"} 2.0' in httpx.get(f"{service.url}/metrics").text
    with up("--only", "web", cwd=tmp_path) as pages:
        answer = httpx.post(f"{pages.url}/api/v1/changes", json={"kind": "config"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "only" in answer.json()["detail"] or "collects" in answer.json()["detail"]


class TestByHand:
    """The form on the page of changes."""

    FORM: ClassVar = {"kind": "flag", "service": "checkout", "title": "<b>new-cart</b>", "time": "20m", "author": "Ada"}

    @pytest.fixture
    def web(self, store: Store) -> Iterator[TestClient]:
        async def append(_kind: Kind, record: bytes) -> None:
            store.insert("events", record + b"\n", token())

        hooks = Hooks(append, lambda *_: None, Trust(is_loopback=True))
        app = create_app(store, metrics=str, ready=lambda: None, told_changes=hooks.told("changes"))
        with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
            yield client

    def test_what_is_told_is_in_the_list_at_once_and_once(self, web: TestClient) -> None:
        """Also when the button is pressed twice; the browser keeps the name."""
        before = web.get("/changes").text
        assert "new-cart" not in before
        for _ in range(2):
            answer = web.post("/changes", data=self.FORM)
            assert (answer.status_code, answer.headers["location"]) == (303, "/changes")
        (change,) = web.get("/api/v1/changes", params={"from": "1h"}).json()["items"]
        assert (change["kind"], change["service"], change["author"]) == ("flag", "checkout", "Ada")
        page = web.get("/changes").text
        assert page.count("&lt;b&gt;new-cart&lt;/b&gt;") == 1
        assert 'id="told-author" name="author" type="text" value="Ada"' in page

    def test_a_deploy_that_is_told_twice_is_one_change(self, web: TestClient) -> None:
        """Each telling stands in the list, and it is counted once."""
        for ago in ("20m", "19m"):
            web.post("/changes", data=self.FORM | {"kind": "deploy", "version": "9.1", "time": ago})
        page = web.get("/changes", params={"kind": "deploy", "service": "checkout", "from": "30m"}).text
        assert "2 entries of 1 deploy between" in page

    @pytest.mark.parametrize("time", ["1d", "3d", "1970-01-01T06:00:00Z"])
    def test_what_was_made_long_ago_is_shown_where_it_stands(self, web: TestClient, time: str) -> None:
        answer = web.post("/changes", data=self.FORM | {"time": time})
        assert answer.headers["location"].startswith("/changes?from=")
        assert "new-cart" in web.get(answer.headers["location"]).text

    @pytest.mark.parametrize("time", ["3000w", "9223000000"])
    def test_what_no_list_reaches_is_taken_all_the_same(self, web: TestClient, time: str) -> None:
        """Before 1970, and after 2261."""
        answer = web.post("/changes", data=self.FORM | {"time": time})
        assert (answer.status_code, answer.headers["location"]) == (303, "/changes")

    def test_what_is_wrong_is_said_beside_its_field_and_nothing_that_was_written_is_lost(self, web: TestClient) -> None:
        answer = web.post("/changes", data=self.FORM | {"kind": "", "time": "soon"})
        assert answer.status_code == 400
        assert 'id="told-kind-note"' in answer.text
        assert 'id="told-time-note">Must be a time such as' in answer.text
        assert 'value="&lt;b&gt;new-cart&lt;/b&gt;"' in answer.text
        assert web.get("/api/v1/changes").json()["items"] == []

    def test_a_form_that_says_nothing_is_asked_what_changed(self, web: TestClient) -> None:
        answer = web.post("/changes", data={"kind": "deploy"})
        assert answer.status_code == 400
        assert 'id="told-service-note">Say which service changed' in answer.text
        assert web.get("/api/v1/changes").json()["items"] == []

    def test_the_form_that_comes_back_has_the_name_of_whoever_sent_it(self, web: TestClient) -> None:
        """As it was written, else as the browser keeps it, else none; a page that is not shared is no other."""
        field = 'id="told-author" name="author" type="text" value="{}"'
        wrong = {"kind": "deploy", "service": "a", "time": "soon"}
        for form in ({"kind": "deploy"}, wrong):
            assert field.format("") in web.post("/changes", data=form).text
            known = {"cookie": "triage_author=Ad%C3%A9%22"}
            assert field.format("Adé&#34;") in web.post("/changes", data=form, headers=known).text
            assert field.format("Bo") in web.post("/changes", data=form | {"author": "Bo"}, headers=known).text
        answer = web.get("/changes", headers={"accept": "application/xhtml+xml"} | known)
        assert field.format("Adé&#34;") in answer.text

    def test_what_is_nested_as_deeply_as_may_be_is_told_again(self, web: TestClient) -> None:
        """And what is nested deeper is refused, by its field."""
        told = {"kind": "other", "details": json.loads("[" * 100 + "]" * 100)}
        assert web.post("/api/v1/changes", json=told).status_code == 200
        refused = web.post("/api/v1/changes", json={"kind": "other", "details": [told["details"]]})
        assert refused.status_code == 400
        assert refused.json()["errors"] == [{"field": "details", "detail": "is nested more than 100 levels deep"}]
        (item,) = web.get("/api/v1/changes").json()["items"]
        assert item["details"] == told["details"]

    def test_another_site_can_tell_nothing(self, web: TestClient) -> None:
        answer = web.post("/changes", data=self.FORM, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        assert web.get("/api/v1/changes").json()["items"] == []
