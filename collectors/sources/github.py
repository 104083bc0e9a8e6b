"""GitHub's webhooks: deployments and their states, and workflow runs; other events are taken and say nothing."""

import re
from collections.abc import Callable, Iterator, Mapping

from pydantic import Field

from collectors.sources.events import LONGEST_NAME, LONGEST_TITLE, Change, Event, web_link
from collectors.sources.proof import Unproven, by_token, hmac_sha256, same
from collectors.sources.reading import Json, Moment, Name, Payload, Text, compact, parse, validated
from collectors.sources.source import Columns, Delivery, Source, Trust

VERSION = re.compile(r"(?:refs/tags/)?v?(\d+(?:\.\d+)+[\w.+-]*)", re.ASCII)


class Person(Payload):
    """Who did it."""

    login: Text = ""


class Repository(Payload):
    """Where it was done."""

    name: str = Field(min_length=1)
    full_name: Text = ""

    @property
    def path(self) -> str:
        """With its owner, where that is told."""
        return self.full_name or self.name


class Deployment(Payload):
    """What is deployed where."""

    id: Name
    sha: str
    ref: Text = ""
    environment: Text = ""
    task: Text = ""
    description: Text = ""
    created_at: Moment | None = Field(None, ge=0)
    creator: Person | None = None
    payload: object = None

    def told(self, name: str) -> str:
        """A text that the deployment's own payload holds under this name."""
        value = self.payload.get(name) if isinstance(self.payload, dict) else None
        return value if isinstance(value, str) else ""

    @property
    def version(self) -> str:
        """As its payload says, else the tag (1.2 of v1.2), else the commit."""
        tag = VERSION.fullmatch(self.ref)
        return (self.told("version") or (tag[1] if tag else self.sha))[:LONGEST_NAME]


class DeploymentStatus(Payload):
    """How far a deployment is."""

    state: str = Field(min_length=1)
    created_at: Moment | None = Field(None, ge=0)
    description: Text = ""
    environment: Text = ""
    log_url: Text = ""
    target_url: Text = ""
    creator: Person | None = None


class WorkflowRun(Payload):
    """A run of a workflow."""

    id: Name
    name: Text = ""
    head_sha: str
    head_branch: Text = ""
    status: Text = ""
    conclusion: Text = ""
    run_attempt: int = 1
    updated_at: Moment = Field(0, ge=0)
    html_url: Text = ""
    actor: Person | None = None


class DeploymentEvent(Payload):
    """`deployment`."""

    deployment: Deployment
    repository: Repository


class DeploymentStatusEvent(DeploymentEvent):
    """`deployment_status`."""

    deployment_status: DeploymentStatus


class WorkflowRunEvent(Payload):
    """`workflow_run`."""

    workflow_run: WorkflowRun
    repository: Repository


def prove(trust: Trust, delivery: Delivery) -> None:
    """The signature of the body; without a secret, the token."""
    if not trust.github:
        by_token(trust, delivery, "TRIAGE_GITHUB_WEBHOOK_SECRET")
        return
    expected = "sha256=" + hmac_sha256(trust.github, delivery.body).hex()
    if not same(delivery.header("x-hub-signature-256"), expected):
        raise Unproven("X-Hub-Signature-256 is not the signature of this body with TRIAGE_GITHUB_WEBHOOK_SECRET")


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """What the event tells. Its header is not signed: an event is known by what it holds."""
    told = parse(delivery.body)
    kind = delivery.header("x-github-event") or _kind(told)
    if kind in EVENTS:
        yield EVENTS[kind](told, delivery.received_ns)
    elif not kind:
        validated(DeploymentEvent, told)


def _kind(told: Json) -> str:
    """The kind of a payload that came without its header."""
    return next((kind for kind in EVENTS if isinstance(told, dict) and kind in told), "")


def _deployment(told: Json, received_ns: int) -> Change:
    event = validated(DeploymentEvent, told)
    return _deploy(event, "created", event.deployment.created_at or received_ns, event.deployment.creator, "")


def _deployment_status(told: Json, received_ns: int) -> Change:
    event = validated(DeploymentStatusEvent, told)
    status = event.deployment_status
    url = web_link(status.log_url) or web_link(status.target_url)
    time_ns = status.created_at or received_ns
    return _deploy(event, status.state, time_ns, status.creator or event.deployment.creator, url)


def _deploy(event: DeploymentEvent, state: str, time_ns: int, who: Person | None, url: str) -> Change:
    deployment = event.deployment
    service = (deployment.told("service") or event.repository.name)[:LONGEST_NAME]
    title = deployment.description or f"{service} {deployment.version} to {deployment.environment}: {state}"
    return Change(
        id=f"github:{event.repository.path}:deployment:{deployment.id}:{state}",
        time_ns=time_ns,
        kind="deploy",
        source="github",
        service=service,
        version=deployment.version,
        environment=deployment.environment[:LONGEST_NAME],
        title=title[:LONGEST_TITLE],
        author=who.login if who else "",
        url=url,
        status=state[:LONGEST_NAME],
        details=compact(
            {
                "repository": event.repository.path,
                "sha": deployment.sha,
                "ref": deployment.ref,
                "task": deployment.task,
                "deployment": deployment.id,
            }
        ),
    )


def _workflow_run(told: Json, received_ns: int) -> Change:
    event = validated(WorkflowRunEvent, told)
    run = event.workflow_run
    state = run.conclusion or run.status
    branch = f" on {run.head_branch}" if run.head_branch else ""
    return Change(
        id=f"github:{event.repository.path}:run:{run.id}:{run.run_attempt}:{state}",
        time_ns=run.updated_at or received_ns,
        kind="pipeline",
        source="github",
        service=event.repository.name[:LONGEST_NAME],
        version=run.head_sha[:LONGEST_NAME],
        title=f"{run.name or 'workflow run'}{branch}: {state}"[:LONGEST_TITLE],
        author=run.actor.login if run.actor else "",
        url=web_link(run.html_url),
        status=state[:LONGEST_NAME],
        details=compact({"repository": event.repository.path, "run": run.id, "attempt": run.run_attempt}),
    )


EVENTS: Mapping[str, Callable[[Json, int], Change]] = {
    "deployment_status": _deployment_status,
    "deployment": _deployment,
    "workflow_run": _workflow_run,
}
"""What is made of each event; a status holds its deployment too, and is looked for first."""

GITHUB = Source("github", prove, read, signs=lambda trust: bool(trust.github))
