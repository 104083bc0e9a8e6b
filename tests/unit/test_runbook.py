"""The runbook: matchers as Alertmanager reads them, the first row that fits, and what is said of a wrong file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from triage.detectors import NAMES
from triage.runbook import SHIPPED
from triage.runbook.check import complaints
from triage.runbook.matchers import Matcher, all_match, read_matchers
from triage.runbook.model import Runbook
from triage.runbook.read import RunbookError, load_runbook, read_runbook
from triage.symptom import Cause, Severity, Symptom

ROW = "rows:\n- {name: a, symptom: s, mitigation: [x], owner: {name: me}, "


def symptom(detector: str, cause: Cause = Cause.UNKNOWN) -> Symptom:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Symptom(detector, {"service": "pay"}, at, None, Severity.CRITICAL, "", 1, 0, "ratio", cause=cause)


class TestMatchers:
    @pytest.mark.parametrize(
        ("text", "labels", "fits"),
        [
            ('alertname="x"', {"alertname": "x"}, True),
            ('alertname="x"', {"alertname": "y"}, False),
            ("alertname=x", {"alertname": "x"}, True),
            ('alertname != "x"', {"alertname": "y"}, True),
            ('a=~"x|y.*"', {"a": "yes"}, True),
            ('a=~"x|y"', {"a": "xy"}, False),
            ('a!~"x.*"', {"a": "xylophone"}, False),
            ('a=""', {}, True),
            ('a!="b"', {}, True),
            ('{a="1", b="2"}', {"a": "1", "b": "2"}, True),
            ('{a="1", b="2"}', {"a": "1"}, False),
            ('a="say \\"hi\\", you"', {"a": 'say "hi", you'}, True),
            ('"odd name"="1"', {"odd name": "1"}, True),
            ("", {"a": "1"}, True),
        ],
    )
    def test_they_mean_what_alertmanager_means(self, text: str, labels: dict[str, str], fits: bool) -> None:
        """An absent label is an empty one; an expression fits the whole value."""
        assert all_match(read_matchers(text), labels) is fits

    def test_they_are_written_as_they_are_read(self) -> None:
        """Whatever the value holds."""
        odd = Matcher("a", "!=", 'x"\\\n,}')
        assert read_matchers(str(odd)) == (odd,)

    @pytest.mark.parametrize("text", ["a", "=b", 'a="b" c="d"', 'a=~"("', 'a=="b"', "a=b}"])
    def test_what_is_none_is_told_in_a_sentence(self, text: str) -> None:
        """Nothing is guessed."""
        with pytest.raises(ValueError, match=r"no matcher|no list|no regular"):
            read_matchers(text)


class TestTheShippedTable:
    def test_it_answers_every_detector_and_nothing_is_wrong_with_it(self) -> None:
        """Each detector finds its own row; an alert from outside the last one."""
        runbook = load_runbook(SHIPPED)
        assert list(complaints(runbook)) == []
        found = {name: getattr(runbook.answering(symptom(name)), "name", "") for name in (*NAMES, "HighLatency")}
        assert found == {
            "partner_integration": "partner-failing",
            "inventory": "inventory-counts",
            "slow_checkout": "checkout-slow",
            "gateway_errors": "gateway-5xx",
            "kpi_moved": "kpi-moved",
            "no_data": "no-data",
            "HighLatency": "anything-else",
        }

    def test_the_supported_cause_s_steps_come_first(self) -> None:
        """Then those that always help, each once."""
        row = load_runbook(SHIPPED).row("gateway-5xx")
        assert row
        steps = row.steps(Cause.BAD_DEPLOY)
        assert steps[0] == "Roll back the latest deploy"
        assert row.steps("unheard-of") == row.mitigation
        slow = load_runbook(SHIPPED).row("checkout-slow")
        assert slow
        assert slow.steps(Cause.ERP_SYNC)[0] == "Book orders later from a queue"  # what waits is mostly a write

    def test_whose_something_is_goes_by_globs(self) -> None:
        """The first that fits."""
        runbook = load_runbook(SHIPPED)
        assert runbook.owner("service", "payment-eu").name == "payments"
        assert runbook.owner("service", "search").name == "platform"
        assert not runbook.owner("table", "x")


class TestCheck:
    @staticmethod
    def said(text: str) -> str:
        return "\n".join(complaints(read_runbook(text)))

    def test_a_row_behind_one_that_takes_all_is_named(self) -> None:
        """Both by their names."""
        text = ROW + "matchers: []}\n- {name: b, symptom: s, matchers: ['alertname=\"x\"']}"
        assert "row 'b' can never match: row 'a' before it takes all that it would" in self.said(text)

    def test_an_expression_before_it_may_take_it_too(self) -> None:
        """A wider matcher on the same label covers the narrower."""
        text = (
            ROW + "matchers: ['alertname=~\"x|y\"']}\n- {name: b, symptom: s, matchers: ['alertname=\"x\"', 'a=\"1\"']}"
        )
        assert "row 'b' can never match" in self.said(text)

    @pytest.mark.parametrize("taken", ['severity="info"', 'severity=~"in.*"'])
    def test_what_a_row_excludes_is_not_what_it_takes(self, taken: str) -> None:
        """A row before it may take just that."""
        text = ROW + f"matchers: ['{taken}']}}\n- {{name: b, symptom: s, matchers: ['severity!=\"info\"']}}"
        assert "can never match" not in self.said(text)

    def test_a_row_that_contradicts_itself_is_named(self) -> None:
        """It wants two values of one label."""
        assert "exclude each other" in self.said(ROW + "matchers: ['a=\"1\"', 'a=\"2\"']}")

    def test_what_is_missing_is_named(self) -> None:
        """An owner, whom to escalate to, what to do, and the detectors without an answer."""
        said = self.said(
            "rows:\n- {name: a, symptom: s, matchers: ['alertname=\"inventory\"'], owner: {escalate_after: 5m}}"
        )
        for sentence in ("has no owner", "escalates to nobody", "nothing to do first", "detector 'gateway_errors'"):
            assert sentence in said
        assert "detector 'inventory'" not in said

    @pytest.mark.parametrize("matchers", [['environment!="staging"'], ['severity="critical"', 'severity!="critical"']])
    def test_rows_that_take_every_finding_together_are_enough(self, matchers: list[str]) -> None:
        """A detector's finding has no label that it does not bring, and no severity that it does not tell."""
        row = "- {name: %d, symptom: s, mitigation: [x], owner: {name: me}, matchers: ['%s']}"
        assert self.said("\n".join(["rows:", *(row % each for each in enumerate(matchers))])) == ""

    @pytest.mark.parametrize(
        "matcher", ['service!="search"', 'severity="critical"', 'cause!="unknown"', 'status!="other"']
    )
    def test_rows_that_leave_a_finding_out_are_not(self, matcher: str) -> None:
        """Of one service, severity or cause."""
        assert "no row answers the detector 'gateway_errors'" in self.said(ROW + f"matchers: ['{matcher}']}}")

    def test_whom_to_escalate_to_says_nothing_without_when(self) -> None:
        """It would never happen."""
        said = self.said(ROW.replace("{name: me}", "{name: me, escalate_to: boss}") + "matchers: []}")
        assert said == "row 'a' never escalates: add escalate_after"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rows: [", ", line 1: expected"),
        ("rows: []\nowners: []\nrows: [{name: a, symptom: s}]", ", line 3: the key 'rows' stands twice"),
        ("rows:\n- {name: a, symptom: s, mitigation: [x], mitigation: []}", "the key 'mitigation' stands twice"),
        ("", "is no table of keys"),
        ("rows: []", "it has no rows"),
        ("rows: [{name: a}]", "row 'a' lacks 'symptom'"),
        ("rows: [{symptom: s}]", "row 1 lacks 'name'"),
        ("rows: [{name: a, symptom: s}, {name: a, symptom: s}]", "two rows are called 'a'"),
        (ROW + "matcher: []}", "unknown key 'matcher'"),
        (ROW + "matchers: ['alertname']}", "row 'a': matchers: 'alertname' is no matcher"),
        (ROW + "causes: {bad-deply: x}}", "unknown key 'bad-deply'"),
        (ROW + "links: [{title: t, url: 'javascript:x'}]}", "is no address"),
        ("rows: [{name: a, symptom: s, owner: {name: x, escalate_after: soon}}]", "'soon' is no duration"),
        (ROW + "matchers: []}\nowners: [{name: x}]", "owner 1: say whose it is"),
        ("rows: [{name: a, symptom: s, mitigation: just one}]", "is no list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, sentence: str) -> None:
    """A sentence that names the row and the key."""
    with pytest.raises(RunbookError, match=sentence.replace("(", r"\(")):
        read_runbook(text)


def test_what_is_written_is_what_is_read() -> None:
    """No yes becomes true, and no number another; a row may still be written in terms of another."""
    runbook = read_runbook("""
rows:
- &first {name: no, symptom: 1:30, mitigation: [2026-11-22, 1_000], owner: {name: yes, slack: 0123, escalate_to: ~}}
- {<<: *first, name: on}
""")
    first, second = runbook.rows
    assert (first.name, first.symptom, first.mitigation) == ("no", "1:30", ("2026-11-22", "1_000"))
    assert (first.owner.name, first.owner.slack, first.owner.escalate_to.name) == ("yes", "0123", "")
    assert second == replace(first, name="on")


def test_a_small_table_is_read_whole() -> None:
    """Durations, contacts as text or as keys, links."""
    runbook: Runbook = read_runbook(
        ROW.replace("{name: me}", "{name: me, slack: U1, escalate_after: 1h30m, escalate_to: boss}")
        + "matchers: 'severity=\"critical\"', links: [{url: 'https://wiki.example/a'}], sla: {name: acme, slack: S2}}"
    )
    row = runbook.rows[0]
    assert (row.owner.escalate_after, row.owner.escalate_to.name) == (timedelta(minutes=90), "boss")
    assert (row.links[0].title, row.sla.slack) == ("https://wiki.example/a", "S2")
    assert runbook.answering(symptom("anything")) is row
