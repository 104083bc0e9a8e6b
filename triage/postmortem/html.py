"""The postmortem as one HTML file: it opens offline, prints, and follows light and dark."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from triage.postmortem.layout import laid_out
from triage.postmortem.model import PostmortemJson

HERE = Path(__file__).parent

ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(document: PostmortemJson) -> str:
    """The file. Pictures are made by us of escaped text, and stand in it as they are."""
    layout = laid_out(document)
    figures = {figure.name: figure for figure in document.figures}
    return ENVIRONMENT.get_template("postmortem.html").render(layout=layout, figures=figures, document=document)
