"""Notices of changes as the webhooks of GitHub (deployments) and LaunchDarkly (flags), signed as theirs are."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from triage.demo.post import GITHUB_PATH, JSON, LAUNCHDARKLY_PATH, Post, Secrets
from triage.demo.releases import Notice, Release, Switch
from triage.demo.request import MS_NS, SECOND_NS

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

_BOT: Json = {"login": "shop-deployer[bot]", "id": 41898282, "type": "Bot"}


def webhook(notice: Notice, secrets: Secrets) -> Post:
    """The request that the sender makes; without its secret it is not signed."""
    change = notice.change
    if isinstance(change, Release):
        return _github(notice, change, secrets.github)
    return _launchdarkly(notice, change, secrets.launchdarkly)


def _github(notice: Notice, release: Release, secret: str) -> Post:
    body = _bytes(_deployment_status(notice, release))
    headers = [
        ("user-agent", "GitHub-Hookshot/shop"),
        ("x-github-event", "deployment_status"),
        ("x-github-delivery", str(uuid5(NAMESPACE_URL, f"{release} {notice.state}"))),
    ]
    if secret:
        headers.append(("x-hub-signature-256", "sha256=" + _mac(secret, body)))
    return Post(notice.at_ns, GITHUB_PATH, (*JSON, *headers), body)


def _deployment_status(notice: Notice, release: Release) -> Json:
    number, tag = _number(release), f"v{release.version}"
    repository: Json = {
        "id": _number(release.service),
        "name": release.service,
        "full_name": f"shop/{release.service}",
        "html_url": f"https://github.example/shop/{release.service}",
    }
    page = f"https://github.example/shop/{release.service}/actions/runs/{number}"
    return {
        "action": "created",
        "deployment_status": {
            "id": _number(f"{release} {notice.state}"),
            "state": notice.state,
            "creator": _BOT,
            "description": "",
            "environment": "production",
            "target_url": page,
            "log_url": page,
            "created_at": _moment(notice.at_ns),
            "updated_at": _moment(notice.at_ns),
        },
        "deployment": {
            "id": number,
            "sha": hashlib.sha1(str(release).encode(), usedforsecurity=False).hexdigest(),
            "ref": tag,
            "task": "deploy",
            "payload": {"service": release.service, "version": release.version},
            "environment": "production",
            "description": f"{release.service} {release.version}",
            "creator": _BOT,
            "created_at": _moment(notice.at_ns - 40 * SECOND_NS),
        },
        "repository": repository,
        "sender": _BOT,
    }


def _launchdarkly(notice: Notice, switch: Switch, secret: str) -> Post:
    resource = f"proj/shop:env/production:flag/{switch.flag}"
    body = _bytes(
        {
            "_links": {"site": {"href": f"/shop/production/features/{switch.flag}"}},
            "_id": f"{_number(switch):024x}",
            "date": notice.at_ns // MS_NS,
            "accesses": [{"action": "updateFallthrough", "resource": resource}],
            "kind": "flag",
            "name": switch.flag,
            "description": f"The default is now {switch.variant}",
            "member": {"email": "growth@shop.example", "firstName": "Growth", "lastName": "Team"},
            "titleVerb": "changed the default variation of",
        }
    )
    signed = (("x-ld-signature", _mac(secret, body)),) if secret else ()
    return Post(notice.at_ns, LAUNCHDARKLY_PATH, (*JSON, *signed), body)


def _number(of: object) -> int:
    return int.from_bytes(hashlib.sha256(str(of).encode()).digest()[:4])


def _mac(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _bytes(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _moment(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%SZ}"
