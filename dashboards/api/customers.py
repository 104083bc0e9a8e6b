"""One customer's story, for other programs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, TheStore, as_json
from dashboards.api.customer_json import CustomerJson
from dashboards.api.customer_rows import read_page, their_incidents
from dashboards.api.parameters import CustomerParameters, each_once

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/customers/{customer:path}", response_model=CustomerJson)
def get_customer(
    request: Request, store: TheStore, customer: str, asked: Annotated[CustomerParameters, Query()]
) -> Response:
    """One customer's story: what they tried, what failed in it, what they ordered and which incidents hit them."""
    now = datetime.now(UTC)
    page = read_page(store, customer, asked, now)
    return as_json(
        CustomerJson.of(page.customer, page.requests, page.next, their_incidents(request, store, page.customer, now))
    )
