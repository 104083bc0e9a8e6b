"""Unleash's webhook: an event of its log, with the Authorization header that the integration is given."""

import hashlib
from collections.abc import Iterator

from pydantic import Field

from collectors.sources.events import LONGEST_NAME, LONGEST_TITLE, Change, Event
from collectors.sources.proof import Unproven, by_token, same
from collectors.sources.reading import Json, Moment, Name, Payload, Text, compact, parse, validated
from collectors.sources.source import Columns, Delivery, Source, Trust


class LogEvent(Payload):
    """What is posted, where no template of the integration says otherwise."""

    id: Name | None = None
    type: str = Field(min_length=1)
    created_at: Moment | None = Field(None, alias="createdAt", ge=0)
    created_by: Text = Field("", alias="createdBy")
    feature: Text = Field("", alias="featureName")
    environment: Text = ""
    project: Text = ""


def prove(trust: Trust, delivery: Delivery) -> None:
    """The header as it is set there, with or without `Bearer`; without a secret, the token."""
    given = delivery.header("authorization")
    if not trust.unleash:
        by_token(trust, delivery, "TRIAGE_UNLEASH_TOKEN")
    elif not same(given, trust.unleash) and not same(given, f"Bearer {trust.unleash}"):
        raise Unproven("Authorization is not what TRIAGE_UNLEASH_TOKEN says")


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """The one change."""
    told = parse(delivery.body)
    event = validated(LogEvent, told)
    where = f" in {event.environment}" if event.environment else ""
    yield Change(
        id=f"unleash:{event.id or hashlib.sha256(delivery.body).hexdigest()[:32]}",
        time_ns=delivery.received_ns if event.created_at is None else event.created_at,
        kind="flag" if event.type.startswith("feature") else "config",
        source="unleash",
        environment=event.environment[:LONGEST_NAME],
        title=f"{event.type} {event.feature or event.project}{where}"[:LONGEST_TITLE],
        author=event.created_by,
        status=event.type[:LONGEST_NAME],
        details=compact(_details(event, told)),
    )


def _details(event: LogEvent, told: Json) -> Json:
    data = told.get("data") if isinstance(told, dict) else None
    return {"flag": event.feature, "project": event.project, "data": data}


UNLEASH = Source("unleash", prove, read)
