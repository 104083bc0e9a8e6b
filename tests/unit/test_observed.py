"""When a flag's variants are served in other shares than before: seen once, and not where chance did it."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from triage.observed import moves

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def served(shares: list[dict[str, float]], per_slot: int = 20, seed: int = 1) -> dict[datetime, Counter[str]]:
    """Evaluations of ten seconds each, drawn with these shares."""
    draw = random.Random(seed)
    return {
        START + timedelta(seconds=10 * number): Counter(draw.choices([*share], [*share.values()], k=per_slot))
        for number, share in enumerate(shares)
    }


HALF, NINE = {"on": 0.5, "off": 0.5}, {"on": 0.9, "off": 0.1}


def test_a_flip_is_seen_when_it_was_made() -> None:
    """To ten seconds, with the variant whose share grew."""
    ((at, variant, before, after),) = moves(served([{"off": 1.0}] * 60 + [{"on": 1.0}] * 60), START)
    assert at == START + timedelta(minutes=10)
    assert (variant, before, after) == ("on", 0.0, 1.0)


def test_a_rollout_is_seen_step_by_step() -> None:
    """Each step once, within two minutes of where it was made."""
    found = list(moves(served([{"on": 0.05, "off": 0.95}] * 90 + [HALF] * 90 + [NINE] * 90), START))
    assert [round((at - START).total_seconds() / 10) for at, *_ in found] == pytest.approx([90, 180], abs=12)


@pytest.mark.parametrize("seed", range(20))
def test_chance_moves_nothing(seed: int) -> None:
    """Two hours of the same shares."""
    assert list(moves(served([HALF] * 720, seed=seed), START)) == []


def test_few_evaluations_say_nothing() -> None:
    """Nor does a small move."""
    assert list(moves(served([{"off": 1.0}] * 3 + [{"on": 1.0}] * 3, per_slot=5), START)) == []
    assert list(moves(served([{"on": 0.5, "off": 0.5}] * 180 + [{"on": 0.56, "off": 0.44}] * 180, 200), START)) == []


def test_what_moved_before_the_window_is_no_change_of_it() -> None:
    """It is only what the window is compared with."""
    flipped = served([{"off": 1.0}] * 60 + [{"on": 1.0}] * 120)
    assert list(moves(flipped, START + timedelta(minutes=16))) == []
    assert list(moves({}, START)) == []
