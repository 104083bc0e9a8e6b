"""The simulated shop tells of its releases and flags as GitHub and LaunchDarkly do, signed."""

import hashlib
import hmac
import json
from typing import Any

from triage.demo.model import Shop
from triage.demo.post import GITHUB_PATH, LAUNCHDARKLY_PATH, Post, Secrets
from triage.demo.stream import posts

T = 1_790_000_000
DAY_S = 86_400
SECRETS = Secrets(github="octo", launchdarkly="dark")


def hooks(scenario: str, end_s: float, *window: float, rate: float = 2, secrets: Secrets = SECRETS) -> list[Post]:
    """The webhooks of a shop that is open for so long, with its fault in the window."""
    shop = Shop(scenario, 1, rate)
    faults = [shop.fault(T + window[0], T + window[1])] if window else []
    sent = posts(shop, T, T + end_s, *faults, secrets=secrets)
    return [post for post in sent if post.path.startswith("/hooks/")]


def signature(secret: str, post: Post) -> str:
    return hmac.new(secret.encode(), post.body, hashlib.sha256).hexdigest()


def test_a_bad_deploy_is_told_and_so_is_its_end() -> None:
    """GitHub says that checkout 2.4.0 is under way and then done, just before it serves, and 2.3.1 at the end."""
    sent = hooks("bad-deploy", 600, 200, 400)
    told: list[dict[str, Any]] = [json.loads(post.body) for post in sent]
    assert [
        (one["repository"]["name"], one["deployment"]["ref"], one["deployment_status"]["state"]) for one in told
    ] == [
        ("checkout", "v2.4.0", "in_progress"),
        ("checkout", "v2.4.0", "success"),
        ("checkout", "v2.3.1", "in_progress"),
        ("checkout", "v2.3.1", "success"),
    ]
    assert [post.at_ns / 1e9 - T for post in sent] == [140, 198, 340, 398]
    for post in sent:
        headers = dict(post.headers)
        assert post.path == GITHUB_PATH
        assert headers["x-hub-signature-256"] == "sha256=" + signature("octo", post)
        assert headers["x-github-event"] == "deployment_status"
    assert len({dict(post.headers)["x-github-delivery"] for post in sent}) == 4


def test_a_flag_that_is_switched_is_told() -> None:
    """LaunchDarkly says that the pay button's variant changed, and changed back."""
    sent = hooks("kpi-drop", 600, 200, 400)
    assert [post.path for post in sent] == [LAUNCHDARKLY_PATH] * 2
    assert [json.loads(post.body)["description"].split()[-1] for post in sent] == ["express", "classic"]
    assert all(dict(post.headers)["x-ld-signature"] == signature("dark", post) for post in sent)


def test_without_a_secret_nothing_is_signed() -> None:
    """No signature is better than a wrong one."""
    for post in (
        *hooks("bad-deploy", 500, 200, 400, secrets=Secrets()),
        *hooks("kpi-drop", 500, 200, 400, secrets=Secrets()),
    ):
        assert not {"x-hub-signature-256", "x-ld-signature"} & {name for name, _ in post.headers}


def test_harmless_releases_come_now_and_then_and_are_run() -> None:
    """On a calm day some services get a new version, each told before it serves, and nothing fails by it."""
    shop = Shop("calm", 1, 0.1)
    told = {
        (event["repository"]["name"], event["deployment"]["payload"]["version"]): post.at_ns
        for post in posts(shop, T, T + DAY_S)
        if post.path == GITHUB_PATH and (event := json.loads(post.body))["deployment_status"]["state"] == "success"
    }
    assert 3 <= len(told) <= 10
    first: dict[tuple[str, str], int] = {}
    for request in shop.between(T, T + DAY_S):
        for span in request.spans:
            first.setdefault((span.resource.service, span.resource.version), span.start_ns)
    assert told.keys() <= first.keys()
    assert all(at_ns <= first[version] for version, at_ns in told.items())
    assert not any(service == "checkout" for service, _ in told)
