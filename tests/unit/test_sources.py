"""Other senders: what their payloads become, and what is said of those that are none."""

import contextlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources import SOURCES
from collectors.sources.events import Alert, Change, Event, line
from collectors.sources.reading import DEEPEST, BadBody, from_rfc3339
from collectors.sources.source import Columns, Delivery
from queries import schema
from tests import senders
from triage.window import EARLIEST, parse_time

NOW_NS = 1_795_341_900_000_000_000  # 2026-11-22 10:05 UTC
TEN = from_rfc3339("2026-11-22T10:00:00Z")
BY_NAME = {source.name: source for source in SOURCES}


def read(source: str, told: object, **headers: str) -> list[Event]:
    """The events of a payload."""
    sent = told if isinstance(told, bytes) else senders.body(told)
    given_headers = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return list(BY_NAME[source].read(Delivery(given_headers, sent, NOW_NS), Columns()))


def change_of(source: str, told: object, **headers: str) -> Change:
    (event,) = read(source, told, **headers)
    assert isinstance(event, Change)
    return event


def faults(source: str, told: object) -> dict[str, str]:
    """What is wrong with a payload, by field."""
    with pytest.raises(BadBody) as caught:
        read(source, told)
    return {fault.field: fault.detail for fault in caught.value.faults}


def test_every_field_of_the_tables_is_told() -> None:
    """An event's line holds just the fields that the views read, by their names."""
    ddl = (Path(schema.FILES) / "0009_events.sql").read_text()
    for event in (e for name, told in senders.BODIES.items() for e in read(name, told)):
        told = json.loads(line(event))
        view = next(part for part in ddl.split("CREATE MATERIALIZED VIEW") if f"Kind = '{told['Kind']}'" in part)
        fields = view.split("Tuple(", 1)[1].split(")') AS told")[0]
        names = {field.split()[0] for field in fields.replace("Map(String, String)", "Map").split(", ")}
        assert set(told["Body"]) == names == set(asdict(event))


class TestAlerts:
    def test_each_alert_of_a_group_is_an_event(self) -> None:
        """With its labels, to the nanosecond; while it fires it has no end, whatever year the sender writes."""
        firing, resolved = read("alertmanager", senders.alertmanager(senders.alert(), senders.alert("resolved")))
        assert isinstance(firing, Alert)
        assert isinstance(resolved, Alert)
        assert (firing.time_ns, firing.ends_ns) == (TEN + 123456789, None)
        assert (firing.name, firing.severity, firing.labels["service"]) == ("HighErrorRate", "critical", "payment")
        assert (resolved.status, resolved.ends_ns) == ("resolved", TEN + 540 * 10**9)
        assert firing.group_key == '{}:{alertname="HighErrorRate"}'
        assert firing.id != resolved.id

    def test_the_same_state_told_again_has_the_same_id(self) -> None:
        """Alertmanager repeats what still fires, perhaps with an end to come, which is none; later it fires anew."""
        told = [{}, {"endsAt": "2026-11-22T10:09:00Z"}, {"startsAt": "2026-11-22T10:03:00Z"}]
        alerts = read("alertmanager", senders.alertmanager(*(senders.alert(**changed) for changed in told)))
        first, again, anew = (alert for alert in alerts if isinstance(alert, Alert))
        assert (first.id, first.ends_ns) == (again.id, again.ends_ns)
        assert again.ends_ns is None
        assert anew.id != first.id

    def test_grafana_says_where_to_look(self) -> None:
        """The panel, before what generated the alert."""
        (alert,) = read("grafana", senders.grafana())
        assert isinstance(alert, Alert)
        assert (alert.source, alert.url) == ("grafana", "https://grafana/d/1?viewPanel=2")

    def test_a_link_that_no_browser_should_follow_is_left_out(self) -> None:
        """Such as a script."""
        (alert,) = read("alertmanager", senders.alertmanager(senders.alert(generatorURL="javascript:alert(1)")))
        assert isinstance(alert, Alert)
        assert alert.url == ""

    def test_what_is_no_payload_of_theirs_is_said_by_field(self) -> None:
        """All of it at once."""
        told = senders.alertmanager(senders.alert(), senders.alert(startsAt="yesterday", status="odd"))
        assert faults("alertmanager", told) == {
            "alerts[1].startsAt": "must be a time such as 2026-11-22T10:00:00Z",
            "alerts[1].status": "input should be 'firing' or 'resolved'",
        }
        assert faults("alertmanager", []) == {"": "must be an object"}
        assert faults("grafana", {"version": "4"}) == {"alerts": "is missing"}


class TestGitHub:
    def test_a_deployment_status_is_a_deploy_in_that_state(self) -> None:
        """Service and version are the repository and the tag."""
        told = change_of("github", senders.deployment_status(), x_github_event="deployment_status")
        assert (told.kind, told.service, told.version, told.status) == ("deploy", "payment", "2.4.0", "success")
        assert (told.time_ns, told.environment, told.author) == (TEN + 60 * 10**9, "production", "octocat")
        assert told.id == "github:shop/payment:deployment:42:success"

    def test_a_deployments_own_payload_may_name_service_and_version(self) -> None:
        """Where one repository holds several services."""
        payload = {"service": "cart", "version": "9"}
        told = change_of("github", senders.deployment(payload=payload), x_github_event="deployment")
        assert (told.service, told.version, told.status) == ("cart", "9", "created")

    def test_without_a_tag_the_commit_is_the_version(self) -> None:
        """A branch is none."""
        told = change_of("github", senders.deployment(ref="main"), x_github_event="deployment")
        assert told.version == "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d"

    def test_a_workflow_run_is_a_pipeline(self) -> None:
        """With its conclusion; each attempt is another."""
        told = change_of("github", senders.workflow_run(), x_github_event="workflow_run")
        assert (told.kind, told.status, told.title) == ("pipeline", "failure", "Build on main: failure")
        assert told.id == "github:shop/payment:run:30433642:2:failure"

    def test_the_id_is_of_what_is_signed(self) -> None:
        """Not of the delivery's header, under which anybody could tell the same again."""
        ids = {
            change_of("github", senders.deployment(), x_github_event="deployment", x_github_delivery=one).id
            for one in "ab"
        }
        assert len(ids) == 1

    def test_what_comes_without_its_time_was_when_it_came(self) -> None:
        """A payload needs no more than what an event is known by."""
        deployment = {"id": 7, "sha": "a84d88e", "ref": "v1.2", "environment": "production"}
        run = {"id": 8, "head_sha": "a84d88e", "conclusion": "failure", "run_attempt": 1}
        where = {"repository": {"name": "payment"}}
        deploy = change_of("github", {"deployment": deployment, "deployment_status": {"state": "success"}, **where})
        assert (deploy.id, deploy.time_ns) == ("github:payment:deployment:7:success", NOW_NS)
        for deployed in (deployment, deployment | {"created_at": None}):
            assert change_of("github", {"deployment": deployed, **where}).time_ns == NOW_NS
        pipeline = change_of("github", {"workflow_run": run, **where})
        assert (pipeline.title, pipeline.time_ns) == ("workflow run: failure", NOW_NS)

    def test_events_that_are_no_change_are_taken_and_say_nothing(self) -> None:
        """A ping must not fail, or GitHub shows the webhook as broken."""
        assert read("github", {"zen": "Keep it logically awesome.", "hook_id": 1}, x_github_event="ping") == []
        assert read("github", {"ref": "refs/heads/main"}, x_github_event="push") == []

    def test_a_payload_without_its_field_is_named(self) -> None:
        """By its path."""
        told = senders.deployment(sha=7)
        assert faults("github", told) == {"deployment.sha": "must be a text"}
        assert "deployment" in faults("github", {})


class TestFlags:
    def test_launchdarklys_entry_is_a_flag_change(self) -> None:
        """One for each thing that it is about, with all that was done to it."""
        told = change_of("launchdarkly", senders.launchdarkly())
        assert (told.kind, told.environment, told.status) == ("flag", "production", "updateRules")
        assert told.time_ns == 1795341600123 * 10**6
        assert (told.title, told.author) == ("turned on the flag New checkout", "ariel@example.com")
        assert told.url == "https://app.launchdarkly.com/default/production/features/new-checkout"
        assert json.loads(told.details)["flag"] == "new-checkout"

    def test_an_entry_about_two_things_is_two_changes(self) -> None:
        """And what is no flag is configuration."""
        accesses = [{"action": "a", "resource": "proj/x:env/y:flag/f"}, {"action": "b", "resource": "proj/x:env/y"}]
        flag, config = read("launchdarkly", senders.launchdarkly(accesses=accesses))
        assert isinstance(flag, Change)
        assert isinstance(config, Change)
        assert (flag.kind, config.kind) == ("flag", "config")
        assert flag.id != config.id

    def test_unleashs_event_is_a_flag_change(self) -> None:
        """Its id is Unleash's."""
        told = change_of("unleash", senders.unleash())
        assert (told.id, told.kind, told.environment, told.author) == ("unleash:17", "flag", "production", "ada")
        assert told.title == "feature-environment-enabled new-checkout in production"
        assert told.time_ns == TEN + 500_000_000

    def test_what_is_missing_is_named(self) -> None:
        """By the sender's own names."""
        assert faults("launchdarkly", {"_id": "1", "date": "x", "accesses": []}) == {
            "date": "must be a whole number",
            "accesses": "list should have at least 1 item after validation, not 0",
        }
        assert faults("unleash", {"createdAt": None}) == {"type": "is missing"}

    @pytest.mark.parametrize("time", [1_764_000_000_000, 1_764_000_000.0, 2**63, True, {}, []])
    def test_a_time_that_is_no_text_is_refused(self, time: object) -> None:
        """It could be of any unit: a change in 1970 would stand in no window."""
        assert faults("unleash", {"type": "feature-updated", "createdAt": time}) == {
            "createdAt": "must be a time such as 2026-11-22T10:00:00Z"
        }


class TestChanges:
    def test_a_change_is_what_it_says(self) -> None:
        """With whatever details, as JSON."""
        told = change_of("changes", senders.change(title="new tax rules", details={"ticket": 7}, url="https://x/1"))
        assert (told.source, told.kind, told.service, told.version) == ("api", "deploy", "payment", "2.4.0")
        assert (told.time_ns, told.title, json.loads(told.details)) == (TEN, "new tax rules", {"ticket": 7})

    @pytest.mark.parametrize(
        ("time", "ns"),
        [("15m", NOW_NS - 900 * 10**9), ("2h ago", NOW_NS - 7200 * 10**9), (1795341600, TEN),
         ("1795341600.5", TEN + 5 * 10**8), ("2026-11-22T12:00:00+02:00", TEN), ("0m", NOW_NS), ("0s ago", NOW_NS),
         (None, NOW_NS)],
    )  # fmt: skip
    def test_a_time_is_a_text_a_number_or_null(self, time: object, ns: int) -> None:
        """RFC 3339, ago, seconds since 1970, and now."""
        assert change_of("changes", senders.change(time=time)).time_ns == ns

    @pytest.mark.parametrize(
        "time",
        ["2026-11-22T10:00:00.5Z", "2026-11-22t10:00:00z", "2026-11-22 10:00:00Z", "2026-11-22T10:00Z",
         "2026-11-22T10:00:00", "2026-11-22T10:00", "2026-11-22", "2026-11-22T12:30+02:30", "2026-11-22T09:59:60Z",
         "15m", "2h ago", "1h30m", "1.5h", "250ms", "1w2d", "now", " now ", "1795341600", "1795341600.5"],
    )  # fmt: skip
    def test_a_time_is_read_as_the_end_of_a_window_is(self, time: str) -> None:
        """So that it may be told in the way in which it is asked for."""
        now = datetime.fromtimestamp(NOW_NS / 1e9, UTC)
        since_1970 = parse_time(time, now) - EARLIEST
        assert change_of("changes", senders.change(time=time)).time_ns == since_1970 // timedelta(microseconds=1) * 1000

    @pytest.mark.parametrize("time", ["soon", "15 m", "15q", "1h30", "10:00", "2026-11", "2026-11-22T10", ""])
    def test_what_is_no_end_of_a_window_is_no_time(self, time: str) -> None:
        """By a sentence that says what would be one."""
        with pytest.raises(ValueError, match=r"is no (time|duration)"):
            parse_time(time, datetime.now(UTC))
        assert faults("changes", senders.change(time=time))["time"].startswith("must be a time such as")

    def test_null_is_nothing(self) -> None:
        """As where the field is left out."""
        names = ("id", "service", "version", "environment", "title", "author", "url", "status", "details")
        told = change_of("changes", {"kind": "other", "time": "2026-11-22T10:00:00Z", **dict.fromkeys(names)})
        left_out = change_of("changes", {"kind": "other", "time": "2026-11-22T10:00:00Z"})
        assert replace(told, id="") == replace(left_out, id="")

    def test_a_leap_second_is_the_second_after(self) -> None:
        """As computers count it."""
        assert change_of("changes", senders.change(time="2026-11-22T09:59:60.5Z")).time_ns == TEN + 5 * 10**8

    def test_without_a_title_it_is_called_what_it_is(self) -> None:
        """And of what, where that is told."""
        assert change_of("changes", {"kind": "deploy"}).title == "deploy"
        assert change_of("changes", {"kind": "deploy", "service": "cart"}).title == "deploy of cart"

    def test_several_may_be_told_at_once(self) -> None:
        """And a fault is named with its place."""
        assert len(read("changes", [senders.change(), senders.change(version="2.5.0")])) == 2
        assert faults("changes", [senders.change(), {"kind": "deploi"}]).keys() == {"[1].kind"}

    def test_told_again_it_is_the_same(self) -> None:
        """By its id, or by its content where that says when; without a time, or with one ago, it is another one."""
        for time in (None, "0m", "15m"):
            first, second = (change_of("changes", {"kind": "other", "title": "x", "time": time}) for _ in range(2))
            assert first.id != second.id
        assert change_of("changes", {"kind": "other", "title": "x"}).time_ns == NOW_NS
        assert len({change_of("changes", senders.change()).id for _ in range(2)}) == 1
        assert change_of("changes", {"kind": "other", "id": "e-1"}).id == "api:e-1"

    def test_a_wrong_field_is_named(self) -> None:
        """An unknown one too: it would be lost in silence."""
        told = {"kind": "deploy", "sevice": "x", "time": "soon", "url": "javascript:1", "version": 7}
        assert faults("changes", told) == {
            "sevice": "is unknown here",
            "time": "must be a time such as 2026-11-22T10:00:00Z, 15m (ago), now, or seconds since 1970",
            "url": "must start with https:// or http://",
            "version": "must be a text",
        }
        assert faults("changes", senders.change(time="9999999999")) == {"time": "lies after the year 2262"}


def nested(levels: int) -> object:
    """So many arrays, each in another."""
    value: object = []
    for _ in range(levels - 1):
        value = [value]
    return value


class TestNesting:
    @pytest.mark.parametrize("source", BY_NAME)
    def test_what_is_nested_too_deeply_is_refused_by_its_field(self, source: str) -> None:
        """Whoever sends it: what is kept can be told again."""
        assert faults(source, {**senders.BODIES[source], "details": nested(DEEPEST + 1)}) == {
            "details": "is nested more than 100 levels deep"
        }
        assert read(source, {**senders.BODIES[source], "details": nested(DEEPEST)})

    def test_one_of_several_is_named_with_its_place(self) -> None:
        """Objects are levels as arrays are."""
        deep = {"b": {"a": nested(DEEPEST - 1)}}
        assert faults("changes", [senders.change(), senders.change(details=deep)]).keys() == {"[1].details"}
        assert faults("changes", [senders.change(), nested(DEEPEST + 1)]).keys() == {"[1]"}


class TestHostileText:
    @pytest.mark.parametrize("source", BY_NAME)
    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"{",
            b"\xff",
            b"NaN",
            b'{"a": 1e999}',
            b"[" * 100_000,
            b"1" * 5000,
            b'"x"',
            b"7",
            b"[[]]",
            b'{"op": {}}',
        ],
    )
    def test_any_body_is_a_payload_or_bad(self, source: str, sent: bytes) -> None:
        """And nothing worse happens."""
        with pytest.raises(BadBody):
            read(source, sent)

    def test_half_a_character_is_replaced(self) -> None:
        """The engine could not read it again, and a whole one stays."""
        told = change_of("changes", b'{"kind": "other", "title": "\\ud83d\\ude00 \\ud800 \\u0000"}')
        assert told.title == "😀 ? \0"

    @given(st.text(alphabet=st.characters(exclude_categories=())))
    def test_no_line_holds_half_a_character(self, text: str) -> None:
        """Whatever the event: the engine would read none of it."""
        written = line(Change(id=text, time_ns=1, kind="other", source="api"))
        assert json.loads(written)["Body"]["id"] == text.encode("utf-8", "replace").decode()

    @given(st.text(alphabet=st.characters(exclude_categories=())))
    def test_a_line_is_one_line_of_json(self, text: str) -> None:
        """Whatever the text."""
        sent = json.dumps({"kind": "other", "id": "i", "details": text}).encode()
        written = line(change_of("changes", sent))
        assert b"\n" not in written
        assert json.loads(json.loads(written)["Body"]["details"]) == text.encode("utf-8", "replace").decode()

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                        | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
    def test_any_json_is_a_payload_or_bad(self, told: object) -> None:
        """For every sender."""
        for source in BY_NAME:
            with contextlib.suppress(BadBody):
                assert all(line(event) for event in read(source, told))
