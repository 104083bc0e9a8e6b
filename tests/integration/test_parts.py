"""Parts of the service that run apart: what one of them has decided, no other takes back."""

from dataclasses import replace
from pathlib import Path

import pytest

from triage.kpi.named import kpis_of
from triage.service import running
from triage.setting_types import Address, File, Part
from triage.settings import Settings

pytestmark = pytest.mark.integration

OWN = """
kpis:
  - name: tickets
    kind: rate
    of: {span: GET /tickets}
    unit: "{ticket}"
    good: up
"""


def test_only_the_watch_says_which_figures_there_are(tmp_path: Path) -> None:
    """Pages or collectors that were told of no file take those that it wrote down."""
    nowhere = Address("127.0.0.1", 0)
    settings = Settings(data=tmp_path / "data", otlp_grpc=nowhere, otlp_http=nowhere, web=nowhere)
    (tmp_path / "kpis.yaml").write_text(OWN)
    own = File(str(tmp_path / "kpis.yaml"))
    for part, kpis in ((Part.WATCH, own), (Part.WEB, File("")), (Part.COLLECT, File(""))):
        with running(replace(settings, only=(part,), kpis=kpis)) as (_, store):
            assert [one.name for one in kpis_of(store.ask)] == ["tickets"]
