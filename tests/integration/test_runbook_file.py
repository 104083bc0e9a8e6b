"""The runbook's file: a change takes effect at once, a broken one leaves the table before it in force."""

import logging
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from triage.cli import main
from triage.runbook.live import LiveRunbook
from triage.runbook.read import RunbookError

pytestmark = pytest.mark.integration

GOOD = "rows:\n- {name: %s, symptom: s, mitigation: [do it], owner: {name: me}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "runbook.yaml"
    file.write_text(GOOD % "first")
    return file


def write(file: Path, text: str) -> None:
    """As an editor does: another file in its place."""
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)


def test_a_change_takes_effect_without_a_restart(file: Path) -> None:
    """The next look sees it."""
    live = LiveRunbook(file)
    write(file, GOOD % "second")
    assert [row.name for row in live.current.rows] == ["second"]


def test_a_broken_file_keeps_the_table_and_says_so(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Once in the log, and for as long as it lasts to whoever asks; put right, all is well again."""
    live = LiveRunbook(file)
    write(file, "rows: [")
    with caplog.at_level(logging.WARNING):
        assert [row.name for row in live.current.rows] == ["first"]
        assert [row.name for row in live.current.rows] == ["first"]
    assert ", line " in live.problem
    assert len(caplog.records) == 1
    file.unlink()
    assert [row.name for row in live.current.rows] == ["first"]
    assert "cannot be read" in live.problem
    write(file, GOOD % "third")
    assert ([row.name for row in live.current.rows], live.problem) == (["third"], "")


def test_a_file_that_never_was_right_is_an_error(tmp_path: Path) -> None:
    """There is nothing to keep."""
    with pytest.raises(RunbookError, match="cannot be read"):
        LiveRunbook(tmp_path / "none.yaml")


def test_the_api_shows_the_table_in_force_and_what_is_wrong(file: Path, store: Store) -> None:
    """Its rows in order, the complaints of `triage runbook check`, and why a newer file is not in force."""
    live = LiveRunbook(file)
    app = create_app(store, metrics=str, ready=lambda: None, runbook=live)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.get("/api/v1/runbook").json()
        assert [item["row"] for item in answer["items"]] == ["first"]
        assert (answer["problem"], answer["complaints"]) == (None, [])
        write(file, "nonsense")
        assert "no table of keys" in client.get("/api/v1/runbook").json()["problem"]


def test_the_command_checks_and_shows(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0 if nothing is wrong, 1 if something is, 2 where there is no file to check."""
    assert main(["runbook", "check", "--runbook", str(file)]) == 0
    assert main(["runbook", "--runbook", str(file)]) == 0
    assert "1. first: s" in capsys.readouterr().out
    file.write_text(GOOD % "first" + "- {name: second, symptom: s}")
    assert main(["runbook", "check", "--runbook", str(file)]) == 1
    said = capsys.readouterr().out
    assert "row 'second' can never match" in said
    assert "row 'second' has no owner" in said
    file.write_text("rows: {}")
    assert main(["runbook", "check", "--runbook", str(file)]) == 1
    assert main(["runbook", "show", "--runbook", str(file)]) == 2
    assert main(["runbook", "check", "--runbook", f"{file}.absent"]) == 2
