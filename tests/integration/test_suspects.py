"""The changes suspected of an incident, from the store."""

from datetime import datetime

import pytest

from queries.store import Store
from tests.loading import empty
from tests.symptoms import Passes, at, gateway_errors
from triage.suspects import suspects

pytestmark = pytest.mark.integration
OVER_HTTP = ()

TELL = """
    INSERT INTO changes (Id, Time, Kind, Source, Service, Version, Status)
    SELECT
        concat({kind:String}, ' ', {version:String}, ' ', toString(number)),
        {time:DateTime64(9, 'UTC')} + toIntervalSecond(number),
        {kind:String}, 'ci', {service:String}, {version:String}, 'success'
    FROM numbers({times:UInt64})
"""


def tell(store: Store, kind: str, service: str, version: str, time: datetime, times: int = 1) -> None:
    store.command(TELL, kind=kind, service=service, version=version, time=time, times=times)
    store.note_written()


def test_a_suspect_is_one_however_much_changes_before_and_later(store: Store) -> None:
    """And what was deployed in its place is found among all of that."""
    empty(store)
    passes = Passes()
    passes.look(10, gateway_errors())
    tell(store, "config", "payment", "", at(-7100), 600)
    tell(store, "deploy", "payment", "2.4.0", at(-60))
    tell(store, "flag", "search", "", at(300), 600)
    tell(store, "deploy", "payment", "2.3.9", at(1000))
    (first, *_) = suspects(store.ask, passes.only, at(7200))
    assert first.what == "deploy of payment 2.4.0"
    assert "payment 2.3.9 took its place at 10:18 UTC, and the failures went on for 1 h 43 min" in first.against
