"""What a message says: what is wrong, how many are hit, why probably, who must act, what to do first, where to look.

As Slack's blocks, and as plain text that makes sense read aloud or cut after a hundred characters. Whatever telemetry
says is escaped, and nothing in it becomes a link or a mention.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import quote, urlencode

from triage.detectors.no_data import no_data
from triage.incident.due import due_at
from triage.incident.impact import is_slow, tells_customers
from triage.incident.model import Answer, Impact, Incident, Kind, Person, State, Suspect
from triage.incident.naming import digest, naming, quantity
from triage.money import amounts
from triage.odd import one_line
from triage.pleading import between, lasted
from triage.window import format_time

Json: TypeAlias = "str | bool | Sequence[Json] | Mapping[str, Json]"

SIGNS = {State.OPEN: "●", State.ACKNOWLEDGED: "◐", State.MITIGATED: "◔", State.RESOLVED: "○"}
PERSON = re.compile(r"[UW][A-Z0-9]{6,20}")
GROUP = re.compile(r"S[A-Z0-9]{6,20}")
AROUND = timedelta(minutes=5)
LEAST_SUSPICION = 0.5
LONGEST = 2900  # Slack takes 3,000 characters in a text
MOST_SYMPTOMS, LONGEST_SENTENCE = 6, 200
"""What the details tell of what is wrong: it fits into a text."""
MARKUP = str.maketrans("*~`", "∗∼ˋ")
UNMARKED = {ord(like): ord(sign) for sign, like in zip("*~`", "∗∼ˋ", strict=True)}
WORDS = {"acknowledged": "Acknowledged", "mitigated": "Mitigated", "resolved": "Resolved", "reopened": "It is back"}
SEEN = frozenset({Kind.ACKNOWLEDGED, Kind.MITIGATED})
ACKNOWLEDGE, MITIGATE = "acknowledge", "mitigate"


@dataclass(frozen=True)
class Said:
    """A message: plain text, and the same as blocks."""

    text: str
    blocks: tuple[Json, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """As Slack is sent it."""
        return {"text": self.text, "blocks": self.blocks}

    @property
    def digest(self) -> str:
        """Alike for messages that say the same."""
        return digest(repr((self.text, self.blocks)))


@dataclass(frozen=True)
class Writer:
    """Writes messages whose links begin with `base_url`; with `buttons` where somebody hears them."""

    base_url: str
    buttons: bool = False

    def main(self, incident: Incident, *, lead: str = "") -> Said:
        """The message about an incident as it stands."""
        lines = [*([lead] if lead else []), *_lines(incident)]
        plain = _plain("\n".join([*lines, self.link(incident)]))
        blocks: list[Json] = [_section("\n".join(lines)), _section(self._links(incident))]
        if self.buttons and incident.state in {State.OPEN, State.ACKNOWLEDGED}:
            blocks.append(_buttons(incident))
        return Said(plain, tuple(blocks))

    def escalation(self, incident: Incident) -> Said:
        """Once more, to whom it escalates."""
        after = incident.answer.escalate_after
        waited = f" for {lasted(after)}" if after else ""
        whom = _begun(mention(incident.answer.escalate_to) or "somebody")
        lead = f"▲ Nobody has acknowledged this{waited}. {whom}: please see that it is acted on."
        return self.main(incident, lead=lead)

    def change(self, incident: Incident, what: str) -> Said:
        """Once more, to its owner: that it is worse (`what` is "worse"), or somebody else's."""
        whom = mention(incident.answer.owner) or "somebody"
        lead = f"▲ This has turned out to be for {whom}"
        if what == "worse":
            worst = next(each.symptom for each in incident.symptoms if each.symptom.severity == incident.severity)
            sentence = escape(one_line(worst.sentence, LONGEST_SENTENCE))
            lead = f"▲ This has become {incident.severity}: {sentence}. {_begun(whom)}"
        return self.main(incident, lead=f"{lead}: please see that it is acted on.")

    def details(self, incident: Incident) -> Said:
        """What stands in the thread: all the steps, the suspects and the evidence."""
        parts = ["\n".join(lines) for part in _details(incident) if (lines := list(part))]
        return Said(_plain("\n".join(parts)), tuple(_section(part) for part in parts))

    def thread(self, incident: Incident, what: str, *, alone: bool = False) -> Said:
        """A line in the thread about a change of state; `alone`, with all that the incident's own message can't say."""
        event = next((each for each in reversed(incident.timeline) if each.kind == what), None)
        who = "" if event is None or event.author == "triage" else f" by {escape(one_line(event.author))}"
        why = f": {escape(one_line(event.text, 500))}" if event and event.text and what != "reopened" else ""
        line = f"{WORDS.get(what, what)}{who}{why}"
        return self.main(incident, lead=line) if alone else _said(line)

    def reminder(self, incident: Incident) -> Said:
        """A line in the thread: when the postmortem is due, and where it is written."""
        due = due_at(incident)
        when = f" by {due:%H:%M} UTC on {due.day} {due:%b}" if due else ""
        owner = mention(incident.answer.service_owner or incident.answer.owner)
        whose = f" {_begun(owner)}: please finish it." if owner else ""
        page = self.link(incident, page=f"/incidents/{quote(incident.id, safe='')}/postmortem")
        what = f"The postmortem of {incident.id} is due{when}; its draft waits for an author.{whose}"
        return Said(_plain(f"{what} {page}"), (_section(f"{what} {_link(page, 'postmortem')}"),))

    def link(self, incident: Incident, page: str = "", anchor: str = "") -> str:
        """The page of an incident, or another page, with the window that it is about."""
        until = incident.ended or (incident.impact.at if incident.impact else incident.opened_at)
        window = {"from": format_time(_floor(incident.began - AROUND)), "to": format_time(_floor(until + AROUND))}
        path = page or f"/incidents/{quote(incident.id, safe='')}"
        return f"{self.base_url}{path}?{urlencode(window)}" + (f"#{anchor}" if anchor else "")

    def _links(self, incident: Incident) -> str:
        links = [
            (self.link(incident), incident.id),
            (self.link(incident, anchor="customers"), "customers"),
            (self.link(incident, page="/runbook", anchor=quote(incident.answer.row, safe="")), "runbook"),
            *((url, title) for title, url in incident.answer.links),
        ]
        return " · ".join(_link(url, title) for url, title in links)


def _lines(incident: Incident) -> Iterator[str]:
    yield f"{SIGNS[incident.state]} *{escape(incident.title)}*{_usually(incident)}{_how_it_stands(incident)}"
    yield _hit(incident)
    if incident.checks:
        yield escape(one_line(incident.checks, 500))
    yield " · ".join(filter(None, (_probably(incident), _owners(incident))))
    if incident.state is not State.RESOLVED and (steps := _open_steps(incident)):
        yield f"First: {entities(steps[0])}"


def _usually(incident: Incident) -> str:
    symptom = naming([each.symptom for each in incident.symptoms]) if incident.symptoms else None
    if symptom is None or not symptom.unit or symptom.detector == no_data.__name__:
        return ""
    return f" (usually {escape(quantity(symptom.usual, symptom.unit))})"


def _how_it_stands(incident: Incident) -> str:
    if incident.state is State.OPEN:
        return ""
    if incident.state is State.RESOLVED:
        return f" – resolved, it lasted {between(incident.began, incident.over)}" if incident.over else " – resolved"
    moment = incident.mitigated_at or incident.acknowledged_at  # whoever mitigates acknowledges
    who = next((each.author for each in incident.timeline if each.time == moment and each.kind in SEEN), "")
    return f" – {incident.state}" + (f" by {escape(one_line(who))}" if who else "")


def _hit(incident: Incident) -> str:
    impact = incident.impact
    if impact is None:
        return "How many customers are hit is not known yet"
    if not impact.customers:
        unnamed = impact.unattributed_failures + impact.ambiguous_failures
        what = f"{'slow span' if is_slow(incident) else 'failure'}{'' if unnamed == 1 else 's'}"
        if unnamed:
            return f"No customer can be named for {unnamed:,} {what}"
        return "No customer hit so far" if tells_customers(incident) else "Whether customers are hit is unknown"
    parts = ["1 customer hit" if impact.customers == 1 else f"{impact.customers:,} customers hit"]
    parts += [_how_they_fare(impact, slow=is_slow(incident))]
    risk = escape(amounts(impact.amount_at_risk))
    at_least = "" if impact.exact else "at least "
    return at_least + ", ".join(parts) + (f" · {risk} at risk" if risk else "")


def _how_they_fare(impact: Impact, *, slow: bool) -> str:
    if impact.not_recovered:
        return f"{impact.not_recovered:,} not recovered"
    through = "all have had a quick answer since" if slow else "all have got through since"
    return through if impact.recovered else "none has noticed"


def _probably(incident: Incident) -> str:
    top = incident.suspects[0] if incident.suspects else None
    if top and top.score >= LEAST_SUSPICION:
        return f"Probably {escape(top.what)} at {top.time:%H:%M}"
    said = incident.answer
    return f"Probably {escape(said.likely_cause)}" if said.likely_cause and said.cause else ""


def _owners(incident: Incident) -> str:
    said = incident.answer
    owner = f"Owner {mention(said.owner)}" if said.owner else ""
    whose = f"for {escape(one_line(said.service))}: {mention(said.service_owner)}" if said.service_owner else ""
    return ", ".join(filter(None, (owner, whose)))


def _open_steps(incident: Incident) -> list[str]:
    return [step for step in incident.answer.mitigation if step not in incident.done]


def _details(incident: Incident) -> Iterator[Iterator[str]]:
    yield _steps(incident.answer)
    yield _before(incident.suspects[:3])
    yield _wrong(incident)


def _steps(said: Answer) -> Iterator[str]:
    if said.mitigation:
        yield "*Do first*"
        yield from (f"{number}. {entities(step)}" for number, step in enumerate(said.mitigation, start=1))
    if said.sla:
        yield f"Tell also: {mention(said.sla)}"


def _before(suspects: Sequence[Suspect]) -> Iterator[str]:
    if suspects:
        yield "*What changed before*"
        yield from (f"• {escape(each.what)}, {each.time:%H:%M} ({escape(each.because)})" for each in suspects)


def _wrong(incident: Incident) -> Iterator[str]:
    yield "*What is wrong*"
    for tracked in incident.symptoms[:MOST_SYMPTOMS]:
        yield f"• {escape(one_line(tracked.symptom.sentence, LONGEST_SENTENCE))}"
        if tracked.symptom.because:
            yield f"   {escape(one_line(tracked.symptom.because, LONGEST_SENTENCE))}"
    if more := len(incident.symptoms[MOST_SYMPTOMS:]):
        yield f"and {more} more"


def mention(person: Person | None) -> str:
    """Somebody as Slack calls them: a person's or a group's id rings, another name is only read."""
    if person is None:
        return ""
    if PERSON.fullmatch(person.slack):
        return f"<@{person.slack}>"
    if GROUP.fullmatch(person.slack):
        return f"<!subteam^{person.slack}>"
    return escape(one_line(person.name or person.slack))


def _begun(whom: str) -> str:
    """Somebody at the beginning of a sentence."""
    return whom[:1].upper() + whom[1:]


def escape(text: str) -> str:
    """A text from elsewhere, in which no character means anything to Slack."""
    return entities(text).translate(MARKUP)


def entities(text: str) -> str:
    """The three characters that Slack wants written otherwise; what people wrote for it keeps its markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str, title: str) -> str:
    return f"<{entities(url).replace('|', '%7C')}|{escape(one_line(title))}>"


def _plain(text: str) -> str:
    return text.replace("*", "").translate(UNMARKED)


def _said(text: str) -> Said:
    return Said(_plain(text), (_section(text),))


def _section(text: str) -> Json:
    """`verbatim`: what looks like an address or a name becomes no link."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST], "verbatim": True}}


def _buttons(incident: Incident) -> Json:
    def button(action: str, words: str) -> Json:
        return {
            "type": "button",
            "action_id": action,
            "value": incident.id,
            "text": {"type": "plain_text", "text": words},
        }

    acknowledge = [button(ACKNOWLEDGE, "Acknowledge")] if incident.state is State.OPEN else []
    return {"type": "actions", "elements": [*acknowledge, button(MITIGATE, "Mitigated")]}


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
