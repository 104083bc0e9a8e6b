"""The postmortem over the API, the page and the command line, on the real engine."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import jsonschema
import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries import schema
from queries.store import Store
from tests.integration import small_shop
from tests.integration.small_shop import FROM, ODD
from tests.postmortems import facts, hit, incident
from tests.symptoms import RUNBOOK, Passes, gateway_errors, other
from triage.cli import main
from triage.incident.book import StoredBook
from triage.incident.impact import customers_on_rows
from triage.incident.model import Incident, Kind
from triage.postmortem import verification
from triage.postmortem.document import Office
from triage.postmortem.draft import drafted
from triage.postmortem.pdf import pdf, typeset_data
from triage.symptom import Symptom

pytestmark = pytest.mark.integration

IDS = (ODD, "c-2", "c-3", "o-1", "o-2", "<script", "Ana Gómez")
NOWHERE = ["--url", "http://127.0.0.1:1"]


def failing() -> Symptom:
    """Payment fails while the small shop's customers check out."""
    symptom = gateway_errors("payment")
    assert symptom.question
    to = FROM + timedelta(minutes=5)
    return replace(symptom, from_=FROM, to=to, question=replace(symptom.question, from_=FROM, to=to))


@dataclass(frozen=True)
class Web:
    """The API on a small shop with one incident that is over."""

    client: TestClient
    store: Store
    data: Path
    incident: Incident

    def get(self, format_: str, **asked: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(f"{self.path}/postmortem.{format_}", params=asked)
        return answer

    @property
    def path(self) -> str:
        return f"/api/v1/incidents/{self.incident.id}"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    data = tmp_path_factory.mktemp("postmortem")
    with closing(Store.open(f"chdb://{data}/clickhouse")) as store:
        schema.apply(store)
        small_shop.fill(store)
        passes = Passes(runbook=RUNBOOK)
        passes.look(30, replace(failing(), to=None))
        passes.looks(40, 120)
        StoredBook(store).write(list(passes.book.events.values()))
        app = create_app(store, metrics=str, ready=lambda: None, base_url="http://127.0.0.1", data=data)
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield Web(client, store, data, passes.only)


class TestExports:
    def test_every_format_is_a_file_of_the_same_document(self, web: Web) -> None:
        """Named for the incident; Markdown begins with its title, the PDF is one, the JSON fits its schema."""
        text = web.get("md")
        assert text.headers["content-disposition"] == f'attachment; filename="postmortem-{web.incident.id}.md"'
        assert text.text.startswith(f"# Postmortem of {web.incident.id}: ")
        assert "<script" not in text.text.replace("\\<script", "")
        assert web.get("html").text.startswith("<!doctype html>")
        assert "<script" not in web.get("html").text
        assert web.get("pdf").content.startswith(b"%PDF-")
        document = web.get("json").json()
        jsonschema.validate(document, web.client.get("/api/v1/postmortem.schema.json").json())
        revised = document["impact"]["revised"]
        affected = web.client.get(f"{web.path}/affected").json()
        figures = ("customers", "not_recovered", "recovered", "masked")
        assert [revised[each] for each in figures] == [affected[each] for each in figures]
        assert revised["customers"] == document["customers"]["total"] == 4
        for figure in re.findall(r"\((http[^)]+\.svg)\)", text.text):
            assert web.client.get(figure).headers["content-type"] == "image/svg+xml"

    def test_redacted_no_format_tells_an_id(self, web: Web) -> None:
        """Not in figures or file names either; the same pseudonyms in every format, and in the next export."""
        said = {"author": "Ana Gómez", "text": f"We wrote to c-2 and {ODD} about o-2."}
        assert web.client.put(f"{web.path}/postmortem/summary", json=said).status_code == 200
        texts = [web.get(format_, redact="true").text for format_ in ("md", "html", "json")]
        typeset = json.dumps(_typeset(web), ensure_ascii=False)
        for text in (*texts, typeset):
            assert not [id_ for id_ in IDS if id_ in text]
        pseudonyms = [set(re.findall(r"customer-[a-z2-7]{10}", text)) for text in (*texts, typeset)]
        assert pseudonyms[0]
        assert all(each == pseudonyms[0] for each in pseudonyms)
        assert "c-2" in web.get("md").text
        assert "redacted" in web.get("md", redact="true").headers["content-disposition"]
        assert (web.data / "redaction.key").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("asked", ["redacted=true", "Redact=true", "redact=maybe", "redact=", "redact"])
    @pytest.mark.parametrize("format_", ["md", "html", "pdf", "json"])
    def test_a_redaction_asked_for_wrongly_gives_nothing_out(self, web: Web, format_: str, asked: str) -> None:
        """Mistyped, or said without yes or no: an export in clear would be sent to whoever must not have it."""
        answer = web.client.get(f"{web.path}/postmortem.{format_}?{asked}")
        assert (answer.status_code, "'redact'" in answer.text or "true or false" in answer.text) == (400, True)

    def test_wrong_input_gets_one_sentence(self, web: Web) -> None:
        """Which incident, format or section there is none of, and what is known."""
        unknown = web.client.get("/api/v1/incidents/INC-NONE/postmortem.md")
        assert (unknown.status_code, "There is no incident 'INC-NONE'" in unknown.json()["detail"]) == (404, True)
        assert "did you mean 'pdf'?" in web.get("pdff").json()["detail"]
        section = web.client.put(f"{web.path}/postmortem/sumary", json={"author": "a", "text": "b"})
        assert (section.status_code, "did you mean 'summary'?" in section.json()["detail"]) == (404, True)
        empty = web.client.put(f"{web.path}/postmortem/summary", json={"author": "a", "text": " "})
        assert (empty.status_code, empty.json()["errors"][0]["field"]) == (400, "text")


def _typeset(web: Web) -> object:
    """What goes to typst."""
    office = Office(web.store, customers_on_rows(web.store), "http://127.0.0.1", web.data)
    return typeset_data(office.document(web.incident.id, redact=True))


@pytest.mark.parametrize(
    "name",
    [
        "山田 太郎 \ue000",
        "Ελένη Привет €",
        "محمد שלום",
        '\U0001f600 *b* #x $y$ \\ "',
        "a" * 100_000,
        "".join(map(chr, range(0x4E00, 0x4E80))),
    ],
)
def test_a_pdf_is_made_whatever_names_are(name: str) -> None:
    """A letter that no font has is written as its code point, and nothing is read as markup."""
    assert pdf(drafted(facts(incident((Kind.NOTE, name, name)), hit(name), change=name))).startswith(b"%PDF-")


class TestAuthors:
    def test_a_text_that_comes_again_late_replaces_no_later_one(self, web: Web) -> None:
        """It is known by the id of whoever sends it."""
        address = f"{web.path}/postmortem/summary"
        robot = {"author": "robot", "text": "first draft", "id": "w-1"}
        for said in (robot, {"author": "Bo", "text": "as it was"}, robot):
            assert web.client.put(address, json=said).status_code == 200
        text = web.get("md").text
        assert ("as it was" in text, "first draft" in text) == (True, False)
        web.client.put(f"{web.path}/postmortem/detection", json={**robot, "text": "look sooner"})
        assert "look sooner" in web.get("md").text, "another section may be written under the same id"

    def test_a_text_is_kept_and_what_is_new_since_is_said(self, web: Web) -> None:
        """It is in the timeline as an event; a note later is added below it."""
        said = {"author": "Bo", "text": "As it went."}
        timeline = web.client.put(f"{web.path}/postmortem/timeline", json=said).json()["timeline"]
        assert timeline[-1]["text"] == "Wrote for the postmortem: timeline"
        web.client.post(f"{web.path}/note", json={"author": "Cy", "text": "a late note"})
        text = web.get("md").text
        assert "As it went." in text
        assert re.search(r"\*\*Added since Bo wrote this on .+:\*\*\n\n- .+: a late note", text)

    def test_the_page_links_its_customers_in_the_incidents_time(self, web: Web) -> None:
        """Not a redacted one: who they are is nobody's business there."""
        page = f"/incidents/{web.incident.id}/postmortem"
        began = web.incident.began.strftime("%Y-%m-%dT%H%%3A%M%%3A%S")
        links = re.findall('href="(/customers[^"]*)"', web.client.get(page).text)
        assert "/customers/c-2" in {link.partition("?")[0] for link in links}
        assert all(f"?from={began}" in link for link in links)
        assert "/customers" not in web.client.get(page, params={"redact": "true"}).text

    def test_the_page_edits_a_section_and_runs_the_checks(self, web: Web) -> None:
        """As forms; what was written before stays readable."""
        page = f"/incidents/{web.incident.id}/postmortem"
        for text in ("First words.", "Other words."):
            answer = web.client.post(page, data={"action": "lessons", "author": "Ana", "text": text})
            assert answer.status_code == 200
        assert "Other words." in answer.text
        assert "1 earlier text" in answer.text
        assert "<script>alert" not in answer.text
        assert web.client.post(page, data={"action": "lessons", "text": "x"}).status_code == 400
        checked = web.client.post(page, data={"action": "verify"})
        assert "Last run" in checked.text


class TestVerify:
    def test_it_tells_what_each_check_found_and_keeps_it(self, web: Web) -> None:
        """The detector finds nothing now, nothing is measured, and a customer has not got through."""
        found = web.client.post(f"{web.path}/verify", json={"author": "Ana"}).json()
        statuses = {each["name"]: each["status"] for each in found["checks"]}
        assert statuses == {"detector-1": "pass", "measure-1": "unknown", "customers": "fail"}
        assert found["passed"] is False
        timeline = web.client.get(web.path).json()["timeline"]
        assert timeline[-1]["kind"] == "verified"
        assert timeline[-1]["text"].startswith("1 of 3 checks passed. Failed: ")


def test_what_is_told_alike_is_alike(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measure that reads as its threshold does holds: "at most 1.7 s" is not missed by "1.7 s"."""
    series = facts().series
    assert series
    monkeypatch.setattr(verification, "symptom_series", lambda *_: replace(series, values=(1_731.0,)))
    passes = Passes(runbook=RUNBOOK)
    passes.look(30, other("slow_checkout", {"service": "erp"}, "erp", value=5_700.0, usual=382.0, unit="ms"))
    StoredBook(web.store).write(list(passes.book.events.values()))
    found = web.client.post(f"/api/v1/incidents/{passes.only.id}/verify", json={"author": "Ana"}).json()
    measure = next(each for each in found["checks"] if each["name"] == "measure-1")
    assert measure == {
        "name": "measure-1",
        "what": "Mean time of erp: at most 1.7 s over 15 minutes",
        "status": "pass",
        "found": "1.7 s in the last 15 minutes",
    }
    plan = web.client.get(f"/api/v1/incidents/{passes.only.id}/postmortem.json").json()["checks"]
    assert next(each for each in plan if each["name"] == "measure-1")["threshold"] == 1_700


@pytest.mark.parametrize(
    ("part", "told"),
    [("no_data", ["not found", "not found"]), ("kpi_moved", ["kpi_moved could not look", "not found"])],
)
def test_a_check_is_unknown_where_what_looks_for_it_failed(
    web: Web, monkeypatch: pytest.MonkeyPatch, part: str, told: list[str]
) -> None:
    """A figure's silence is looked for with the figures, and an alert by no detector, whatever it is called."""

    def looked(*_: object, failed: Callable[[str, Exception], None]) -> list[Symptom]:
        failed(part, OSError())
        return []

    monkeypatch.setattr(verification, "symptoms_at", looked)
    passes = Passes(runbook=RUNBOOK)
    passes.look(30, other("no_data", {"alert": f"am/{part}"}, "web"), other("no_data", {"kpi": part}, "web"))
    StoredBook(web.store).write(list(passes.book.events.values()))
    found = web.client.post(f"/api/v1/incidents/{passes.only.id}/verify", json={"author": "Ana"}).json()
    assert sorted(each["found"] for each in found["checks"] if each["name"].startswith("detector")) == told


def raises(*_: object) -> list[Symptom]:
    raise TypeError("a detector that can't")


def ended(*_: object) -> list[Symptom]:
    return [replace(failing(), to=FROM + timedelta(minutes=1))]


def lasts(*_: object) -> list[Symptom]:
    return [replace(failing(), to=None)]


@pytest.mark.parametrize(
    ("still", "status", "found"),
    [
        (raises, "unknown", "gateway_errors could not look"),
        (ended, "pass", "not found"),
        (lasts, "fail", failing().sentence),
    ],
)
def test_what_fails_for_hours_is_checked_as_the_watch_sees_it(
    web: Web, monkeypatch: pytest.MonkeyPatch, still: Callable[..., list[Symptom]], status: str, found: str
) -> None:
    """What has ended passes; what can't be looked at costs that check alone."""
    monkeypatch.setattr(verification, "still_failing", still)
    checks = web.client.post(f"{web.path}/verify", json={"author": "Ana"}).json()["checks"]
    (check,) = (each for each in checks if each["name"] == "detector-1")
    assert (check["status"], check["found"]) == (status, found)


def test_of_a_moved_figure_no_number_of_customers_is_exact(web: Web) -> None:
    """Nothing says whom to ask for."""
    passes = Passes(runbook=RUNBOOK)
    passes.look(30, other("kpi_moved", {"kpi": "conversion"}, value=0.1, usual=0.34, unit="1"))
    StoredBook(web.store).write(list(passes.book.events.values()))
    path = f"/api/v1/incidents/{passes.only.id}"
    affected, impact = (
        web.client.get(f"{path}/affected").json(),
        web.client.get(f"{path}/postmortem.json").json()["impact"],
    )
    unknown = "Whether customers are hit is unknown: nothing that was found says whom to ask for."
    assert [(each["exact"], each["caveat"]) for each in (affected, impact)] == [(False, unknown)] * 2


@pytest.mark.parametrize("alertname", ["no_data", "inventory"])
def test_an_alert_that_is_called_like_a_detector_has_its_page_and_its_postmortem(web: Web, alertname: str) -> None:
    """In every format, and its checks can be run: what it names is looked for among the alerts, not where we look."""
    symptom = replace(failing(), detector=alertname, subject={"alert": f"alertmanager/{alertname}"}, labels={}, unit="")
    passes = Passes(runbook=RUNBOOK)
    passes.looks(30, 40, replace(symptom, to=None))
    StoredBook(web.store).write(list(passes.book.events.values()))
    one = replace(web, incident=passes.only)
    assert web.client.get(f"/incidents/{passes.only.id}").status_code == 200
    assert {one.get(format_).status_code for format_ in ("md", "html", "json", "pdf")} == {200}
    found = web.client.post(f"{one.path}/verify", json={"author": "Ana"}).json()
    assert {each["name"]: each["status"] for each in found["checks"]}["detector-1"] == "pass"


def test_the_commands_open_the_directory_themselves(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no service running; exit statuses as the contract says. Last here: the store is closed for it."""
    web.store.close()
    at_ = ["--data", str(web.data), *NOWHERE]
    file = tmp_path / "p.md"
    assert main(["postmortem", web.incident.id, "-o", str(file), *at_]) == 0
    beside = re.findall(r"\((postmortem-[^)]+\.svg)\)", file.read_text())
    assert beside
    assert all((tmp_path / name).read_text().startswith("<svg") for name in beside)
    begins = {"x.html": b"<!doctype html>", "x.JSON": b"{", "x.pdf": b"%PDF-", "x.txt": b"# "}
    for name, begin in begins.items():
        assert main(["postmortem", web.incident.id, "--redact", "-o", str(tmp_path / name), *at_]) == 0
        assert (tmp_path / name).read_bytes().startswith(begin)
    capsys.readouterr()
    assert main(["postmortem", web.incident.id, "-o", "-", *at_]) == 0
    assert capsys.readouterr().out.startswith("# ")
    assert not Path("-").exists()
    assert main(["verify", web.incident.id, *at_]) == 1
    assert "✗ Every customer who had not got through" in capsys.readouterr().out
    assert main(["postmortem", "INC-NONE", *at_]) == 2
    assert main(["verify", "INC-NONE", *at_]) == 2
    assert main(["postmortem", web.incident.id, "-o", str(tmp_path / "no" / "p.md"), *at_]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "can't be written (No such file or directory): name another file with -o" in said
    assert main(["postmortem", web.incident.id, "--data", str(tmp_path), *NOWHERE]) == 3
