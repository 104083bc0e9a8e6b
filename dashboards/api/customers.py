"""One customer's story, for other programs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from dashboards.api.border import PROBLEMS, UNKNOWN, TheStore, as_json
from dashboards.api.customer_json import CustomerJson
from dashboards.api.customer_rows import read_page, their_parts
from dashboards.api.parameters import CustomerParameters, each_once
from dashboards.opaque import CUSTOMER
from queries.store import Store

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


class IdParameters(CustomerParameters):
    """A customer by their id, for those whom clients can't name in a path: they resolve `.` and `..` away."""

    id: str = Field(description="Of the customer, as the telemetry has it.")


@router.get("/customers", response_model=CustomerJson, responses=UNKNOWN)
def get_customer_by_id(request: Request, store: TheStore, asked: Annotated[IdParameters, Query()]) -> Response:
    """The story of a customer whose id is `.` or `..`, or anything else."""
    return _told(request, store, asked.id, asked)


@router.get(f"/customers/{CUSTOMER}", response_model=CustomerJson, responses=UNKNOWN)
def get_customer(
    request: Request, store: TheStore, customer: str, asked: Annotated[CustomerParameters, Query()]
) -> Response:
    """One customer's story: what they tried, what failed in it, what they ordered and which incidents hit them."""
    return _told(request, store, customer, asked)


def _told(request: Request, store: Store, name: str, asked: CustomerParameters) -> Response:
    now = datetime.now(UTC)
    page = read_page(store, name, asked, now)
    return as_json(
        CustomerJson.of(page.customer, page.requests, page.next, their_parts(request, store, page.customer, now))
    )
