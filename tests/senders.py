"""What other senders post: bodies with the fields that they document, and their signatures."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

SECRET = "it's a s3cret"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
JSON = {"content-type": "application/json"}

Plain = dict[str, object]


def body(value: object) -> bytes:
    """As it goes over the wire."""
    return json.dumps(value).encode()


def mac(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def alert(status: str = "firing", **changed: object) -> Plain:
    ended = "2026-11-22T10:09:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "status": status,
        "labels": {"alertname": "HighErrorRate", "severity": "critical", "service": "payment"},
        "annotations": {"summary": "5xx above 5%"},
        "startsAt": "2026-11-22T10:00:00.123456789Z",
        "endsAt": ended,
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
        "fingerprint": "c1a2b3d4e5f60718",
        **changed,
    }


def alertmanager(*alerts: Plain, **changed: object) -> Plain:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "triage",
        "groupLabels": {"alertname": "HighErrorRate"},
        "commonLabels": {"severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts) or [alert()],
        **changed,
    }


def grafana(*alerts: Plain) -> Plain:
    shown = alert(dashboardURL="https://grafana/d/1", panelURL="https://grafana/d/1?viewPanel=2", values={"B": 0.31})
    more = {"version": "1", "orgId": 1, "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**"}
    return {**alertmanager(*(alerts or (shown,))), **more}


REPOSITORY: Plain = {
    "id": 1,
    "name": "payment",
    "full_name": "shop/payment",
    "html_url": "https://github.com/shop/payment",
}


def deployment(**changed: object) -> Plain:
    made = {
        "id": 42,
        "sha": "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d",
        "ref": "v2.4.0",
        "task": "deploy",
        "payload": {},
        "environment": "production",
        "description": None,
        "creator": {"login": "octocat"},
        "created_at": "2026-11-22T10:00:00Z",
        "updated_at": "2026-11-22T10:00:00Z",
        **changed,
    }
    return {"action": "created", "deployment": made, "repository": REPOSITORY, "sender": {"login": "octocat"}}


def deployment_status(state: str = "success", **changed: object) -> Plain:
    status = {
        "id": 7,
        "state": state,
        "creator": {"login": "octocat"},
        "description": "",
        "environment": "production",
        "target_url": "",
        "log_url": "https://github.com/shop/payment/actions/runs/9",
        "created_at": "2026-11-22T10:01:00Z",
        **changed,
    }
    return {**deployment(), "deployment_status": status}


def workflow_run() -> Plain:
    run = {
        "id": 30433642,
        "name": "Build",
        "head_branch": "main",
        "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
        "run_attempt": 2,
        "status": "completed",
        "conclusion": "failure",
        "updated_at": "2026-11-22T10:05:00Z",
        "html_url": "https://github.com/shop/payment/actions/runs/30433642",
        "actor": {"login": "octocat"},
    }
    return {"action": "completed", "workflow_run": run, "repository": REPOSITORY}


def launchdarkly(**changed: object) -> Plain:
    return {
        "_links": {"site": {"href": "/default/production/features/new-checkout", "type": "text/html"}},
        "_id": "57c0a8e29969090743529965",
        "date": 1795341600123,
        "accesses": [
            {"action": "updateOn", "resource": "proj/shop:env/production:flag/new-checkout"},
            {"action": "updateRules", "resource": "proj/shop:env/production:flag/new-checkout"},
        ],
        "kind": "flag",
        "name": "New checkout",
        "description": "- Turned on the flag",
        "member": {"_id": "1", "email": "ariel@example.com"},
        "titleVerb": "turned on the flag",
        **changed,
    }


def unleash(**changed: object) -> Plain:
    return {
        "id": 17,
        "type": "feature-environment-enabled",
        "createdBy": "ada",
        "createdAt": "2026-11-22T10:00:00.500Z",
        "data": None,
        "preData": None,
        "tags": [],
        "featureName": "new-checkout",
        "project": "default",
        "environment": "production",
        **changed,
    }


def change(**changed: object) -> Plain:
    return {"kind": "deploy", "service": "payment", "version": "2.4.0", "time": "2026-11-22T10:00:00Z", **changed}


ROW: Plain = {"sku": "A-1", "on_hand": 7, "sequence": 12, "event_id": "e-1", "order_id": "o-1", "customer_id": "c-1"}


def envelope(op: str = "u", lsn: int = 100, **changed: object) -> Plain:
    """A change of a row of inventory.stock, as PostgreSQL's connector tells it."""
    return {
        "before": None if op in "cr" else {**ROW, "on_hand": 8, "sequence": 11},
        "after": None if op == "d" else ROW,
        "source": {
            "version": "3.0.0.Final",
            "connector": "postgresql",
            "name": "inventory",
            "ts_ms": 1795341600000,
            "ts_us": 1795341600000500,
            "snapshot": "last" if op == "r" else "false",
            "db": "shop",
            "sequence": f'["{lsn - 1}","{lsn}"]',
            "schema": "inventory",
            "table": "stock",
            "txId": 571,
            "lsn": lsn,
            "xmin": None,
        },
        "transaction": {"id": f"571:{lsn}", "total_order": 2, "data_collection_order": 1},
        "op": op,
        "ts_ms": 1795341600250,
        **changed,
    }


def wrapped(payload: object) -> Plain:
    """With the schema beside it."""
    return {"schema": {"type": "struct", "name": "shop.inventory.stock.Envelope", "fields": []}, "payload": payload}


def end(count: int = 2) -> Plain:
    """The marker at a transaction's end."""
    collections = [{"data_collection": "inventory.stock", "event_count": count}]
    return {
        "status": "END",
        "id": "571:148",  # PostgreSQL's connector adds where the event stands, so no two events of it have the same
        "event_count": count,
        "data_collections": collections,
        "ts_ms": 1795341600300,
    }


def signature(source: str, sent: bytes, now_s: int, secret: str = SECRET) -> Mapping[str, str]:
    """The headers with which the sender proves itself."""
    match source:
        case "github":
            return {"x-hub-signature-256": f"sha256={mac(secret, sent)}"}
        case "grafana":
            return {"x-grafana-alerting-signature": mac(secret, sent)}
        case "launchdarkly":
            return {"x-ld-signature": mac(secret, sent)}
        case "unleash":
            return {"authorization": secret}
        case "debezium":
            key = base64.b64decode(secret.removeprefix("whsec_") + "==")
            signed = hmac.new(key, f"msg_1.{now_s}.".encode() + sent, hashlib.sha256).digest()
            one = base64.b64encode(signed).decode()
            return {"webhook-id": "msg_1", "webhook-timestamp": str(now_s), "webhook-signature": f"v1,{one}"}
    return {"authorization": f"Bearer {secret}"}


BODIES: Mapping[str, Plain] = {
    "alertmanager": alertmanager(),
    "grafana": grafana(),
    "github": deployment_status(),
    "launchdarkly": launchdarkly(),
    "unleash": unleash(),
    "changes": change(),
    "debezium": envelope(),
}
"""A good body of each sender."""
