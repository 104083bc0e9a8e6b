"""The formats of a postmortem, from one document."""

from collections.abc import Callable
from enum import StrEnum

from triage.postmortem.html import html
from triage.postmortem.markdown import markdown
from triage.postmortem.model import FigureJson, PostmortemJson
from triage.postmortem.pdf import pdf


class Format(StrEnum):
    """How it is written."""

    MD = "md"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"


MEDIA_TYPES = {
    Format.MD: "text/markdown; charset=utf-8",
    Format.HTML: "text/html; charset=utf-8",
    Format.PDF: "application/pdf",
    Format.JSON: "application/json",
}


def export(document: PostmortemJson, format_: Format, address: Callable[[FigureJson], str]) -> bytes:
    """The document in that format. `address` says where a Markdown's figures are. Raises NotTypeset."""
    match format_:
        case Format.MD:
            return markdown(document, address).encode()
        case Format.HTML:
            return html(document).encode()
        case Format.PDF:
            return pdf(document)
        case Format.JSON:
            return (document.model_dump_json(indent=2) + "\n").encode()


def file_name(document: PostmortemJson, format_: Format) -> str:
    """What the file is called: by the incident's id alone."""
    redacted = "-redacted" if document.redacted else ""
    return f"postmortem-{document.incident}{redacted}.{format_}"


def figure_file(document: PostmortemJson, figure: FigureJson) -> str:
    """What a figure's file is called beside a Markdown file."""
    redacted = "-redacted" if document.redacted else ""
    return f"postmortem-{document.incident}{redacted}-{figure.name}.svg"
