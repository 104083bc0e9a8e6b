"""Incidents over the API, the command line and the pages: the same incident everywhere."""

import html
import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from dashboards.api.cursors import write_cursor
from dashboards.app import create_app
from queries import schema
from queries.store import Store
from tests.integration import small_shop
from tests.integration.otlp import SECOND, attributes, segment, span, token, traces
from tests.integration.small_shop import HOSTILE
from tests.integration.test_suspects import tell
from tests.symptoms import RUNBOOK, T0, Passes, gateway_errors, other
from triage.cli import main
from triage.incident.book import StoredBook
from triage.incident.model import Incident
from triage.incident.text import incident_text
from triage.incident.wire import IncidentJson

pytestmark = pytest.mark.integration

ROW_KEYS = {"row", "likely_cause", "mitigation", "owner"}


@dataclass(frozen=True)
class Web:
    """The API on a small shop, with two incidents in its book."""

    client: TestClient
    store: Store
    data: Path
    hit: Incident
    other: Incident

    def post(self, path: str, **body: object) -> httpx.Response:
        answer: httpx.Response = self.client.post(f"/api/v1/incidents/{self.hit.id}/{path}", json=body)
        return answer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("incidents")


@pytest.fixture(scope="module")
def store(data: Path) -> Iterator[Store]:
    """With what a small shop sent."""
    with closing(Store.open(f"chdb://{data}/clickhouse")) as store:
        schema.apply(store)
        small_shop.fill(store)
        yield store


@pytest.fixture
def web(data: Path, store: Store) -> Iterator[Web]:
    hit, more = two_incidents(store)
    app = create_app(store, metrics=str, ready=lambda: None, base_url="http://127.0.0.1")
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield Web(client, store, data, hit, more)


def two_incidents(store: Store) -> tuple[Incident, Incident]:
    """Puts them, and no others, into its book."""
    store.command("TRUNCATE TABLE incident_events")
    passes, more = Passes(runbook=RUNBOOK), Passes()
    passes.look(30, gateway_errors("payment"))
    more.look(90, other("no_data", {"service": HOSTILE}, HOSTILE))
    StoredBook(store).write([*passes.book.events.values(), *more.book.events.values()])
    return passes.only, more.only


class TestApi:
    def test_it_shows_an_incident_as_the_contract_says(self, web: Web) -> None:
        """Every key of it."""
        one = web.client.get(f"/api/v1/incidents/{web.hit.id}").json()
        keys = {"id", "state", "severity", "title", "opened_at", "acknowledged_at", "mitigated_at", "resolved_at"}
        assert keys | {"symptoms", "runbook", "service_owner", "impact", "suspects", "timeline"} <= one.keys()
        assert (one["state"], one["severity"], one["acknowledged_at"]) == ("open", "critical", None)
        (symptom,) = one["symptoms"]
        assert {"detector", "subject", "from", "to", "sentence", "value", "usual", "unit"} <= symptom.keys()
        assert one["runbook"].keys() >= ROW_KEYS
        assert one["runbook"]["owner"]["escalate_after"] == "15m"
        assert one["service_owner"]["service"] == "payment"
        assert one["timeline"][0] == {
            "time": "2026-11-22T10:02:30Z",
            "kind": "opened",
            "author": "triage",
            "text": one["title"],
        }

    def test_the_list_is_complete_page_by_page_and_narrows(self, web: Web) -> None:
        """By state and window; the latest opened first."""
        first = web.client.get("/api/v1/incidents", params={"limit": "1"}).json()
        rest = web.client.get("/api/v1/incidents", params={"limit": "1", "cursor": first["next"]}).json()
        assert [each["items"][0]["id"] for each in (first, rest)] == [web.other.id, web.hit.id]
        assert (rest["next"], rest["figures"]["incidents"]) == (None, 2)
        web.post("resolve", author="ana")
        found = web.client.get("/api/v1/incidents", params={"state": "resolved"}).json()
        assert [item["id"] for item in found["items"]] == [web.hit.id]
        past = web.client.get("/api/v1/incidents", params={"to": "2026-11-22T10:03:00Z"}).json()
        assert [item["id"] for item in past["items"]] == [web.hit.id]

    def test_a_cursor_keeps_the_state_and_the_window(self, web: Web) -> None:
        """The next page answers what the first one was asked, whatever stands beside the cursor."""
        asked = {"limit": "1", "state": "open", "from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00Z"}
        first = web.client.get("/api/v1/incidents", params=asked).json()
        web.post("resolve", author="ana")
        rest = web.client.get("/api/v1/incidents", params={"cursor": first["next"], "state": "resolved"}).json()
        assert ([item["id"] for item in first["items"]], rest["items"]) == ([web.other.id], [])
        start, end = asked["from"], asked["to"]
        for made_up in (("gone", start, end, end, ""), ("", start, "", end, ""), ("", end, start, end, "")):
            answer = web.client.get("/api/v1/incidents", params={"cursor": write_cursor(made_up)})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")

    @pytest.mark.parametrize(
        "window", [{"from": "1h", "to": "2h"}, {"from": "2261-01-01"}, {"from": "now"}, {"to": "1970-01-01"}]
    )
    def test_a_window_that_holds_nothing_is_refused(self, web: Web, window: dict[str, str]) -> None:
        """Not answered with an empty list, as though nothing had happened then."""
        answer = web.client.get("/api/v1/incidents", params=window)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "from")
        assert "the window is empty: it begins at" in answer.json()["detail"]

    def test_pages_of_its_customers_keep_the_part_that_was_asked_for(self, web: Web) -> None:
        """As of the moment of the first page."""
        moment, start, end = "2026-11-22T10:20:00Z", "2026-11-22T10:03:00Z", "2026-11-22T10:19:59Z"
        cursor = write_cursor((moment, start, end, 1, 3, "c-1"))
        answer = web.client.get(f"/api/v1/incidents/{web.hit.id}/affected", params={"cursor": cursor}).json()
        assert (answer["as_of"], answer["from"], answer["to"]) == (moment, start, end)

    def test_its_customers_can_be_asked_for_a_part_of_its_time(self, web: Web) -> None:
        """From a time, to a time, as JSON and as CSV; what is no window is refused."""
        address = f"/api/v1/incidents/{web.hit.id}/affected"
        part = {"from": "2026-11-22T10:02:10Z", "to": "2026-11-22T10:02:20Z"}
        answer = web.client.get(address, params=part).json()
        assert {name: answer[name] for name in part} == part
        assert web.client.get(f"{address}.csv", params=part).status_code == 200
        wrong = web.client.get(address, params={"from": part["to"], "to": part["from"]})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "from")

    def test_its_customers_can_be_asked_for_as_of_a_moment(self, web: Web) -> None:
        """As those of a question can: nothing that began later is known, and pages keep the moment."""
        began = int(T0.timestamp()) * SECOND
        failed = [
            span(
                1,
                100 + s,
                0,
                began + s * SECOND,
                status=small_shop.ERROR,
                attributes=attributes({"customer.id": f"s-{s}"}),
            )
            for s in (10, 20, 40)
        ]
        web.store.insert("traces", segment(traces(*failed, resource={"service.name": "payment"})), token())
        address, moment = f"/api/v1/incidents/{web.hit.id}/affected", "2026-11-22T10:02:31Z"
        assert web.client.get(address).json()["customers"] == 3
        then = web.client.get(address, params={"as_of": moment, "limit": "1"}).json()
        assert (then["as_of"], then["to"], then["customers"]) == (moment, moment, 2)
        rest = web.client.get(address, params={"cursor": then["next"]}).json()
        assert (rest["as_of"], [item["customer"] for item in rest["items"]]) == (moment, ["s-20"])
        lines = web.client.get(f"{address}.csv", params={"as_of": moment}).text.splitlines()
        assert len(lines) == 1 + 2
        assert web.client.get(address, params={"as_of": "2026-11-22T09:00:00Z"}).status_code == 404

    def test_an_optional_id_may_be_null(self, web: Web) -> None:
        """As typed clients write what is not there."""
        assert (
            web.client.post(f"/api/v1/incidents/{web.hit.id}/note", json={"text": "x", "id": None}).status_code == 200
        )

    def test_people_take_it_through_its_life(self, web: Web) -> None:
        """Repeated changes change nothing; each is in the timeline by its author."""
        states = [
            web.post(action, author="ana").json()["state"] for action in ("ack", "ack", "mitigate", "ack", "resolve")
        ]
        assert states == ["acknowledged", "acknowledged", "mitigated", "mitigated", "resolved"]
        assert web.post("reopen", author="bo", text="still there").json()["state"] == "open"
        one = web.post("note", author="bo", text="rolled back", id="n-1").json()
        again = web.post("note", author="bo", text="rolled back", id="n-1").json()
        assert one["timeline"] == again["timeline"]
        kinds = [event["kind"] for event in again["timeline"]]
        assert kinds == ["opened", "symptom", "acknowledged", "mitigated", "resolved", "reopened", "note"]

    def test_a_step_is_ticked_once_and_can_be_taken_back(self, web: Web) -> None:
        """By its number; a step that is none is a 404."""
        assert web.post("steps/2", author="ana").json()["runbook"]["done"] == [2]
        assert web.post("steps/2", author="ana", done=True).json()["runbook"]["done"] == [2]
        assert web.post("steps/2", author="ana", done=False).json()["runbook"]["done"] == []
        assert web.post("steps/99").status_code == 404

    def test_what_is_said_to_a_step_stands_in_the_timeline(self, web: Web) -> None:
        """To the tick, and to its being taken back; on the page, too."""
        web.post("steps/1", author="ana", text="did it")
        told = web.post("steps/1", author="bo", text="not on node 2", done=False).json()
        (done, undone) = [event["text"] for event in told["timeline"] if event["kind"] == "step"]
        step = told["runbook"]["mitigation"][0]
        assert (done, undone) == (f"Done: {step} – did it", f"Not done: {step} – not on node 2")
        page = web.client.get(f"/incidents/{web.hit.id}").text
        assert page.count("– did it") == page.count("– not on node 2") == 1

    def test_a_retry_that_is_late_undoes_nothing(self, web: Web) -> None:
        """A state or step under its id; a note under whatever bore it before."""
        web.post("resolve", author="robot", id="r-1")
        assert web.post("reopen", author="ana").json()["state"] == "open"
        late = web.post("resolve", author="robot", id="r-1").json()
        assert (late["state"], late["timeline"][-1]["kind"]) == ("open", "reopened")
        assert web.post("resolve", author="robot", id="r-2").json()["state"] == "resolved"
        web.post("steps/1", author="robot", id="s-1")
        web.post("steps/1", author="ana", done=False)
        assert web.post("steps/1", author="robot", id="s-1").json()["runbook"]["done"] == []
        before = web.post("note", author="robot", text="x", id="n-1").json()
        assert web.post("note", author="robot", text="x", id="r-1").json() == before
        assert web.post("reopen", author="robot", id="n-1").json()["state"] == "open"

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [("note", {"text": " "}, 400), ("note", {"txt": "x"}, 400), ("explode", {}, 400), ("ack", {"author": 7}, 400)],
    )
    def test_what_is_wrong_is_a_problem_document(
        self, web: Web, path: str, body: dict[str, object], status: int
    ) -> None:
        """With the field at fault."""
        answer = web.post(path, **body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"]

    @pytest.mark.parametrize(
        "asked",
        ["?limit=1", "/message?redact=true", "/affected.csv?limit=5", "/reconciliation.csv?limit=5",
         "/compensation.csv?asof=1h"],
    )  # fmt: skip
    def test_a_parameter_that_there_is_not_is_refused(self, web: Web, asked: str) -> None:
        """It would be answered as if it had not been given."""
        answer = web.client.get(f"/api/v1/incidents/{web.hit.id}{asked}")
        assert (answer.status_code, "there is no parameter" in answer.json()["detail"]) == (400, True)

    def test_no_incident_is_a_404(self, web: Web) -> None:
        """In a sentence."""
        answer = web.client.get("/api/v1/incidents/INC-NONE")
        assert (answer.status_code, "no incident 'INC-NONE'" in answer.json()["detail"]) == (404, True)

    def test_the_message_is_shown_and_nothing_is_sent(self, web: Web) -> None:
        """As Slack would get it."""
        said = web.client.get(f"/api/v1/incidents/{web.hit.id}/message").json()
        assert said["text"].startswith("● 5xx at the gateway")
        assert said["blocks"][0]["text"]["verbatim"] is True


class TestPages:
    def test_the_pages_open_and_escape(self, web: Web) -> None:
        """The list, an incident with the window of its link, one named by hostile telemetry, the runbook."""
        window = {"from": "2026-11-22T10:00:00Z", "to": "2026-11-22T11:00:00Z"}
        for path in ("/incidents", f"/incidents/{web.hit.id}", f"/incidents/{web.other.id}", "/runbook"):
            page = web.client.get(path, params=window if "INC" in path else {}, headers={"Accept": "text/html"})
            assert page.status_code == 200, page.text[:500]
            assert "<script>alert" not in page.text

    def test_the_front_page_says_what_is_not_over(self, web: Web) -> None:
        """First of all, each with the way to it; what is over is not said."""
        page = web.client.get("/").text
        assert page.index("2 incidents are not over") < page.index("This system")
        assert all(f'href="/incidents/{one.id}"' in page for one in (web.hit, web.other))
        web.post("resolve", author="ana")
        assert f"/incidents/{web.hit.id}" not in web.client.get("/").text

    def test_a_button_on_the_page_does_it_once(self, web: Web) -> None:
        """And leads back to the page."""
        page = web.client.post(f"/incidents/{web.hit.id}", data={"action": "ack"}, follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, f"/incidents/{web.hit.id}")
        ticked = web.client.post(f"/incidents/{web.hit.id}", data={"action": "1"})
        assert "☑" in ticked.text
        one = web.client.get(f"/api/v1/incidents/{web.hit.id}").json()
        assert (one["state"], one["runbook"]["done"]) == ("acknowledged", [1])

    def test_the_time_beside_the_state_is_true(self, web: Web) -> None:
        """Since it began while it is not over, and then how long it took."""
        page = f"/incidents/{web.hit.id}"
        web.client.post(page, data={"action": "ack", "author": "ana"})
        for where in (page, "/"):
            assert re.search(r"acknowledged · began [\d]+\xa0\w+[^<·]* ago", web.client.get(where).text)
        assert re.search(r"resolved after \d+ ", web.client.post(page, data={"action": "resolve"}).text)

    def test_what_is_asked_wrongly_leads_back(self, web: Web) -> None:
        """In a sentence, to the page without it; from a note of blanks to the page whose form it is."""
        page = f"/incidents/{web.hit.id}"
        for path, asked in (("/", "from=abc"), ("/incidents", "state=foo"), (page, "from=abc")):
            answer = web.client.get(f"{path}?{asked}")
            assert (answer.status_code, "can’t be shown as it is asked for" in answer.text) == (400, True)
            assert f"“<bdi>{asked.split('=')[0]}</bdi>” in its address: " in answer.text
            assert f'<a href="{path}">The page without it</a>' in answer.text
        answer = web.client.post(f"{page}?sort=last", data={"action": "note", "text": "  "})
        assert (answer.status_code, "A note needs a text" in answer.text) == (400, True)
        assert f'<a href="{page}?sort=last">Back to the page</a>' in answer.text

    def test_a_note_is_added_once_though_its_button_is_pressed_twice(self, web: Web) -> None:
        """Another text is another note."""
        for text in ("rolled back", "rolled back", "rolled back again"):
            web.client.post(f"/incidents/{web.hit.id}", data={"action": "note", "author": "ana", "text": text})
        told = web.client.get(f"/api/v1/incidents/{web.hit.id}").json()["timeline"]
        notes = [event["text"] for event in told if event["kind"] == "note"]
        assert notes == ["rolled back", "rolled back again"]

    def test_changes_that_fit_too_little_to_be_suspected_are_told_of(self, web: Web) -> None:
        """Each with why not, and the way to all of that time; where none was told of, that is said."""
        path = f"/incidents/{web.hit.id}"
        assert "No change was told of in the two hours before." in web.client.get(path).text
        tell(web.store, "deploy", "cache", "0.4.2", web.hit.began - timedelta(minutes=100), 2)
        page = " ".join(re.sub("<[^>]*>", "", web.client.get(path).text).split())
        assert "No change was told of" not in page
        assert "1 change was told of in the two hours before; none fits: deploy of cache 0.4.2 (" in page
        assert "100 minutes before the first failure, of another service)" in page
        (link,) = re.findall('href="(/changes[?][^"]*)">1 change', web.client.get(path).text)
        assert "0.4.2" in web.client.get(html.unescape(link)).text

    def test_what_is_over_asks_for_nothing_to_be_done_first(self, web: Web) -> None:
        """Its steps are the runbook's; on the page and in the terminal."""
        path = f"/incidents/{web.hit.id}"
        heading = '<h2 id="first">{}</h2>'
        assert heading.format("Do first") in web.client.get(path).text
        web.post("resolve", author="ana")
        assert heading.format("The runbook’s steps") in web.client.get(path).text
        over = IncidentJson.model_validate_json(web.client.get(f"/api/v1{path}").text)
        assert "The runbook’s steps:" in list(incident_text(over))

    def test_only_a_table_that_is_there_can_be_copied(self, web: Web) -> None:
        """Nobody is known to be hit."""
        page = web.client.get(f"/incidents/{web.other.id}").text
        assert 'id="customers"' not in page
        assert 'data-copy="#customers"' not in page

    def test_another_site_s_page_can_t(self, web: Web) -> None:
        """Its origin is not ours."""
        answer = web.client.post(
            f"/incidents/{web.hit.id}", data={"action": "ack"}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403


@pytest.fixture(scope="module")
def hit(store: Store) -> str:
    """The id of an incident in the directory, which nobody has open any more: what asks for it comes last here."""
    incident, _ = two_incidents(store)
    store.close()
    return incident.id


def test_the_command_line_reads_and_writes_the_same(
    data: Path, hit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no service running it opens the directory itself."""
    monkeypatch.setenv("TRIAGE_URL", "http://127.0.0.1:1")
    at_ = ["--data", str(data)]
    assert main(["incidents", *at_]) == 0
    listed = capsys.readouterr().out
    assert hit in listed
    assert "<script>" in listed
    assert main(["incidents", "ack", hit, "--author", "ana", *at_]) == 0
    assert main(["incidents", "note", hit, "looking", *at_]) == 0
    assert capsys.readouterr().out.endswith(f"Noted: {hit} is acknowledged.\n")
    assert main(["incidents", "show", hit, "--format", "json", *at_]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["timeline"][-1]["text"]) == ("acknowledged", "looking")
    assert main(["incidents", "show", hit, *at_]) == 0
    assert main(["slack", "preview", hit, *at_]) == 0
    assert "◐ 5xx at the gateway" in capsys.readouterr().out
    assert main(["affected", "--incident", hit, *at_]) == 0
    part = ["--from", "2026-11-22T10:02:10Z", "--to", "2026-11-22T10:02:20Z", "--format", "json"]
    capsys.readouterr()
    assert main(["affected", "--incident", hit, *part, *at_]) == 0
    assert json.loads(capsys.readouterr().out)["to"] == part[3]
    assert main(["affected", "--incident", hit, "--from", "soon", *at_]) == 2
    assert main(["incidents", "show", "INC-NONE", *at_]) == 2
    assert main(["incidents", "ack", *at_]) == 2
    assert main(["watch", "--replay", "2026-11-22T10:00:00Z", "2026-11-22T10:01:00Z", *at_]) == 0
    assert "No incident would have been opened from 2026-11-22" in capsys.readouterr().out


def test_where_no_triage_runs_the_data_at_hand_is_opened(
    data: Path, hit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else answers there, and whether or not the directory is named; it is said on standard error."""
    (tmp_path / "triage-data").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever).start()
        url = f"http://127.0.0.1:{other.server_port}"
        answers = main(["incidents", "--url", url])
        other.shutdown()
    said = capsys.readouterr()
    assert (answers, hit in said.out) == (0, True)
    assert f"no triage service answers at {url}: the tables in triage-data are opened directly\n" in said.err
    for named in ([], ["--data", "triage-data"]):
        monkeypatch.setenv("TRIAGE_URL", url)
        assert main(["incidents", *named]) == 0
        assert hit in capsys.readouterr().out


def test_a_past_that_is_not_there_cannot_be_watched_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without data at hand, "no incident" would be no answer; nor is an empty store made of it."""
    assert main(["watch", "--replay", "2h", "now", "--data", str(tmp_path / "gone")]) == 3
    assert "there is no data in" in capsys.readouterr().err
    assert not (tmp_path / "gone").exists()
