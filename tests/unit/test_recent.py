"""What was just worked out: once for all who ask, and nobody waits for a new answer who may have the last one."""

import threading
from types import SimpleNamespace

import pytest

from dashboards import recent
from dashboards.recent import Recent


def test_others_get_what_was_good_just_before_while_one_works_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is too old for that, they wait."""
    now = [0.0]
    monkeypatch.setattr(recent, "time", SimpleNamespace(monotonic=lambda: now[0]))
    answers, begun, go_on = Recent[str](2.0), threading.Event(), threading.Event()
    assert answers.get("a", lambda: "first") == "first"
    now[0] = 1.9
    assert answers.get("a", lambda: "never") == "first"
    now[0] = 2.1

    def slowly() -> str:
        begun.set()
        assert go_on.wait(10)
        return "second"

    found: list[str] = []
    one = threading.Thread(target=lambda: found.append(answers.get("a", slowly)))
    one.start()
    assert begun.wait(10)
    assert answers.get("a", lambda: "never") == "first"
    now[0] = 4.1
    waiting = threading.Thread(target=lambda: found.append(answers.get("a", lambda: "never")))
    waiting.start()
    go_on.set()
    one.join(10)
    waiting.join(10)
    assert found == ["second", "second"]


def test_an_error_is_not_kept() -> None:
    """The next one who asks works it out."""
    answers = Recent[str](60)

    def fail() -> str:
        raise ValueError("no store")

    with pytest.raises(ValueError, match="no store"):
        answers.get("a", fail)
    assert answers.get("a", lambda: "well") == "well"
