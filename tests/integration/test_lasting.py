"""What an open incident knows to last is looked at with its own beginning, and with what is usual; nothing else is."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from queries.store import Store
from tests.integration.test_detectors_past import DAY, HOUR, NOW, checkouts
from tests.loading import empty
from triage.incident.book import MemoryBook
from triage.incident.model import Incident, State
from triage.runbook.live import LiveRunbook
from triage.symptom import Cause
from triage.watch import Watch

pytestmark = pytest.mark.integration


def looked(store: Store, seconds_ago: Iterable[int]) -> Incident:
    """The only incident after passes so long ago."""
    watch = Watch(store, MemoryBook(), LiveRunbook(), past=True)
    for ago_s in seconds_ago:
        watch.look(NOW - timedelta(seconds=ago_s))
    (incident,) = watch.book.incidents(NOW - timedelta(days=1))
    return incident


def test_a_bad_deploy_in_an_open_incident_is_to_blame(own_store: Store) -> None:
    """A few failed before; since it was rolled out most do, and it is that which can be mended."""
    empty(own_store)
    checkouts(own_store, 8 * HOUR, 8 * HOUR - 3000, every_ms=500, version="1.0")
    checkouts(own_store, 3000, 2400, failing=6, every_ms=500, version="1.0")
    checkouts(own_store, 600, 600, failing=60, every_ms=500, version="2.0")
    incident = looked(own_store, [*range(2880, 600, -120), *range(540, -1, -60)])
    symptom = incident.symptoms[0].symptom
    assert (symptom.cause, symptom.question and symptom.question.version) == (Cause.BAD_DEPLOY, "2.0")
    assert symptom.because.startswith("payment 2.0 serves since 13:50: ")


def test_what_a_partner_answers_now_tells_why_it_fails_now(own_store: Store) -> None:
    """Whatever it answered when the incident began."""
    empty(own_store)
    checkouts(own_store, 8 * HOUR, 8 * HOUR - 3000, every_ms=500, partner="psp")
    checkouts(own_store, 3000, 2400, failing=6, every_ms=500, partner="psp", status="503")
    checkouts(own_store, 600, 600, failing=60, every_ms=500, partner="psp", status="401")
    incident = looked(own_store, [*range(2880, 600, -120), *range(540, -1, -60)])
    (symptom,) = (each.symptom for each in incident.symptoms if each.symptom.detector == "partner_integration")
    assert symptom.cause is Cause.TOKEN_EXPIRED


def test_an_outage_is_over_though_some_fail_as_on_every_day_at_this_time(own_store: Store) -> None:
    """A fifth does from 10:40 on; four fifths did for twenty minutes today."""
    empty(own_store)
    for days in (7, 3, 2, 1, 0):
        checkouts(own_store, days * DAY + 10 * HOUR, 6 * HOUR + 2400)
        checkouts(own_store, days * DAY + 4 * HOUR - 2400, 6 * HOUR if days else HOUR - 2400, failing=20)
    checkouts(own_store, 3 * HOUR, 1200, failing=80)
    checkouts(own_store, 3 * HOUR - 1200, 3 * HOUR - 1200, failing=20)
    passes = [*range(3 * HOUR - 60, 3 * HOUR - 1200, -120), *range(3 * HOUR - 1200, 2 * HOUR - 1800, -120)]
    assert looked(own_store, passes).state is State.RESOLVED


def test_what_has_always_failed_does_not_last_for_ever(own_store: Store) -> None:
    """In a shop that is told of for the first time nothing is known of before that it could be held against."""
    empty(own_store)
    checkouts(own_store, 2 * HOUR, 2 * HOUR, failing=8, every_ms=500)
    assert looked(own_store, range(2 * HOUR - 300, -1, -300)).state is State.RESOLVED
