"""The page of one customer: a support person's story, then the same as a timeline, the evidence folded away."""

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.api.border import TheStore
from dashboards.api.customer_rows import read_page, their_parts
from dashboards.api.parameters import CustomerParameters, each_once
from dashboards.opaque import CUSTOMER
from dashboards.pages.shown import customer_path
from dashboards.pages.views import render
from queries.store import Store
from triage.customer import Request as Requested
from triage.incident.of_customer import fared_worse, hides_slowness, is_slow, last_attempt
from triage.story import origin, story
from triage.window import around, format_time

DOTS = {".", "..", ""}  # ids that no path can hold: browsers resolve them away

LONG_STRETCH = 3  # requests in a row that just worked are gathered from so many on

router = APIRouter(include_in_schema=False, dependencies=[Depends(each_once)])


class IdParameters(CustomerParameters):
    """A customer by their id, for those whom no path can name."""

    id: str = ""


@router.get("/customers")
def by_id(request: Request, store: TheStore, asked: Annotated[IdParameters, Query()]) -> Response:
    """The customer of an id: their page, at its own address where there is one."""
    path = customer_path(asked.id)
    if asked.id in DOTS or path is None:
        return _page(request, store, asked.id, asked)
    return RedirectResponse(path + _query({"from": asked.from_, "to": asked.to}))


@router.get(f"/customers/{CUSTOMER}")
def customer_page(
    request: Request, store: TheStore, customer: str, asked: Annotated[CustomerParameters, Query()]
) -> HTMLResponse:
    """Their story."""
    return _page(request, store, customer, asked)


def _page(request: Request, store: Store, name: str, asked: CustomerParameters) -> HTMLResponse:
    now = datetime.now(UTC)
    page = read_page(store, name, asked, now)
    customer = page.customer
    window = {"from": format_time(customer.window.from_), "to": format_time(customer.window.to)}
    path = None if name in DOTS else customer_path(name)
    identity = {} if path else {"id": name}
    path = path or "/customers"
    parts = their_parts(request, store, customer, now)
    slow = {one for one in customer.requests if is_slow(one, parts)}
    behind = {one for one in customer.requests if hides_slowness(one, parts)}
    return render(
        request,
        "customer.html",
        page=page,
        customer=customer,
        story=story(customer, parts),
        parts=parts,
        worse=fared_worse(customer, parts),
        last_attempt=last_attempt(customer, parts),
        slow=slow,
        behind=behind,
        chapters=_chapters(page.requests, slow | behind),
        origin=origin,
        next_page=path + _query(identity | {"cursor": page.next, "limit": str(asked.limit)}) if page.next else None,
        around_last=path + _query(identity | _around(page.last_seen)),
        ends=window,
        affected="/affected" + _query(window),
        json_path="/api/v1" + path + _query(identity | window),
    )


def _chapters(requests: Sequence[Requested], told: Set[Requested]) -> list[list[Requested]]:
    """The requests in order, with those that just worked gathered: a long quiet stretch is one chapter."""
    chapters: list[list[Requested]] = []
    for quiet, stretch in groupby(
        requests, key=lambda one: not (one.failed or one.failures or one.orders or one in told)
    ):
        gathered = list(stretch)
        chapters.extend([gathered] if quiet and len(gathered) >= LONG_STRETCH else [[request] for request in gathered])
    return chapters


def _around(moment: datetime | None) -> dict[str, str]:
    if moment is None:
        return {}
    window = around(moment, timedelta(hours=1))
    return {"from": format_time(window.from_), "to": format_time(window.to)}


def _query(parameters: Mapping[str, str | None]) -> str:
    given = {name: text for name, text in parameters.items() if text is not None}
    return f"?{urlencode(given)}" if given else ""
