"""LaunchDarkly's webhooks: entries of its audit log. They may come out of order: each has its own time."""

import re
from collections.abc import Iterator

from pydantic import Field

from collectors.sources.events import LONGEST_NAME, LONGEST_TITLE, Change, Event, web_link
from collectors.sources.proof import Unproven, by_token, hmac_sha256, same
from collectors.sources.reading import Payload, Text, compact, parse, validated
from collectors.sources.source import Columns, Delivery, Source, Trust

SITE = "https://app.launchdarkly.com"
MS = 10**6
LATEST_MS = 9_223_372_036_854
PART = re.compile(r"(proj|env|flag|segment)/([^:;]+)")


class Access(Payload):
    """What was done to what: `proj/shop:env/production:flag/new-checkout`."""

    action: str
    resource: str


class Link(Payload):
    """Where it is shown."""

    href: Text = ""


class Links(Payload):
    """Of these, the page for people."""

    site: Link | None = None


class Member(Payload):
    """Who did it."""

    email: Text = ""


class Entry(Payload):
    """What is posted."""

    id: str = Field(alias="_id", min_length=1)
    date: int = Field(ge=0, le=LATEST_MS)
    accesses: list[Access] = Field(min_length=1)
    name: Text = ""
    kind: Text = ""
    title_verb: Text = Field("", alias="titleVerb")
    description: Text = ""
    member: Member | None = None
    links: Links | None = Field(None, alias="_links")


def prove(trust: Trust, delivery: Delivery) -> None:
    """The signature of the body; without a secret, the token."""
    if not trust.launchdarkly:
        by_token(trust, delivery, "TRIAGE_LAUNCHDARKLY_SECRET")
    elif not same(delivery.header("x-ld-signature").lower(), hmac_sha256(trust.launchdarkly, delivery.body).hex()):
        raise Unproven("X-LD-Signature is not the signature of this body with TRIAGE_LAUNCHDARKLY_SECRET")


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """One change for each thing that the entry is about, with all that was done to it."""
    entry = validated(Entry, parse(delivery.body))
    actions: dict[str, list[str]] = {}
    for access in entry.accesses:
        actions.setdefault(access.resource, []).append(access.action)
    for resource, done in actions.items():
        yield _change(entry, resource, done)


def _change(entry: Entry, resource: str, actions: list[str]) -> Change:
    parts = dict(PART.findall(resource))
    link = entry.links.site.href if entry.links and entry.links.site else ""
    what = entry.name or parts.get("flag", resource)
    return Change(
        id=f"launchdarkly:{entry.id}:{resource}",
        time_ns=entry.date * MS,
        kind="flag" if "flag" in parts else "config",
        source="launchdarkly",
        environment=parts.get("env", "")[:LONGEST_NAME],
        title=f"{entry.title_verb or ', '.join(actions)} {what}"[:LONGEST_TITLE],
        author=entry.member.email if entry.member else "",
        url=web_link(SITE + link if link.startswith("/") else link),
        status=actions[-1][:LONGEST_NAME],
        details=compact(
            {
                "flag": parts.get("flag", ""),
                "project": parts.get("proj", ""),
                "resource": resource,
                "actions": [*actions],
                "description": entry.description,
            }
        ),
    )


LAUNCHDARKLY = Source("launchdarkly", prove, read, signs=lambda trust: bool(trust.launchdarkly))
