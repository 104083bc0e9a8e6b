"""The demo, as whoever has just cloned the repository sees it."""

import json
import re
from pathlib import Path

import pytest

from tests.integration.command import FREE_PORTS, triage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_the_demo_tells_whom_the_fault_has_hit(tmp_path: Path) -> None:
    """History, the fault, the answer with its page, the end. Nothing is left behind, and no bar is drawn in a pipe."""
    arguments = ("--no-browser", "--rate", "5", "--for", "25s", "--truth", "truth.json")
    said = triage("demo", *arguments, *FREE_PORTS, cwd=tmp_path, timeout_s=280)
    assert said.returncode == 0, said.stderr
    told = re.findall(
        r"pages +http://\S+/|Two hours of history are sent: [\d,]+ requests"
        r"|From now on inventory answers 503|\d+ customers? w\w+ affected by failures in inventory|^See http://\S+",
        said.stdout,
        re.MULTILINE,
    )
    assert [line.split()[0] for line in told[:3]] == ["pages", "Two", "From"]
    assert "affected by failures in inventory" in told[3]
    assert "/affected?service=inventory&from=" in told[4]
    assert "\x1b" not in said.stdout + said.stderr
    assert json.loads((tmp_path / "truth.json").read_text("utf-8"))["customers"]
    scratch = re.search(r"data +(\S+)", said.stdout)
    assert scratch
    assert not Path(scratch[1]).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]
