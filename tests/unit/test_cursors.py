"""A cursor that somebody made up is refused with a sentence, whatever it holds."""

from datetime import UTC, datetime

import pytest

from dashboards.api.cursors import cursor_time
from dashboards.problems import BadParameters


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-25T05:00:00", "2026-11-25"])
def test_a_moment_that_is_none_or_names_no_zone_is_refused(text: str) -> None:
    """Such a moment can't be compared with an incident's, and is the caller's mistake, not ours."""
    with pytest.raises(BadParameters, match="no cursor of ours"):
        cursor_time(text)


def test_a_moment_as_we_write_it_is_read() -> None:
    """What a page's `next` holds comes back the same."""
    moment = datetime(2026, 11, 25, 5, 0, 0, 1, tzinfo=UTC)
    assert cursor_time(moment.isoformat()) == moment
