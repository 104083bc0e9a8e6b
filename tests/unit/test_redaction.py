"""What a stranger may see: no id and no name, whichever way its letters are written, in any script."""

import re
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postmortems import SUSPECT, facts, hit, incident
from tests.symptoms import Passes, at, gateway_errors
from triage.incident.fold import TICK
from triage.incident.model import US, Event, Kind, Person, Tick
from triage.model import Evidence, Outcome
from triage.postmortem.draft import drafted
from triage.postmortem.facts import Facts
from triage.postmortem.html import html
from triage.postmortem.markdown import markdown
from triage.postmortem.model import ResultJson, VerificationJson
from triage.postmortem.redaction import CUSTOMER, PERSON, Pseudonyms, Redaction, redacted, redaction
from triage.postmortem.spelling import plain
from triage.postmortem.verification import verdict
from triage.postmortem.writing import LONGEST
from triage.symptom import Cause

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


def test_what_speaks_for_and_against_a_suspect_may_name_a_customer() -> None:
    """Each of the sentences, and the change itself."""
    suspect = replace(
        SUSPECT,
        what="deploy for c-17",
        because="only c-17 was hit",
        for_=("since it c-17 fails",),
        against=("c-17 failed before",),
    )
    whole = exported(facts(incident(suspect=suspect), hit("c-17")))
    assert "c-17" not in whole
    assert re.search(r"deploy for customer-\w{10}", whole)


def test_a_label_may_name_a_customer() -> None:
    """Such as an operation with an id in its path."""
    passes = Passes()
    labels = {"gateway": "gateway", "operation": "GET /customers/c-17"}
    passes.looks(30, 80, replace(gateway_errors(), labels=labels))
    assert "c-17" not in exported(facts(passes.only, hit("c-17")))


def test_the_title_of_the_opening_may_name_a_customer() -> None:
    """Though the incident is called something else now."""
    passes = Passes()
    labels = {"gateway": "gateway", "operation": "GET /customers/c-17"}
    passes.look(30, replace(gateway_errors(), labels=labels))
    passes.look(70, gateway_errors(cause=Cause.BAD_DEPLOY))
    assert "c-17" in passes.only.timeline[0].details
    assert "c-17" not in passes.only.title
    whole = exported(facts(passes.only, hit("c-17")))
    assert "c-17" not in whole
    assert re.search(r"was opened: .*customer-\w{10}", whole)


def test_whose_an_incident_is_is_not_told() -> None:
    """Neither by their name, where they had a hand in it, nor by their id in Slack."""
    one = incident((Kind.NOTE, "Bo Quist", "on it"))
    owner = Person("Bo Quist", "U024BE7LH")
    whole = exported(facts(replace(one, answer=replace(one.answer, service_owner=owner))))
    assert not [each for each in ("Bo Quist", "U024BE7LH") if each in whole]


def test_what_is_said_to_a_step_is_what_others_wrote() -> None:
    """It may name a customer, and the author of another event."""
    one = incident((Kind.NOTE, "Bo Quist", "on it"))
    said = TICK.dump_json(Tick(True, "c-17 and Bo Quist called")).decode()
    tick = Event(one.id, "step", at(110), Kind.STEP, "Ana", "call the partner", said)
    whole = exported(facts(replace(one, timeline=(*one.timeline, tick)), hit("c-17")))
    assert "Done: call the partner – customer-" in whole
    assert "c-17" not in whole
    assert "Quist" not in whole


def test_a_long_number_is_an_id_in_our_sentences_too() -> None:
    """From five digits on; a shorter one is a figure."""
    said = "customer 12345 fails in 1234 ms"
    hide = Redaction(Pseudonyms(KEY), dict.fromkeys(("1234", "12345"), CUSTOMER), (said,))
    assert re.fullmatch(r"customer customer-\w{10} fails in 1234 ms", hide.own(said))


def test_what_another_systems_alert_says_is_what_others_wrote() -> None:
    """A short number is an id in its sentence, the title, the timeline and a check, and a figure in what we say."""
    alert = replace(gateway_errors(), detector="CheckoutDown", subject={"alert": "am/1", "service": "payment"})
    passes = Passes()
    passes.looks(0, 60, replace(alert, sentence="Customer 4711 cannot pay (told by am)"))
    passes.looks(60, 200)
    result = ResultJson(name="detector-1", what="No such alert fires", status="fail", found="Customer 4711 cannot pay")
    found = VerificationJson(incident=passes.only.id, at=at(300), passed=False, checks=[result])
    text = verdict(found.checks)
    verified = Event(passes.only.id, "v", at(300), Kind.VERIFIED, "Bo", text, found.model_dump_json())
    one = replace(passes.only, timeline=(*passes.only.timeline, verified))
    assert "4711" in one.title
    whole = exported(facts(one, hit("4711")))
    assert "4711" not in whole
    assert re.search(r"Customer customer-\w{10} cannot pay \(told by am\)", whole)
    assert "31 % of POST" in exported(facts(None, hit("31")))


@pytest.mark.parametrize(
    ("others_write", "secret"),
    [
        ("client 203.0.113.9:51234 was refused", "203.0.113.9"),
        ("client:203.0.113.9", "203.0.113.9"),
        ("from ::ffff:203.0.113.9, too", "113.9"),
        ("from ::ffff:203.0.113.9:443, too", "113.9"),
        ("10:02:15:203.0.113.9", "203.0.113.9"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("GET /login?email=maria%40example.org", "maria"),
        ("cart_c-17", "c-17"),
        ("session:c-17_x", "c-17"),
        ("order_o-1", "o-1"),
        ("by_Bo_himself", "Bo"),
        ("tel:+493090182055", "3090182055"),
        ("call +49 (0)30 9018 2055", "9018"),
        ("call (030) 901820 55", "901820"),
        ("call 555-867-5309", "867"),
        ("call (555) 867-5309.", "867"),
        ("call (555) 867 5309.", "867"),
        ("call 1-800-867-5309", "867"),
        ("call 1 (800) 867-5309", "867"),
        ("call 1 800 867 5309", "867"),
        ("call 06 12 34 56 78: nobody there", "34"),
        ("call 06.12.34.56.78", "34"),
        ("call 0612345678", "345"),
        ("call 06-12345678", "345"),
        ("call 02 123 45 67", "123"),
        ("call 079/123.45.67", "123"),
        ("tel:0171 1234567", "345"),
        ("call 0171\u00a01234567", "345"),
        ("call +33\u00a06\u202f12\u202f34\u202f56\u202f78", "34"),
        ("call +33  (0) 6 12 34 56 78", "34"),
        ("call 00 33 6 12 34 56 78", "34"),
        ("call +49\u2011171\u20111234567", "345"),
        ("call 0171 / 1234567", "345"),
        ("call 030 / 901820", "9018"),
        ("call (030) / 901820", "9018"),
        ("call 0171 - 1234567", "345"),
        ("call 0171 – 1234567", "345"),
        ("call 0171–1234567", "345"),
        ("call +49 171 – 1234567", "345"),
        ("Tel.0171 1234567", "345"),
        ("TEL.01711234567", "345"),
        ("GET /call?to=%2B491711234567", "345"),
        ("card 4111\u00a01111\u00a01111\u00a01111", "1111"),
    ],
)
def test_what_is_personal_is_found_beside_other_signs(others_write: str, secret: str) -> None:
    """A port, a scheme, an underscore, brackets, or an address's spelling in a query string."""
    assert secret not in redaction(facts(incident((Kind.NOTE, "Bo", others_write))), KEY).free(others_write)


@pytest.mark.parametrize(
    "text",
    [
        "left-pad@1.3.0, deployed as payment@2.4.0-rc.1",
        "payment@2.4.0-rc.beta, payment@v2.4.0-rc.beta, checkout@1.2.x and cart@1.x",
        "Main :: error",
        "listens on 0.0.0.0",
        "on 05-11-2026 10:02:33, 05.11.2026 10:02 and 2026-05-11 10:02:33",
        "on 05/11/2026 10:02:33, or 01.02.26 10:22",
        "0930 – 1015, 0930 - 2026-11-22 10:02, (01) – 22.11.2026 10:02 and 012 / 0930 12 items",
        "by +3 – 2026-11-22, 0.25 – 0.50 s, 120–180 1200 times, and 012 / 450 of 1200",
        "offset 0000012345678",
        "by +0.123456789",
        "uuid 12345678-1234-1234-1234-123456789012",
    ],
)
def test_what_only_looks_a_little_personal_stays(text: str) -> None:
    """Versions of packages, scopes of names, times and figures."""
    assert redaction(facts(), KEY).free(text) == text


def test_a_version_of_four_parts_is_no_address() -> None:
    """Where a change or a symptom names it; an address beside it is replaced."""
    note = "2.4.0.1 is bad, 2.4.0.0 was not, said 203.0.113.9"
    passes = Passes()
    passes.looks(30, 80, replace(gateway_errors(), because="all are of 2.4.0.0", labels={"version": "2.4.0.0"}))
    one = replace(passes.only, suspects=(replace(SUSPECT, what="deploy of payment 2.4.0.1"),))
    event = Event(one.id, "n", at(100), Kind.NOTE, "Bo", note)
    given = facts(replace(one, timeline=(*one.timeline, event)))
    told = replace(given.changes[0], version="2.4.0.1", title="payment@2.4.0.1")
    whole = exported(replace(given, changes=(told,)))
    assert re.search(r"2\.4\.0\.1 is bad, 2\.4\.0\.0 was not, said ip-\w{10}", whole)
    assert all(said in whole for said in ("deploy of payment 2.4.0.1", "payment@2.4.0.1", "all are of 2.4.0.0"))


def test_who_presses_a_button_in_slack_is_the_one_whom_others_name() -> None:
    """Without a word of Slack, and by the same pseudonym."""
    note = "anna.s rolled back, thanks @anna.s; anna.s (Slack) has it"
    whole = exported(facts(incident((Kind.ACKNOWLEDGED, "anna.s (Slack)", ""), (Kind.NOTE, "Bo", note))))
    assert "anna" not in whole
    assert re.search(r"(person-\w{10}) rolled back, thanks @\1; \1 has it", whole)
    assert len(set(re.findall(r"person-\w{10}", whole))) == 3  # with Bo, and who made the change


def test_a_long_text_without_a_blank_is_read_at_once() -> None:
    """As long as a section may be: what once took half a minute, in which nobody else was served."""
    hide = redaction(facts(), KEY)
    for text in (
        "a" * LONGEST,
        "a.a@" + "a." * (LONGEST // 2),
        "a%40" * (LONGEST // 4),
        "0 1" * (LONGEST // 3),
        "06." * (LONGEST // 3),
        "a.a@1." * (LONGEST // 6),
        "1 (" * (LONGEST // 3),
    ):
        began = time.process_time()
        hide.free(text)
        assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("customer", "errors"),
    [
        ("c-17", ("customer C-17 unknown", "customer c-17 unknown")),
        ("K/17", ("GET /customers/K%2F17: refused", "GET /customers/K/17: refused")),
    ],
)
def test_errors_that_only_differ_in_how_a_name_is_written_stay_two(customer: str, errors: tuple[str, str]) -> None:
    """Each with its own trace, in a redacted export as in another."""
    spans = tuple(Evidence(f"{n}" * 32, "01", at(n), "payment", "POST /charge", each) for n, each in enumerate(errors))
    whole = exported(facts(None, replace(hit(customer), evidence=spans)))
    assert len(re.findall(r"“[^”]*customer-\w{10}[^”]*” at payment: 1 of 2 looked at", whole)) == 2 * 3


@pytest.mark.parametrize("customer", ["update", "details", "opened"])
def test_a_customer_may_be_called_like_a_message_of_ours(customer: str) -> None:
    """The timeline tells of the same messages."""
    one = incident()
    told = Event(one.id, "n", at(40), Kind.NOTIFIED, US, f"{customer}.0")
    given = facts(replace(one, timeline=(*one.timeline, told)), hit(customer))
    assert exported(given).count("Told of it") == exported(replace(given, customers=())).count("Told of it")


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
    note = "Banana, Anaïs, ana2"
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
