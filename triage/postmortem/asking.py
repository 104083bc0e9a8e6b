"""Postmortems, asked of a running service, or made from the store where none runs."""

from pathlib import Path
from urllib.parse import quote

from triage.affected.asking import Opened, Running, Source
from triage.incident.acting import Act, NoIncident
from triage.incident.impact import customers_on_rows
from triage.postmortem.document import Office
from triage.postmortem.key import NoKey
from triage.postmortem.model import PostmortemJson, VerificationJson
from triage.remote import Refusal


def postmortem(source: Source, id_: str, *, redact: bool, base_url: str, data: Path) -> PostmortemJson:
    """The postmortem of an incident. Raises Refusal where there is none, or no pseudonyms can be made."""
    match source:
        case Running(remote):
            asked = {"redact": "true"} if redact else {}
            return PostmortemJson.model_validate_json(remote.get(f"{_path(id_)}/postmortem.json", asked))
        case Opened(store):
            office = Office(store, customers_on_rows(store), base_url, data)
            try:
                return office.document(id_, redact=redact)
            except (NoIncident, NoKey) as error:
                raise Refusal(str(error)) from None
    raise TypeError(f"nobody knows how to ask {source!r}")


def verified(source: Source, id_: str, act: Act) -> VerificationJson:
    """Runs an incident's verification plan. Raises Refusal."""
    match source:
        case Running(remote):
            body = {name: text for name, text in vars(act).items() if text}
            return VerificationJson.model_validate_json(remote.post(f"{_path(id_)}/verify", body))
        case Opened(store):
            try:
                return Office(store, customers_on_rows(store), "", None).verify(id_, act)
            except NoIncident as error:
                raise Refusal(str(error)) from None
    raise TypeError(f"nobody knows how to ask {source!r}")


def _path(id_: str) -> str:
    return f"/api/v1/incidents/{quote(id_, safe='')}"
