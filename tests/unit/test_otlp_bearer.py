"""Who may pass with a bearer token."""

import pytest

from collectors.bearer import Unauthenticated, bearer


def test_without_a_token_everyone_passes() -> None:
    """No token set means no key asked for, whatever is brought."""
    bearer(None)([])
    bearer(None)(["Bearer x"])


@pytest.mark.parametrize("token", ["", " ", "\t\n"])
def test_an_empty_token_is_an_error(token: str) -> None:
    """A token that a missing key would equal is refused when it is set, not when it is asked for."""
    with pytest.raises(ValueError, match="empty"):
        bearer(token)


@pytest.mark.parametrize("values", [["Bearer key"], [b"bearer key"], ["BEARER  key "]])
def test_the_token_passes(values: list[str | bytes]) -> None:
    """Text or bytes, any case of the scheme, and spaces around it, are all the same."""
    bearer("key")(values)


@pytest.mark.parametrize(
    "values", [[], [""], ["Bearer"], ["Bearer "], ["key"], ["Bearer keys"], ["Bearer key", "Bearer key"]]
)
def test_nothing_else_passes(values: list[str | bytes]) -> None:
    """A missing, empty, longer or doubled key never passes."""
    with pytest.raises(Unauthenticated):
        bearer("key")(values)
