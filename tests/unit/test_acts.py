"""What people do under an id of their own: a repetition changes nothing, another thing is done."""

from tests.symptoms import Passes, at, gateway_errors
from triage.incident.acting import Act, change, tick
from triage.incident.model import Kind

RUN = Act("deploy-bot", "rolled back", "run-7")


def test_one_id_may_stand_for_one_thing_of_each_kind() -> None:
    """A script names all that it does in a run alike; each is done, and none of it twice."""
    passes = Passes()
    passes.look(30, gateway_errors())
    book, id_ = passes.book, passes.only.id
    for _ in range(2):
        change(book, id_, "ack", RUN)
        tick(book, id_, 1, True, RUN)
        tick(book, id_, 2, True, RUN)
        change(book, id_, "mitigate", RUN)
    people = [event.kind for event in passes.only.timeline if event.author == "deploy-bot"]
    assert people == [Kind.ACKNOWLEDGED, Kind.STEP, Kind.STEP, Kind.MITIGATED]


def test_what_comes_late_undoes_nothing() -> None:
    """What was resolved under an id is open again: the same once more resolves it no second time."""
    passes = Passes()
    passes.look(30, gateway_errors())
    book, id_ = passes.book, passes.only.id
    change(book, id_, "resolve", RUN)
    change(book, id_, "reopen", Act("ana", "it is back"))
    before = len(book.events)
    change(book, id_, "resolve", RUN)
    assert len(book.events) == before
    assert passes.only.began == at(0)
