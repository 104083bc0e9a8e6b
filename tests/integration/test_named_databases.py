"""Databases that the settings name as partners: a search, a table or a cache that somebody else runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from queries import rebuild, schema
from queries.schema import Meanings
from queries.store import Store
from tests.integration.test_old_and_grpc_names import NOW, checkouts, customers, found
from tests.loading import empty
from triage.doctor import business
from triage.doctor.examined import examined
from triage.symptom import Cause
from triage.window import Window

pytestmark = pytest.mark.integration

PAIRS = [("db.system", "service.peer.name"), ("db.system.name", "peer.service")]
HOUR = Window(NOW - timedelta(hours=1), NOW)


@pytest.fixture
def store(own_store: Store) -> Iterator[Store]:
    """Without telemetry; what the settings name is forgotten afterwards."""
    empty(own_store)
    yield own_store
    schema.apply(own_store)


@pytest.mark.parametrize(("system", "key"), PAIRS)
def test_a_database_that_the_settings_name_is_a_partner(store: Store, system: str, key: str) -> None:
    """In what fails, in what takes long, to who asks for its customers, and to doctor; no other database is."""
    schema.apply(store, meanings=Meanings(partners=("algolia",)))
    asked = {system: "elasticsearch", key: "algolia"}
    checkouts(store, asked, {"http.response.status_code": "503"}, status="Unset")
    checkouts(store, {system: "redis", key: "sessions"}, {"http.response.status_code": "503"}, status="Unset")
    assert (customers(store, partner="algolia"), customers(store, partner="sessions")) == (108, 0)
    failing = found(store)["partner_integration"]
    assert (failing.subject, failing.cause) == ({"partner": "algolia"}, Cause.PARTNER_DOWN)
    (partners,) = business.partners(examined(store, HOUR))
    assert partners.sentence.startswith("algolia (1,800 calls) counts as a partner")
    empty(store)
    checkouts(store, asked, late_ms=900)
    slow = found(store)["slow_checkout"]
    assert (slow.subject, slow.cause) == ({"partner": "algolia"}, Cause.ERP_SYNC)


def test_a_database_that_is_named_later_is_a_partner_from_then_on(store: Store) -> None:
    """And before, once `failures` is made again."""
    checkouts(store, {"db.system": "elasticsearch", "peer.service": "algolia"}, {"http.status_code": "503"})
    schema.apply(store, meanings=Meanings(partners=("algolia",)))
    assert customers(store, partner="algolia") == 0
    rebuild.rebuild(store, "failures")
    assert customers(store, partner="algolia") == 108
