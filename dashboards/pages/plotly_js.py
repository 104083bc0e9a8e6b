"""Serves plotly.js out of the plotly package: once for each version and browser, from no other origin."""

import gzip
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import Response

VERSION = version("plotly")
PATH = f"/static/plotly-{VERSION}.min.js"
FOREVER = "public, max-age=31536000, immutable"
STYLE_OF_ITS_OWN = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')

router = APIRouter(include_in_schema=False)


@router.get(PATH)
def plotly_js(request: Request) -> Response:
    """The script as the package has it, compressed where that is taken."""
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(compressed(), headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(source(), headers=headers, media_type="text/javascript")


@cache
def source() -> bytes:
    """The script, once for all connections that take their time to read it."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


@cache
def compressed() -> bytes:
    """The script, gzipped: a third of its size."""
    return gzip.compress(source(), 6, mtime=0)


@cache
def style_ids() -> str:
    """Ids of style elements that the script adds for its maps unless they are there: our policy forbids inline ones."""
    return " ".join(sorted({found.decode() for found in STYLE_OF_ITS_OWN.findall(source())}))
