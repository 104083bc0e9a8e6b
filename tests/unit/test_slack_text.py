"""What a message says: one look suffices, and telemetry in it is harmless."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.symptoms import T0, Passes, at, gateway_errors, other
from triage.incident.model import Event, Impact, Incident, Kind, Person, State, Suspect
from triage.model import Question
from triage.slack.text import Said, Writer, mention
from triage.symptom import Cause

WRITER = Writer("https://triage.shop.example", buttons=True)


def incident() -> Incident:
    passes = Passes()
    passes.look(30, gateway_errors())
    suspect = Suspect("deploy of payment 2.4.0", "c-1", at(-60), 0.91, "1 minute before the first failure")
    checks = "▲ gateway errors 12.4 % (usually 0–0.3 %) · latency as usual · ▲ conversion 1.9 % (usually 3.1–3.4 %)"
    return replace(passes.only, impact=Impact(at(30), 214, 170, 24, 20), suspects=(suspect,), checks=checks)


def test_one_look_suffices() -> None:
    """What is wrong, how many are hit, why probably, who must act, what to do first, and where to look."""
    lines = WRITER.main(incident()).text.split("\n")
    assert lines == [
        "● 5xx at the gateway: 31 % of POST /checkout since 10:02 (usually 0.2 %)",
        "214 customers hit, 170 not recovered",
        "▲ gateway errors 12.4 % (usually 0–0.3 %) · latency as usual · ▲ conversion 1.9 % (usually 3.1–3.4 %)",
        "Probably deploy of payment 2.4.0 at 10:01 · Owner platform on-call, for payment: payments",
        "First: Open the circuit breaker to the failing service, or route to the monolith",
        f"https://triage.shop.example/incidents/{incident().id}?from=2026-11-22T09%3A57%3A00Z&to=2026-11-22T10%3A07%3A00Z",
    ]
    assert len(lines[0]) <= 100


def test_a_count_that_is_not_exact_is_the_least() -> None:
    """And says so."""
    said = WRITER.main(replace(incident(), impact=Impact(at(30), 7, 7, 0, 0, exact=False)))
    assert said.text.split("\n")[1].startswith("at least 7 customers hit")


def test_of_whom_nothing_failed_nobody_got_through_since() -> None:
    """Customers on wrong rows, or whom a fallback saved, have noticed nothing."""
    said = WRITER.main(replace(incident(), impact=Impact(at(30), 7, 0, 0, 7)))
    assert said.text.split("\n")[1] == "7 customers hit, none has noticed"


def test_whom_slowness_hit_got_through() -> None:
    """They waited, and have had a quick answer since or not; one span is not called several."""
    passes = Passes()
    question = Question(T0, at(30), service="checkout", slower_than_ms=2_000)
    passes.look(30, other("slow_checkout", {"partner": "erp"}, "erp", question=question))
    for impact, said in (
        (Impact(at(30), 7, 0, 7, 0), "7 customers hit, all have had a quick answer since"),
        (Impact(at(30), 0, 0, 0, 0, unattributed_failures=1), "No customer can be named for 1 slow span"),
    ):
        assert WRITER.main(replace(passes.only, impact=impact)).text.split("\n")[1] == said
    unnamed = replace(incident(), impact=Impact(at(30), 0, 0, 0, 0, unattributed_failures=1))
    assert WRITER.main(unnamed).text.split("\n")[1] == "No customer can be named for 1 failure"


def test_sums_are_told_as_everywhere() -> None:
    """To the cent, by currency; what a currency is called is hostile text."""
    risk = {"EUR": Decimal("187.5"), "GBP": Decimal("9.95"), "<!here>\n": Decimal(1)}
    said = WRITER.main(replace(incident(), impact=Impact(at(30), 2, 2, 0, 0, amount_at_risk=risk)))
    assert said.text.split("\n")[1].endswith("1.00 &lt;!here&gt; + 187.50 EUR + 9.95 GBP at risk")


def test_what_is_over_is_told_in_the_past() -> None:
    """The title of a resolved incident says from when to when; nothing is to be done first any more."""
    lines = WRITER.main(replace(incident(), state=State.RESOLVED, ended=at(720))).text.split("\n")
    told = "○ 5xx at the gateway: at worst 31 % or more of POST /checkout from 10:02 to 10:14 (usually 0.2 %)"
    assert lines[0] == f"{told} – resolved, it lasted 12 minutes"
    assert not any(line.startswith("First:") for line in lines)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (30, "resolved, it lasted 30 s"),
        (351, "resolved, it lasted 5 min 51 s"),
        (6_000, "resolved, it lasted 1 h 40 min"),
        (5_917_680, "resolved, it lasted 68 d 11 h"),
    ],
)
def test_how_long_it_lasted_is_told_in_units_that_suit(seconds: float, told: str) -> None:
    """Days are not told in minutes."""
    said = WRITER.main(replace(incident(), state=State.RESOLVED, ended=at(seconds)))
    assert said.text.split("\n")[0].endswith(f" – {told}")


def test_the_reminder_links_to_the_postmortem() -> None:
    """As a link of ours, since a bare address in a verbatim text is none; in plain text as the address."""
    resolved = replace(incident(), state=State.RESOLVED, ended=at(720), resolved_at=at(720))
    said = WRITER.reminder(resolved)
    page = f"https://triage.shop.example/incidents/{resolved.id}/postmortem?"
    (block,) = json.loads(json.dumps(said.blocks))
    assert f"<{page}" in block["text"]["text"]
    assert block["text"]["text"].endswith("|postmortem>")
    assert f" {page}" in said.text


def test_telemetry_in_it_is_harmless() -> None:
    """No link, no mention, no broken markup: three characters are escaped, and nothing is made a link by itself."""
    hostile = "<!channel> <https://evil.example|click> & *bold*"
    passes = Passes()
    passes.look(30, replace(gateway_errors(hostile), labels={"operation": hostile}, sentence=hostile))
    suspect = Suspect(hostile, "c-1", at(-60), 0.91, hostile)
    suspected = replace(passes.only, suspects=(suspect,))
    for said in (WRITER.main(suspected), WRITER.details(suspected), WRITER.escalation(suspected)):
        shown = json.dumps(said.as_json(), default=list)
        assert "<!channel>" not in shown
        assert "<https://evil" not in shown
        assert "&lt;!channel&gt;" in shown
        texts = [block["text"] for block in json.loads(shown)["blocks"] if block["type"] == "section"]
        assert all(text["verbatim"] for text in texts)


def test_a_link_of_the_runbook_ends_where_it_ends() -> None:
    """A bar in its address would begin the title."""
    one = incident()
    linked = replace(one, answer=replace(one.answer, links=(("graphs", "https://grafana.example/d?a=b|c"),)))
    assert "<https://grafana.example/d?a=b%7Cc|graphs>" in json.dumps(WRITER.main(linked).as_json(), default=list)


def test_buttons_are_there_as_long_as_they_mean_something() -> None:
    """Acknowledge of an open one, Mitigated until it is."""
    one = incident()
    assert [each["action_id"] for each in json.loads(json.dumps(WRITER.main(one).blocks[-1]))["elements"]] == [
        "acknowledge",
        "mitigate",
    ]
    assert "actions" not in json.dumps(Writer("x").main(one).as_json(), default=list)


def test_who_acknowledged_it_is_who_did_so_last() -> None:
    """Also by a mitigation; whoever did before somebody opened it again has no part in it."""
    passes = Passes()
    passes.look(30, gateway_errors())
    for seconds, kind, author, text, says in (
        (40, Kind.ACKNOWLEDGED, "ana", "", "acknowledged by ana"),
        (50, Kind.RESOLVED, "ana", "", "resolved"),
        (60, Kind.REOPENED, "cid", "", ""),
        (70, Kind.MITIGATED, "bob", "", "mitigated by bob"),
        (80, Kind.RESOLVED, "bob", "", "resolved"),
        (90, Kind.REOPENED, "triage", State.ACKNOWLEDGED, "acknowledged by bob"),
    ):
        passes.book.write([Event(passes.only.id, f"{kind}.{seconds}", at(seconds), kind, author, text)])
        first, *_ = WRITER.main(passes.only).text.split("\n")
        assert first.partition(" – ")[2].partition(",")[0] == says


def test_a_slack_id_rings_and_a_name_is_read() -> None:
    """People's and groups' ids; anything else as it is, escaped."""
    assert mention(Person("Ana", "U024BE7LH")) == "<@U024BE7LH>"
    assert mention(Person("Pay", "S0614TZR7")) == "<!subteam^S0614TZR7>"
    assert mention(Person("Pay & co", "pay")) == "Pay &amp; co"
    assert mention(Person("Ana", "U024BE7LH> <!channel")) == "Ana"
    assert mention(None) == ""


def test_what_nobody_can_know_is_unknown() -> None:
    """Of silence, and of an alert that names no service, nobody can say whom it hit; of failures it is none so far."""
    silent = other("no_data", {"service": "*"}, unit="min", value=5, usual=0.0, cause=Cause.SENDER_SILENT)
    for symptom, said in (
        (silent, "Whether customers are hit is unknown"),
        (other("DiskFull", {"alert": "a/1"}), "Whether customers are hit is unknown"),
        (gateway_errors(), "No customer hit so far"),
    ):
        passes = Passes()
        passes.look(30, symptom)
        first, hit, *_ = WRITER.main(replace(passes.only, impact=Impact(at(30), 0, 0, 0, 0))).text.split("\n")
        assert hit == said
        assert ("usually" in first) is (symptom is not silent)
        assert ", for : " not in WRITER.main(passes.only).text


def test_the_details_begin_with_the_steps_and_are_whole() -> None:
    """Of many symptoms the first are told, and how many more there are; the partner's owner is to be told."""
    passes = Passes()
    partners = [other("partner_integration", {"partner": f"psp-{n}"}, "payment", because="x" * 900) for n in range(13)]
    passes.look(30, *(replace(each, sentence="fails " * 100, cause=Cause.TOKEN_EXPIRED) for each in partners))
    said = WRITER.details(passes.only)
    assert said.text.startswith("Do first\n1. Rotate the partner's token")
    assert "\nTell also: the partner's SLA owner\n" in said.text
    assert said.text.endswith("\nand 7 more")
    assert said.text.replace("\n", "") == "".join(block_texts(said)).replace("*", "").replace("\n", "")


def test_a_short_wait_is_told_in_seconds() -> None:
    """Nobody waited for 0 min."""
    one = incident()
    said = WRITER.escalation(replace(one, answer=replace(one.answer, escalate_after_s=20)))
    assert said.text.startswith("▲ Nobody has acknowledged this for 20 s. ")


def test_whoever_is_asked_at_the_beginning_of_a_sentence_is_written_so() -> None:
    """Whatever the runbook calls them; a mention stays one."""
    resolved = replace(incident(), state=State.RESOLVED, ended=at(720), resolved_at=at(720))
    assert ". Head of engineering: please see that" in WRITER.escalation(incident()).text
    assert ". Payments: please finish it." in WRITER.reminder(resolved).text
    named = replace(resolved.answer, service_owner=Person("payments", "U012ABCDEF"))
    assert ". <@U012ABCDEF>: please finish it." in WRITER.reminder(replace(resolved, answer=named)).text


def test_signs_of_formatting_are_read_and_not_obeyed() -> None:
    """A path keeps its star; what an alert strikes through or calls code is not shown so. What the runbook marks is."""
    passes = Passes()
    passes.look(30, replace(gateway_errors(), labels={"gateway": "gateway", "operation": "~GET~ `/api/*`"}))
    one = replace(passes.only, answer=replace(passes.only.answer, mitigation=("Run `undo`",)))
    said = WRITER.main(one)
    assert "31 % of ~GET~ `/api/*` since 10:02" in said.text
    first, *_ = block_texts(said)
    assert first.startswith("● *5xx at the gateway: 31 % of ∼GET∼ ˋ/api/∗ˋ since 10:02*")
    assert first.endswith("First: Run `undo`")


def block_texts(said: Said) -> list[str]:
    blocks = json.loads(json.dumps(said.blocks))
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def test_a_message_fits_into_slack() -> None:
    """However long the texts are."""
    passes = Passes()
    passes.look(
        30, *(replace(gateway_errors(f"s{n}"), sentence="x" * 5000, services=frozenset({"all"})) for n in range(30))
    )
    blocks = json.loads(json.dumps(WRITER.details(passes.only).blocks))
    assert all(len(block["text"]["text"]) < 3000 for block in blocks)
