"""The page of the runbook: which symptom is answered by whom, and what they do first."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dashboards.api.runbook import TheRunbook, told
from dashboards.pages.views import render

router = APIRouter(include_in_schema=False)


@router.get("/runbook")
def runbook_page(request: Request, runbook: TheRunbook) -> HTMLResponse:
    """The table in force, with what is wrong with it; whatever stands after the `?` is only kept."""
    return render(request, "runbook.html", runbook=told(runbook))
