"""Grafana's alerting webhook: Alertmanager's payload with more said, signed with an HMAC where one is set up."""

from collections.abc import Iterator

from collectors.sources.alertmanager import alerts
from collectors.sources.events import Event
from collectors.sources.proof import Unproven, by_token, hmac_sha256, is_fresh, same
from collectors.sources.source import Columns, Delivery, Source, Trust

SIGNATURE = "x-grafana-alerting-signature"
TIMESTAMP = "x-grafana-alerting-timestamp"  # Grafana sends it under the name that its contact point is given


def prove(trust: Trust, delivery: Delivery) -> None:
    """The signature of the body, or of `{time}:{body}` where the time is sent; without a secret, the token."""
    if not trust.grafana:
        by_token(trust, delivery, "TRIAGE_GRAFANA_HMAC_SECRET")
        return
    signed: tuple[bytes, ...] = (delivery.body,)
    if TIMESTAMP in delivery.headers:
        sent = delivery.header(TIMESTAMP)
        if not is_fresh(sent, delivery.received_ns):
            raise Unproven("X-Grafana-Alerting-Timestamp is no time of the last five minutes")
        signed = (sent.encode(), b":", delivery.body)
    if not same(delivery.header(SIGNATURE).lower(), hmac_sha256(trust.grafana, *signed).hex()):
        raise Unproven("X-Grafana-Alerting-Signature is not the HMAC of this body with TRIAGE_GRAFANA_HMAC_SECRET")


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """Each alert of the group."""
    return alerts("grafana", delivery)


GRAFANA = Source("grafana", prove, read, signs=lambda trust: bool(trust.grafana))
