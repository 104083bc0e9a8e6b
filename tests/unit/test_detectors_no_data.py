"""A sender that falls silent is found within minutes, and an evening that gets quiet is none."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from queries.store import Value
from triage.demo.rhythm import week_with_sale
from triage.detectors.no_data import no_data
from triage.symptom import Symptom
from triage.window import Window

Spans = npt.NDArray[np.int64]
OPENS = datetime(2026, 9, 21, tzinfo=UTC)
LOOKBACK = timedelta(hours=2)
SHARES = {"gateway": 1.0, "storefront": 0.6, "checkout": 0.12, "payment": 0.05, "fulfilment": 0.02}
"""The services of a shop, and the share of its requests that each has a part in."""


VISIT, LASTS = 9, 4
"""Requests of a visit, and the minutes that it lasts."""


def minute_of(moment: Value) -> int:
    """Since OPENS."""
    assert isinstance(moment, datetime)
    return int((moment - OPENS).total_seconds()) // 60


def heard(minutes: Mapping[str, Spans], now: int) -> list[Symptom]:
    """What is found in the minute `now` since OPENS; `minutes` are the spans of each service in each minute."""

    def before(from_: int, to: int, service: object) -> pl.DataFrame:
        spans = np.sum([each for name, each in minutes.items() if service in {"", name}], axis=0)
        days = [spans[from_ - day * 1440 : to - day * 1440] for day in range(1, 8) if from_ >= day * 1440]
        return pl.DataFrame({"seen": [np.flatnonzero(each).tolist() for each in days]})

    def ask(name: str, /, **parameters: Value) -> pl.DataFrame:
        if name == "detect/heard_before":
            return before(minute_of(parameters["from"]), minute_of(parameters["to"]), parameters["service"])
        first = max(now - 120, 0)
        each = {service: spans[first:now] for service, spans in minutes.items()}
        rows = [
            (True, "", np.sum(list(each.values()), axis=0)),
            *((False, service, spans) for service, spans in each.items()),
        ]
        return pl.DataFrame(
            [
                {
                    "is_all": is_all,
                    "service": service,
                    "seen": ((np.flatnonzero(spans) + first) * 60 + int(OPENS.timestamp())).tolist(),
                    "spans": spans[spans > 0].tolist(),
                }
                for is_all, service, spans in rows
                if np.count_nonzero(spans) >= (1 if is_all else 15)
            ]
        )

    to = OPENS + timedelta(minutes=now)
    return list(no_data(Window(to - LOOKBACK, to), ask))


def week(seed: int, rate: float) -> Mapping[str, Spans]:
    """The spans of each service in each minute of a week, with quiet nights and a sale; people come in visits."""
    dice, rhythm = np.random.default_rng(seed), week_with_sale(seed)
    rates = np.array([60 * rate * rhythm(OPENS.timestamp() + 60 * minute) for minute in range(7 * 1440)])
    visits = dice.poisson(rates / VISIT)
    requests = np.sum([np.roll(dice.poisson(visits * VISIT / LASTS), late) for late in range(LASTS)], axis=0)
    return {service: 2 * dice.binomial(requests, share) for service, share in SHARES.items()}


def until(spans: Spans, minute: int) -> Spans:
    """The same, but nothing from that minute on."""
    return np.where(np.arange(len(spans)) < minute, spans, 0)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in (2, 3))])
def test_nobody_is_missed_in_a_week_with_quiet_nights(seed: int) -> None:
    """Evenings get quiet minute by minute; at night a service is heard now and then."""
    minutes = week(seed, 2.0)
    found = [(now, symptom.sentence) for now in range(30, 7 * 1440) for symptom in heard(minutes, now)]
    assert found == []


@pytest.mark.parametrize("service", ["gateway", "checkout", "payment"])
def test_a_sender_that_stops_at_noon_is_found_within_minutes(service: str) -> None:
    """One by its name; when all stop they are one symptom."""
    stops = 2 * 1440 + 12 * 60
    minutes = dict(week(4, 2.0))
    minutes[service] = until(minutes[service], stops)
    within = next(now for now in range(stops, stops + 60) if heard(minutes, now))
    assert within - stops <= 8
    (symptom,) = heard(minutes, within)
    assert symptom.subject == {"service": service}
    stopped = {name: until(spans, stops) for name, spans in minutes.items()}
    assert [symptom.subject for symptom in heard(stopped, within)] == [{"service": "*"}]


@pytest.mark.parametrize("service", ["sync", "checkout"])
@pytest.mark.parametrize(("burst", "every"), [(12_000, 15), (3_000, 5), (60_000, 61), (60_000, 111)])
def test_that_all_stop_is_found_within_minutes_whatever_bursts_a_job_sends(
    service: str, burst: int, every: int
) -> None:  # fmt: skip
    """By what comes steadily: a batch or an import, an hour before or just now, is no visit that might stay away."""
    dice, stops = np.random.default_rng(3), 120
    minute = np.arange(2 * stops)
    minutes = {name: dice.poisson(spans, len(minute)) for name, spans in (("gateway", 360), ("checkout", 240))}
    minutes[service] = minutes.get(service, 0 * minute) + np.where(minute % every == every - 1, burst, 0)
    stopped = {name: until(spans, stops) for name, spans in minutes.items()}
    within = next(now for now in range(stops, 2 * stops) if heard(stopped, now))
    assert within - stops <= 6
    assert [symptom.subject for symptom in heard(stopped, within)] == [{"service": "*"}]


def test_a_shop_that_closes_each_night_is_missed_in_the_first_alone() -> None:
    """What it did at that time on earlier days says that it closes; not that nothing may be missed at noon."""
    minute = np.arange(3 * 1440) % 1440
    spans = np.where((minute >= 480) & (minute < 1438), 200, 0)
    told = {now for now in range(60, 3 * 1440, 2) if heard({"gateway": spans}, now)}
    assert told
    assert max(told) < 1440 + 480
    assert [each.sentence[-18:] for each in heard({"gateway": spans}, 1440 + 60)] == ["since 21 Sep 23:58"]
    assert heard({"gateway": until(spans, 2 * 1440 + 720)}, 2 * 1440 + 727)
