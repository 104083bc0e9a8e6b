"""One customer's story, for other programs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, TheStore, as_json
from dashboards.api.customer_json import CustomerJson
from dashboards.api.customer_rows import read_page
from dashboards.api.parameters import CustomerParameters, each_once

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/customers/{customer:path}", response_model=CustomerJson)
def get_customer(store: TheStore, customer: str, asked: Annotated[CustomerParameters, Query()]) -> Response:
    """One customer's story: what they tried, what failed in it and what they ordered, in order of time."""
    page = read_page(store, customer, asked, datetime.now(UTC))
    return as_json(CustomerJson.of(page.customer, page.requests, page.next))
