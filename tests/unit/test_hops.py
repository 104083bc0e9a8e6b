"""Whether a call is slow, or a cache no longer saves it."""

from triage.detectors.hops import Hop, Hops, blame
from triage.symptom import Cause

FELL = {"cache": (0.92, 0.02)}


def erp(calls: tuple[float, float], call_ms: tuple[float, float]) -> Hops:
    """One call of the ERP in the requests looked at: usually, and now."""
    total = (calls[0] * call_ms[0], calls[1] * call_ms[1])
    return Hops([Hop("catalogue", "GET /products", "Client", "erp", True, calls, total, total, (0, 0, 0, 0))])


def cause(hops: Hops, caches: dict[str, tuple[float, float]]) -> tuple[Cause, str]:
    found = blame(hops, 180.0, caches)
    assert found
    return found.cause, found.suspect


def test_a_call_that_usually_is_not_there_was_saved_by_the_cache_that_fell() -> None:
    """That it took no time before says nothing of how long it takes."""
    assert cause(erp((0.0, 1.0), (0.0, 184.0)), FELL) == (Cause.CACHE_MISSES, "cache")


def test_a_new_call_is_the_partner_s_where_no_cache_fell() -> None:
    """It may be new in this version."""
    assert cause(erp((0.0, 1.0), (0.0, 184.0)), {}) == (Cause.ERP_SYNC, "erp")


def test_a_call_that_is_far_longer_than_usual_is_the_partner_s() -> None:
    """Whatever became of the cache."""
    assert cause(erp((0.1, 1.0), (4.0, 184.0)), FELL) == (Cause.ERP_SYNC, "erp")
