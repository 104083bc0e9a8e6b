"""The story that detection is measured on: lived once, it breaks as a shop that was going to from the start."""

from tests.bench.story import Happened, Story
from triage.demo.model import Shop
from triage.demo.stream import posts
from triage.demo.truth import Truth

OPENS_S, BEGINS_S, ENDS_S, RATE = 1_790_074_800, 1_790_075_100, 1_790_075_220, 3.0


def test_a_story_that_breaks_later_is_what_a_broken_shop_sends() -> None:
    """Byte for byte, with the same customers in the truth."""
    story = Story(5, OPENS_S, ENDS_S, RATE)
    told = [*story.history(BEGINS_S), *story.breaks(["token-expired"], [BEGINS_S])]
    shop = Shop("token-expired", 5, RATE)
    fault = shop.fault(BEGINS_S, ENDS_S)
    truth = Truth(shop, fault)
    assert told == list(posts(shop, OPENS_S, ENDS_S, fault, heard=[truth], spans_each=4000))
    (happened, _) = story.truths()
    assert happened.customers == {hit.customer for hit in truth.answer(shop.scenario.questions[0]).hits} != set()
    assert isinstance(happened, Happened)
    assert happened.first.timestamp() >= BEGINS_S
