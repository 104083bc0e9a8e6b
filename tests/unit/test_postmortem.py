"""A postmortem's texts: what is drafted, what authors wrote, what is new since, and what a stranger may see."""

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from tests.postmortems import NOW, facts, hit, incident
from tests.symptoms import Passes, at, gateway_errors, other
from triage.incident.acting import Act
from triage.incident.book import MemoryBook
from triage.incident.due import due_at, reminder_due
from triage.incident.model import Event, Impact, Incident, Kind, Message
from triage.incident.wire import IncidentJson
from triage.model import Evidence, Outcome, Question
from triage.postmortem.actions import read
from triage.postmortem.draft import drafted
from triage.postmortem.facts import Facts
from triage.postmortem.html import html
from triage.postmortem.markdown import escaped, markdown
from triage.postmortem.model import PostmortemJson, SectionName
from triage.postmortem.redaction import Pseudonyms, redacted, redaction
from triage.postmortem.rows import Rows
from triage.postmortem.writing import write
from triage.slack.owed import How, owed
from triage.slack.reminding import Reminding
from triage.slack.text import Writer
from triage.symptom import Cause

KEY = b"k" * 32
HOSTILE = "<script>alert(1)</script>\u202e | `x` [y](http://evil.example) #strong[z]\x00"


def md(document: PostmortemJson) -> str:
    return markdown(document, lambda figure: f"{figure.name}.svg")


def slow() -> Incident:
    """Slowness that is over."""
    passes = Passes()
    question = Question(at(0), at(30), service="checkout", slower_than_ms=2_000)
    passes.looks(30, 80, other("slow_checkout", {"partner": "erp"}, "erp", unit="ms", value=6_900.0, question=question))
    passes.looks(80, 200)
    return passes.only


def blind(given: Facts) -> PostmortemJson:
    hide = redaction(given, KEY)
    return drafted(given, redacted(given, hide), hide.free)


def written(given: Facts, section: SectionName, text: str, author: str = "Ana") -> Incident:
    book = MemoryBook()
    return replace(given.incident, timeline=(*given.incident.timeline, *_events(book, given, section, text, author)))


def _events(book: MemoryBook, given: Facts, section: SectionName, text: str, author: str) -> list[Event]:
    write(book, given, section, Act(author, text))
    return list(book.events.values())


class TestDraft:
    def test_the_summary_is_three_sentences(self) -> None:
        """What and when, whom it hit, and what probably caused it."""
        what, whom, why = drafted(facts()).section(SectionName.SUMMARY).drafted
        when = "from 22 Nov 2026 10:02:00 UTC to 10:03:20 UTC, 1 min 20 s in all."
        assert what == f"5xx at the gateway: at worst 31 % or more of POST /checkout (usually 0.2 %), {when}"
        hit_ = "1 has not got through since, 1 got through later and 1 never noticed"
        assert whom == f"3 customers were hit: {hit_}; orders worth 49.90\u00a0EUR are at risk."
        cause = "What probably caused it, to be confirmed, is the deploy of payment 2.4.0 at 10:01:00 UTC"
        assert why == f"{cause}; it was over after 1 min 20 s, when the detectors found nothing of it since."

    def test_it_says_how_complete_the_figures_are_and_what_speaks_against_the_cause(self) -> None:
        """Both in the text that a director reads."""
        text = md(drafted(facts()))
        assert "90 % of 40 failures in 38 requests belong to a named customer; 4 could not be attributed" in text
        assert "- Against: other versions fail too." in text
        assert text.startswith("# Postmortem of INC-")
        assert "- **Responder**: platform on-call\n- **Owner of payment**: payments\n" in text
        assert "Found after 30 s: from its beginning at 10:02:00 UTC to the opening at 10:02:30 UTC." in text

    def test_where_only_rows_are_wrong_nothing_is_said_to_have_failed(self) -> None:
        """What counts for a customer is a change of a row that names them; with failures beside, those are counted."""
        stale = other("inventory", {"connector": "inventory"}, "inventory", labels={"kind": "stale"})
        for symptoms, is_said in (([stale], True), ([stale, gateway_errors("inventory")], False)):
            passes = Passes()
            passes.look(30, *symptoms)
            said = drafted(facts(passes.only))
            assert said.impact.of_rows is is_said
            assert ("They are named by 40 changes of rows that are wrong" in md(said)) is is_said
            assert ("| Customer | Outcome | Rows |" in md(said)) is is_said
            assert ("40 failures in 38 requests" in md(said)) is not is_said

    def test_the_opening_is_told_as_it_was_then(self) -> None:
        """Its title and what found it, however bad it became; for a stranger, without whom they name."""
        passes = Passes()
        passes.look(30, gateway_errors(value=0.31))
        passes.look(70, gateway_errors(value=0.9, cause=Cause.BAD_DEPLOY))
        title = "5xx at the gateway: 31 % of POST /checkout since 10:02"
        assert passes.only.title != title
        assert next(each for each in IncidentJson.of(passes.only).timeline if each.kind == "opened").text == title
        for document in (drafted(facts(passes.only)), blind(facts(passes.only))):
            assert next(each for each in document.timeline if each.kind == "opened").text.endswith(title)
            found = "What found it: 5xx at the gateway: 31 % of POST /checkout failed in the last 30 s."
            assert document.section(SectionName.DETECTION).drafted[-1] == found

    def test_an_end_is_the_moment_since_which_nothing_is_found(self) -> None:
        """Be it of the last failure, or of the first look in vain: neither is said to be the other."""
        passes = Passes()
        passes.looks(30, 80, gateway_errors())
        passes.looks(80, 200)
        document = drafted(facts(passes.only))
        ended = next(each for each in document.timeline if each.kind == "symptom_ended")
        assert ended.text == "gateway_errors has found nothing of POST /checkout since 10:03:20 UTC"

    def test_whom_a_moved_figure_hits_is_unknown(self) -> None:
        """No zero in its stead, in no table; its figure is drawn and told in its unit."""
        moved = other("kpi_moved", {"kpi": "conversion"}, value=0.1, usual=0.34, unit="1")
        passes = Passes()
        passes.look(30, moved)
        given = facts(passes.only)
        assert given.series
        share, rate = (replace(given.series, unit=unit) for unit in ("1", "{order}/min"))
        given = replace(given, impact=Impact(NOW, 0, 0, 0, 0), series=share)
        for document in (drafted(given), blind(given)):
            text = md(document)
            assert document.impact.unknown
            assert text.count("Whether customers are hit is unknown") == 2
            assert not re.search(r"0 customers|exact|Customers hit, as known|nothing at risk", text)
            figure = document.figures[0]
            assert "lay between 0.2 % and 30 % in the time shown; it is usually 0 % to 0.4 %." in figure.alt
            assert "share in %" in figure.svg
        figure = drafted(replace(given, series=rate)).figures[0]
        assert "and 0.30 orders/min in the time shown; it is usually 0 orders/min to" in figure.alt
        assert ", orders/min</text>" in figure.svg

    def test_how_long_it_took_agrees_with_the_times_beside_it(self) -> None:
        """Which are told to the second."""
        passes = Passes()
        passes.look(30, replace(gateway_errors(), from_=at(5.8), because="unknown …"))
        text = md(drafted(facts(passes.only)))
        assert "Found after 25 s: from its beginning at 10:02:05 UTC to the opening at 10:02:30 UTC." in text
        assert "It rests on this: unknown …\n" in text

    def test_each_end_of_what_came_back_is_told_as_it_was(self) -> None:
        """Not as the last one; nor as the moment at which that was known."""
        passes = Passes()
        passes.looks(30, 80, gateway_errors())
        passes.looks(80, 500)
        once = drafted(facts(passes.only)).section(SectionName.REMEDIATION).drafted[1:]
        assert once == ["It ended at 10:03:20 UTC: the detectors found nothing of it since."]
        passes.looks(500, 600, replace(gateway_errors(), from_=at(490)))
        again = [*once, "At 10:10:20 UTC it was open again: it was found again."]
        assert drafted(facts(passes.only)).section(SectionName.REMEDIATION).drafted[1:] == again
        passes.looks(600, 1000)
        last = "It ended at 10:12:00 UTC: the detectors found nothing of it since."
        assert drafted(facts(passes.only)).section(SectionName.REMEDIATION).drafted[1:] == [*again, last]

    def test_all_is_said_only_where_it_is_all(self) -> None:
        """No hundred percent beside what is left out; and of one it is said as of one."""
        known = Impact(NOW, 3, 3, 0, 0, failures=4188, failed_requests=4188, unattributed_failures=7)
        shares = "99.8 % of 4,188 failures in 4,188 requests belong to a named customer; 7 could not be attributed"
        assert shares in md(drafted(replace(facts(), impact=known)))
        one = replace(known, failures=1, failed_requests=1, unattributed_failures=0, ambiguous_failures=1)
        said = "0 % of 1 failure in 1 request belongs to a named customer; 0 could not be attributed, 1 names several"
        assert said in md(drafted(replace(facts(), impact=one)))

    @pytest.mark.parametrize(
        ("rows", "words", "item"),
        [
            (Rows(54, 54, 0), "54 rows are concerned: 54 must be put right.", "Put 54 rows right: "),
            (
                Rows(3, 1, 1),
                "3 rows are concerned: 1 must be put right, of 1 what is right can't be told.",
                "Put 2 rows right: ",
            ),
            (Rows(1, 0, 1), "1 row is concerned: of 1 what is right can't be told.", "Put 1 row right: "),
            (Rows(2, 0, 0), "2 rows are concerned: none is wrong any more.", ""),
            (Rows(), "What the rows concerned say could not be compared.", ""),
        ],
    )
    def test_rows_that_are_still_wrong_are_part_of_the_impact(self, rows: Rows, words: str, item: str) -> None:
        """Somebody must put them right, and a check looks whether they have; for a stranger, too."""
        stale = other("inventory", {"connector": "inventory"}, "inventory", labels={"kind": "stale"})
        passes = Passes()
        passes.look(30, stale)
        for document in (drafted(given := replace(facts(passes.only, hit("stale")), rows=rows)), blind(given)):
            assert words in document.section(SectionName.IMPACT).drafted
            assert "Every row concerned says what is right" in [each.what for each in document.checks]
            assert any(each.what.startswith("Put ") for each in document.actions) is bool(item)
            assert any(each.what.startswith(item) for each in document.actions)

    def test_whom_slowness_hit_is_not_said_to_have_failed(self) -> None:
        """They got through, and waited: no word of a failure, but where the author is asked."""
        took = Evidence("ab12", "01", at(5), "checkout", "POST /orders", "took 4.87 s")
        document = drafted(facts(slow(), replace(hit("c-17"), evidence=(took,))))
        text = md(document)
        assert "1 has had no quick answer since, 1 got a quick answer later and 1 never noticed" in text
        assert "90 % of 40 slow spans in 38 requests belong to a named customer" in text
        assert "- 1 customer has had no quick answer since: they may have left, or be trying still." in text
        assert "| Customer | Outcome | Slow spans |" in text
        assert "Every customer who had had no quick answer when it ended has had one since" in text
        assert "Decide what the 1 customer who had no quick answer are told" in text
        assert "Name the customer of the 4 slow spans that belong to nobody" in text
        assert not re.search(r"got through (since|later)|\bfailures?\b|Failing", text)

    def test_figures_stand_to_the_right_and_an_end_that_is_not_there_is_not_told(self) -> None:
        """In the table of each moment."""
        closed, passes = md(drafted(facts())), Passes()
        passes.look(30, gateway_errors())
        open_ = md(drafted(facts(passes.only)))
        assert "| --- | --- | ---: | ---: | ---: | ---: | ---: |" in closed
        assert "| At the end | 10:05:20 UTC | 3 | 1 | 1 | 1 | 49.90\u00a0EUR |" in closed
        assert "| At the end |" not in open_
        assert "it is not over" in open_

    def test_what_failing_spans_say_is_evidence_with_a_trace(self) -> None:
        """The commonest first; a stranger reads it without whom it names."""
        said = Evidence("ab12", "01", at(5), "payment", "POST /charge", "declined for c-17")
        given = facts(None, replace(hit("c-17"), evidence=(said,)))
        words = "at payment: 1 of 1 looked at, such as in trace ab12."
        assert f"Failing spans say “declined for c-17” {words}" in md(drafted(given))
        assert re.search(rf"“declined for customer-\w{{10}}” {words}", md(blind(given)))

    def test_who_ticked_and_called_it_mitigated_is_told_without_blame(self) -> None:
        """By whom and when, and no word of fault anywhere in a draft."""
        step = "Roll back the latest deploy"
        text = md(drafted(facts(incident((Kind.STEP, "Ana", step), (Kind.MITIGATED, "Ana", "")))))
        assert re.search(r"\| Roll back the latest deploy \| done \| Ana \| 10:03:40 UTC \|", text)
        assert "At 10:03:41 UTC Ana called it mitigated." in text
        assert "| 10:03:41 | Called mitigated. | Ana | incident |" in text
        assert not re.search(r"(?i)\b(blame|guilty|careless|should have|mistake|human error)\b", text)


class TestAuthors:
    def test_an_authors_text_stays_and_what_is_new_since_is_added(self) -> None:
        """With who wrote it and when; what they had before them is not said again."""
        before = facts()
        after = replace(before, incident=written(before, SectionName.IMPACT, "Nobody lost money."))
        same = drafted(after).section(SectionName.IMPACT)
        assert same.written
        assert (same.written.text, same.written.author, same.added) == ("Nobody lost money.", "Ana", [])
        later = replace(after, impact=replace(after.impact, customers=9))
        text = md(drafted(later))
        assert "Nobody lost money." in text
        assert "**Added since Ana wrote this on" in text
        assert drafted(later).section(SectionName.IMPACT).added == [
            "As known now: 9 customers hit, 1 not recovered, 1 recovered, 1 never noticed, 49.90\u00a0EUR at risk."
        ]

    def test_earlier_texts_stay_readable(self) -> None:
        """The latest is shown."""
        first = facts()
        second = replace(first, incident=written(first, SectionName.LESSONS, "One."))
        third = replace(second, incident=written(second, SectionName.LESSONS, "Two.", "Bo"))
        section = drafted(third).section(SectionName.LESSONS)
        assert section.written
        assert (section.written.author, [each.text for each in section.earlier]) == ("Bo", ["One."])

    def test_action_items_are_lines(self) -> None:
        """What, who, until when; a box before it is left out."""
        items = read("- [ ] Alert on 401 | payments | 2026-12-01\nAsk the partner\n\n")
        assert [(item.what, item.owner, item.due) for item in items] == [
            ("Alert on 401", "payments", "2026-12-01"),
            ("Ask the partner", "nobody yet", "no date yet"),
        ]

    @pytest.mark.parametrize("text", [" \n", "x" * 50_001])
    def test_no_text_and_an_endless_one_are_refused(self, text: str) -> None:
        """In a sentence."""
        with pytest.raises(ValueError, match="section"):
            write(MemoryBook(), facts(), SectionName.SUMMARY, Act("Ana", text))


class TestDue:
    def test_it_is_due_48_hours_after_the_end(self) -> None:
        """In the incident's JSON, too."""
        one = incident()
        assert due_at(one) == at(80 + 48 * 3600)
        assert IncidentJson.of(one).postmortem_due_at == due_at(one)

    def test_its_thread_is_reminded_once_while_nobody_writes(self) -> None:
        """A day before it is due."""
        told = incident()
        day_later = at(80 + 24 * 3600 + 60)
        assert not reminder_due(told, at(3600))
        assert reminder_due(told, day_later)
        assert not reminder_due(written_by_somebody(told), day_later)
        assert "is due by 10:03 UTC on 24 Nov" in Writer("https://t").reminder(told).text
        assert owed(told, day_later, updates=False) is None  # nobody was told of its opening


def written_by_somebody(one: Incident) -> Incident:
    event = Event(one.id, "w", at(300), Kind.WRITTEN, "Ana", "x", '{"section": "summary", "seen": []}')
    return replace(one, timeline=(*one.timeline, event))


class TestHostile:
    def test_telemetry_and_authors_are_harmless_in_markdown_and_html(self) -> None:
        """No markup, link or table row of theirs; what can't be seen is written out."""
        given = facts(incident((Kind.NOTE, HOSTILE, HOSTILE)), hit(HOSTILE), change=HOSTILE)
        document = drafted(replace(given, incident=written(given, SectionName.SUMMARY, HOSTILE)))
        page, text = html(document), md(document)
        assert "<script" not in page
        assert "\u202e" not in page + text
        assert "[U+202E]" in page
        assert "\x00" not in page + text
        assert "<script" not in text.replace("\\<script", "")
        assert not re.search(r"(?<!\\)\]\(http", text)
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        assert all(len(re.findall(r"(?<!\\)\|", row)) in {4, 5, 8} for row in rows)

    def test_figures_are_well_formed_whatever_names_say(self) -> None:
        """An XML parser reads them."""
        given = facts()
        assert given.series
        odd = replace(given, series=replace(given.series, name=HOSTILE))
        for figure in drafted(odd).figures:
            assert ElementTree.fromstring(figure.svg).tag.endswith("svg")

    @pytest.mark.parametrize("text", ["1. x", "- x", "# x", "a*b*c", "https://x.example", "a@b.example"])
    def test_markdown_reads_as_written(self, text: str) -> None:
        """Every sign that means something is escaped, and only that."""
        assert escaped(text) != text
        assert escaped(text).replace("\\", "") == text
        assert escaped("49.90 EUR (usually 3)") == "49.90 EUR (usually 3)"


class TestRedaction:
    def test_no_id_and_nobody_is_told(self) -> None:
        """In no section, figure or author's text, whichever way it is spelled; figures stay."""
        note = (
            "K/17@é (K%2F17%40%C3%A9) wrote from ana@shop.example, +49 30 1234567, 10.0.0.7, 4111 1111 1111 1111, o-99"
        )
        given = facts(
            incident((Kind.NOTE, "Ana Gómez", note)), hit("K/17@é", order="o-99"), hit("3", Outcome.RECOVERED, "o-1000")
        )
        given = replace(given, incident=written(given, SectionName.SUMMARY, "Customer 3 and K/17@é", "Ana Gómez"))
        document = blind(given)
        whole = document.model_dump_json() + md(document) + html(document)
        for id_ in (
            "K/17@é",
            "K%2F17",
            "o-99",
            "o-1000",
            "ana@shop.example",
            "Ana Gómez",
            "10.0.0.7",
            "4111",
            "1234567",
        ):
            assert id_ not in whole
        assert "3 customers hit" in md(document)  # a figure, though a customer is called 3
        summary = document.section(SectionName.SUMMARY).written
        assert summary
        assert re.fullmatch(r"Customer customer-\w{10} and customer-\w{10}", summary.text)

    def test_pseudonyms_are_stable_and_need_the_secret(self) -> None:
        """The same in every export, another under another key, another for an order of the same name."""
        one, other = Pseudonyms(KEY), Pseudonyms(b"x" * 32)
        assert one.of("customer", "c-17") == Pseudonyms(KEY).of("customer", "c-17")
        assert one.of("customer", "c-17") not in {other.of("customer", "c-17"), one.of("order", "c-17")}

    def test_times_and_versions_are_no_addresses(self) -> None:
        """What only looks like one stays."""
        hide = redaction(facts(), KEY)
        said = "10:02:15 UTC, payment 2.4.0, 2026-11-22, 18,211.40 EUR, 4111 1111 1111 1112"
        assert hide.free(said) == said

    def test_what_is_new_since_is_known_under_pseudonyms_too(self) -> None:
        """Nothing is called new because its name is another."""
        given = facts(incident((Kind.NOTE, "Ana", "c-17 called")))
        given = replace(given, incident=written(given, SectionName.TIMELINE, "As it was."))
        assert blind(given).section(SectionName.TIMELINE).added == []


def test_incidents_long_over_come_back_when_their_postmortem_is_due() -> None:
    """Looked for every five minutes; those of the pass are told in any case."""
    told: list[list[str]] = []
    book = MemoryBook()
    one = incident()
    book.write([*one.timeline])
    reminding = Reminding(book, lambda incidents, now: told.append([each.id for each in incidents]))
    day_later = at(80 + 24 * 3600 + 60)
    for seconds in (0, 10, 301):
        reminding([], day_later + timedelta(seconds=seconds))
    assert told == [[one.id], [], [one.id]]


def test_the_reminder_is_sent_to_the_thread() -> None:
    """After the opening was told; then it is not due again."""

    def sent(*whats: str) -> Incident:
        return replace(incident(), messages=tuple(Message(what, at(200), "w", digest="d") for what in whats))

    day_later = at(80 + 24 * 3600 + 60)
    due = owed(sent("opened.0", "resolved.0"), day_later, updates=False)
    assert due
    assert (due.what, due.how) == ("postmortem.0", How.REMINDER)
    assert owed(sent("opened.0", "resolved.0", "postmortem.0"), day_later, updates=False) is None
