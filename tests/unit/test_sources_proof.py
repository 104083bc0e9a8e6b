"""How senders prove themselves: each in its own way, and nobody without."""

import base64
from dataclasses import replace

import pytest

from collectors.sources import SOURCES
from collectors.sources.proof import Unproven
from collectors.sources.source import Delivery, Source, Trust
from tests import senders
from tests.senders import BODIES, SECRET, WEBHOOK_SECRET, signature

NOW_S = 1_795_341_900
OFF_S = (-301, -300, 0, 300, 301)
ALL = Trust(
    is_loopback=True,
    token=SECRET,
    github=SECRET,
    grafana=SECRET,
    launchdarkly=SECRET,
    unleash=SECRET,
    debezium=WEBHOOK_SECRET,
)
SIGNING = [source for source in SOURCES if source.name not in ("alertmanager", "changes")]


def secret_of(source: Source) -> str:
    return WEBHOOK_SECRET if source.name == "debezium" else SECRET


def proven(source: Source, trust: Trust, sent: bytes, headers: dict[str, str]) -> bool:
    delivery = Delivery({name: [value] for name, value in headers.items()}, sent, NOW_S * 10**9)
    try:
        source.prove(trust, delivery)
    except Unproven as error:
        return SECRET in str(error)  # nobody is told
    return True


def sent_by(source: Source) -> tuple[bytes, dict[str, str]]:
    sent = senders.body(BODIES[source.name])
    return sent, dict(signature(source.name, sent, NOW_S, secret_of(source)))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
class TestEach:
    def test_what_its_sender_signed_passes(self, source: Source) -> None:
        """Over the bytes as they came."""
        assert proven(source, ALL, *sent_by(source))

    def test_nothing_shown_never_passes(self, source: Source) -> None:
        """Not with a secret, not with a token alone, not beyond loopback with neither."""
        sent, _ = sent_by(source)
        for trust in (ALL, Trust(is_loopback=True, token=SECRET), Trust(is_loopback=False)):
            assert not proven(source, trust, sent, {})
            assert not proven(source, trust, sent, {"authorization": ""})
            assert not proven(source, trust, sent, {"authorization": "Bearer "})

    def test_another_secret_does_not_pass(self, source: Source) -> None:
        """Nor an empty one, nor what can't be compared."""
        sent, good = sent_by(source)
        for other in ("another" * 4, "whsec_AAAA"):
            assert not proven(source, ALL, sent, dict(signature(source.name, sent, NOW_S, other)))
        for wrong in ("", "é", "sha256=", "v1,", "Bearer é", "\x00"):
            kept = {name: wrong if "sign" in name or name == "authorization" else value for name, value in good.items()}
            assert not proven(source, ALL, sent, kept)

    def test_on_loopback_without_any_secret_it_is_open(self, source: Source) -> None:
        """As OTLP is."""
        assert proven(source, Trust(is_loopback=True), b"{}", {})

    def test_the_services_token_will_do_where_no_secret_is_set(self, source: Source) -> None:
        """As bearer, or as a password."""
        basic = base64.b64encode(f"me:{SECRET}".encode()).decode()
        for trust in (Trust(is_loopback=True, token=SECRET), Trust(is_loopback=False, token=SECRET)):
            assert proven(source, trust, b"{}", {"authorization": f"Bearer {SECRET}"})
            assert proven(source, trust, b"{}", {"authorization": f"Basic {basic}"})
            assert not proven(source, trust, b"{}", {"authorization": "Basic !!"})


@pytest.mark.parametrize("source", SIGNING, ids=lambda source: source.name)
def test_the_services_token_will_not_do_where_a_secret_is_set(source: Source) -> None:
    """Then only the signature does."""
    other = replace(ALL, token="t")
    assert not proven(source, other, b"{}", {"authorization": "Bearer t"})


@pytest.mark.parametrize("source", [s for s in SIGNING if s.name != "unleash"], ids=lambda source: source.name)
def test_another_body_does_not_pass_with_the_same_signature(source: Source) -> None:
    """Not even one that means the same."""
    sent, headers = sent_by(source)
    assert not proven(source, ALL, sent + b" ", headers)


def test_a_header_that_is_there_twice_is_none() -> None:
    """Which is meant can't be told."""
    source = next(source for source in SOURCES if source.name == "github")
    sent, headers = sent_by(source)
    twice = {name: [value, value] for name, value in headers.items()}
    with pytest.raises(Unproven):
        source.prove(ALL, Delivery(twice, sent, NOW_S * 10**9))


STAMP = "x-grafana-alerting-timestamp"


def signed_at(source: Source, sent: bytes, time: str) -> dict[str, str]:
    """The headers of Grafana and Debezium, whose signatures are over a time, too."""
    if source.name == "debezium":
        return dict(signature("debezium", sent, int(time), WEBHOOK_SECRET))
    return {"x-grafana-alerting-signature": senders.mac(SECRET, f"{time}:".encode() + sent), STAMP: time}


@pytest.mark.parametrize("name", ["grafana", "debezium"])
def test_a_signed_time_must_be_now(name: str) -> None:
    """Five minutes before or after: an old delivery is not played again, nor one kept for later."""
    source = next(source for source in SOURCES if source.name == name)
    sent, _ = sent_by(source)
    passes = {off_s: proven(source, ALL, sent, signed_at(source, sent, str(NOW_S + off_s))) for off_s in OFF_S}
    assert passes == {off_s: abs(off_s) <= 300 for off_s in OFF_S}


def test_grafanas_time_is_part_of_what_is_signed() -> None:
    """A time that is none, or not signed, does not pass."""
    source = next(source for source in SOURCES if source.name == "grafana")
    sent, unsigned_time = sent_by(source)
    assert proven(source, ALL, sent, signed_at(source, sent, str(NOW_S)))
    for text in ("soon", "", "1" * 40, "²"):
        assert not proven(source, ALL, sent, signed_at(source, sent, text))
    assert not proven(source, ALL, sent, {**unsigned_time, STAMP: str(NOW_S)})


def test_a_wrong_debezium_secret_lets_nobody_in() -> None:
    """What is no base64 can sign nothing."""
    source = next(source for source in SOURCES if source.name == "debezium")
    sent, headers = sent_by(source)
    for secret in ("no base64!", "größe"):
        assert not proven(source, Trust(True, debezium=secret), sent, headers)
