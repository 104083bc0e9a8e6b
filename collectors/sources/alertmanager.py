"""Alertmanager's webhook, version 4: a group of alerts, each of them one event."""

import hashlib
import logging
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from collectors.sources.events import LONGEST_NAME, Alert, Event, web_link
from collectors.sources.proof import by_token
from collectors.sources.reading import Moment, Payload, Text, canonical, parse, validated
from collectors.sources.source import Columns, Delivery, Source

log = logging.getLogger(__name__)


class OneAlert(Payload):
    """An alert of the group. Grafana's say more of where to look."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Moment = Field(alias="startsAt", ge=0)
    ends_at: Moment | None = Field(None, alias="endsAt")
    generator_url: Text = Field("", alias="generatorURL")
    dashboard_url: Text = Field("", alias="dashboardURL")
    panel_url: Text = Field("", alias="panelURL")
    fingerprint: Text = ""

    @property
    def named(self) -> str:
        """The fingerprint; of a sender without one, a hash of the labels."""
        return self.fingerprint or hashlib.sha256(canonical(dict(self.labels)).encode()).hexdigest()[:16]

    @property
    def ended(self) -> int | None:
        """When it ended; None while it lasts, which senders write as a time in the year 1 or to come."""
        return self.ends_at if self.status == "resolved" and self.ends_at and self.ends_at > 0 else None


class Group(Payload):
    """What is posted."""

    version: Literal["4", "1"]
    group_key: Text = Field("", alias="groupKey")
    truncated_alerts: int = Field(0, alias="truncatedAlerts")
    alerts: list[OneAlert]


def alerts(source: str, delivery: Delivery) -> Iterator[Event]:
    """Each alert of the group. Raises BadBody."""
    group = validated(Group, parse(delivery.body))
    if group.truncated_alerts > 0:
        log.warning("%s left %d alerts out of a message: raise its max_alerts", source, group.truncated_alerts)
    for alert in group.alerts:
        yield Alert(
            id=f"{source}:{alert.named}:{alert.starts_at}:{alert.status}",
            time_ns=alert.starts_at,
            ends_ns=alert.ended,
            source=source,
            fingerprint=alert.named,
            group_key=group.group_key,
            status=alert.status,
            name=alert.labels.get("alertname", "")[:LONGEST_NAME],
            severity=alert.labels.get("severity", "")[:LONGEST_NAME],
            labels=alert.labels,
            annotations=alert.annotations,
            url=web_link(alert.panel_url) or web_link(alert.dashboard_url) or web_link(alert.generator_url),
        )


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """Each alert of the group."""
    return alerts("alertmanager", delivery)


ALERTMANAGER = Source("alertmanager", by_token, read)
