"""What a stranger may see: no id and no name, whichever way its letters are written, in any script."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postmortems import facts, hit, incident
from tests.symptoms import Passes, gateway_errors
from triage.incident.model import Kind
from triage.model import Outcome
from triage.postmortem.draft import drafted
from triage.postmortem.facts import Facts
from triage.postmortem.html import html
from triage.postmortem.markdown import markdown
from triage.postmortem.redaction import CUSTOMER, PERSON, Pseudonyms, Redaction, redacted, redaction
from triage.postmortem.spelling import plain

KEY = b"k" * 32
LETTERS = [
    *"aAiIsSkKıİſßẞKΣσςÄéŁᾳŉﬁ가각日1",
    *"-.'\\\ud800",
    "s\u0307",
    "i\u0307",
    "a\u0323\u0301",
    "a\u0301\u0323",
    "α\u0345\u0301",
]
HOSTILE = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=6).map("".join)
"""Of letters that change their number, their case or their order when they are compared without regard to it."""
BESIDE = st.sampled_from([" ", ", ", "\n", "(", "»"])


def exported(given: Facts) -> str:
    """Every format of a redacted export but PDF, as one text."""
    hide = redaction(given, KEY)
    document = drafted(given, redacted(given, hide), hide.free)
    return document.model_dump_json() + markdown(document, lambda figure: f"{figure.name}.svg") + html(document)


def written_ways(text: str) -> set[str]:
    """The text as somebody may write it who means the same."""
    ways = {text, text.upper(), text.lower(), text.title(), text.casefold(), text.swapcase()}
    return ways | {unicodedata.normalize(form, way) for way in ways for form in ("NFC", "NFD")}


@pytest.mark.parametrize(
    ("name", "others_write"),
    [
        ("Jürgen Groß", "JÜRGEN GROSS"),
        ("Jürgen Groß", "Ju\u0308rgen Groß"),
        ("Jürgen Groß", "Jurgen Gross"),
        ("Jürgen Groß", "Jürgen\nGroß"),
        ("ibrahim", "İbrahim"),
        ("Irmak", "ırmak"),
        ("İREM", "irem"),
        ("Kelvin Stoß", "\u212aelvin Stoß"),
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("maſt", "MAST"),
    ],
)
def test_a_person_is_not_told_whichever_way_their_name_is_written(name: str, others_write: str) -> None:
    """Neither as the author of a section or a note, nor in another's words; and all of it is one pseudonym."""
    text = f"asked {others_write} and {name}."
    one = incident((Kind.NOTE, name, "on it"), (Kind.NOTE, others_write, "me too"), (Kind.NOTE, "Bo", text))
    event = replace(one.timeline[-1], kind=Kind.WRITTEN, author=name, details='{"section": "lessons", "seen": []}')
    given = facts(replace(one, timeline=(*one.timeline, event)))
    whole = exported(given)
    assert not [each for each in (name, others_write, *name.split()) if re.search(rf"\b{re.escape(each)}\b", whole)]
    assert re.search(r"asked (person-\w{10}) and \1\.", whole)
    assert re.search(r"Added since person-\w{10} wrote this", whole)


@pytest.mark.parametrize("others_write", ["Straße-17", "STRASSE-17", "Stra%C3%9Fe-17", "stra%c3%9fe-17", "xStraße-17x"])
def test_a_customers_id_is_not_told_whichever_way_it_is_written(others_write: str) -> None:
    """In a note, in a query string or within a word."""
    whole = exported(facts(incident((Kind.NOTE, "Bo", f"looked at {others_write} twice")), hit("Straße-17")))
    assert others_write not in whole
    assert re.search(r"looked at x?customer-\w{10}x? twice", whole)


def test_an_id_that_json_or_python_would_escape_is_found() -> None:
    """In what a detector said, which is kept as JSON."""
    id_ = "K\\17'\"\té"
    passes = Passes()
    passes.looks(30, 80, replace(gateway_errors(), because=f"all of {id_} fail", sentence="5xx"))
    given = facts(passes.only, hit(id_))
    hide = redaction(given, KEY)
    assert re.fullmatch(r"all of customer-\w{10} fail", redacted(given, hide).incident.symptoms[0].symptom.because)


def test_what_others_call_an_alert_may_name_a_customer() -> None:
    """The name stands where a detector's would."""
    passes = Passes()
    passes.looks(30, 80, replace(gateway_errors(), detector="Shop c-17 is down", subject={"alert": "am/1"}))
    whole = exported(facts(passes.only, hit("c-17")))
    assert "c-17" not in whole
    assert re.search(r"detector Shop customer-\w{10} is down", whole)


def test_an_address_with_accents_in_two_pieces_is_replaced_whole() -> None:
    """Both before and after its sign."""
    assert re.fullmatch(r"of email-\w{10}", redaction(facts(), KEY).free("of ju\u0308rgen@mu\u0308ller.example"))


def test_each_of_two_ids_that_differ_in_case_alone_keeps_its_own_pseudonym() -> None:
    """In a text as in the table; the same letters in yet another case are one of the two."""
    given = facts(incident((Kind.NOTE, "Bo", "AB-1 ab-1 aB-1")), hit("ab-1"), hit("AB-1", Outcome.RECOVERED))
    given = replace(given, customers=(hit("AB-1"), hit("ab-1")))
    hide = redaction(given, KEY)
    upper, lower = (Pseudonyms(KEY).of(CUSTOMER, each) for each in ("AB-1", "ab-1"))
    assert hide.free("AB-1 ab-1 aB-1").split()[:2] == [upper, lower]
    assert hide.free("AB-1 ab-1 aB-1").split()[2] in {upper, lower}


def test_what_only_begins_like_a_name_stays() -> None:
    """A name is a whole word, with its accents."""
    note = "Banana, Anaïs, ana_b"
    hide = redaction(facts(incident((Kind.NOTE, "Ana", note))), KEY)
    assert hide.free(note) == note


@given(st.sets(HOSTILE, min_size=1, max_size=4), st.data())
def test_nothing_leaks_and_nothing_fails_whatever_ids_are_made_of(ids: set[str], data: st.DataObject) -> None:
    """Each is replaced where it stands for itself, in every way in which somebody who means it may write it."""
    said = data.draw(st.sampled_from(sorted(way for id_ in ids for way in written_ways(id_))))
    assert_replaced(ids, said, data.draw(BESIDE), data.draw(BESIDE))


@given(st.sets(st.text(min_size=1, max_size=6), min_size=1, max_size=4), st.data())
def test_an_id_of_any_signs_is_replaced(ids: set[str], data: st.DataObject) -> None:
    """Where it is written as it is."""
    assert_replaced(ids, data.draw(st.sampled_from(sorted(ids))), data.draw(BESIDE), data.draw(BESIDE))


def assert_replaced(ids: set[str], said: str, before: str, after: str) -> None:
    text = f"said{before}{said}{after}over"
    hide = Redaction(Pseudonyms(KEY), dict.fromkeys(ids, PERSON), (text,))
    left = hide.free(text)
    assert said.isspace() or re.search(r"(person|email|ip|card|phone)-[a-z2-7]{10}", left)
    assert not [id_ for id_ in ids if not id_.isspace() and re.search(rf"(?<!\w){re.escape(id_)}(?!\w)", left)]


@given(st.text(max_size=30))
def test_a_text_without_ids_is_untouched(text: str) -> None:
    """Whatever is in it."""
    hide = Redaction(Pseudonyms(KEY), {"nobody-0000001": CUSTOMER}, (text, "nobody-0000001"))
    assert hide.own(text) == Redaction(Pseudonyms(KEY), {}).own(text)


@given(st.text("ab ßİ\u0301\u0345가é", max_size=12))
def test_each_letter_knows_where_it_stands(text: str) -> None:
    """Its place is within the text, and later letters stand no earlier."""
    found = plain(text)
    assert len(found.places) == len(found.text) + 1
    assert found.places[-1] == len(text)
    assert list(found.places) == sorted(found.places)
