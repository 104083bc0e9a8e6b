"""The postmortem as Markdown (CommonMark with GitHub's tables): what others wrote is escaped, figures are linked."""

import re
from collections.abc import Callable, Iterator

from triage.postmortem.layout import Block, Bullets, Layout, Link, Paragraph, Picture, Table, laid_out
from triage.postmortem.model import FigureJson, PostmortemJson
from triage.postmortem.visible import visible

SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&!]")
BEGINS = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")
"""What makes a list, or a heading of the line before, at the beginning of a line."""
LINKED = re.compile(r"(?i)\b(https?|ftp)(:)|\b(www)(\.)|(@)")
"""What readers make a link or a call of, without being told to."""


def markdown(document: PostmortemJson, address: Callable[[FigureJson], str]) -> str:
    """The text. `address` says where a figure's picture is."""
    layout = laid_out(document)
    figures = {figure.name: figure for figure in document.figures}
    return "\n".join(_lines(layout, figures, address)).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    """One line of text that reads as it is written, whatever stands in it."""
    text = SPECIAL.sub(r"\\\g<0>", text)
    text = LINKED.sub(_unlinked, text)
    return BEGINS.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", text)


def _unlinked(match: re.Match[str]) -> str:
    if match[5]:
        return "\\@"
    return f"{match[1] or match[3]}\\{match[2] or match[4]}"


def _lines(layout: Layout, figures: dict[str, FigureJson], address: Callable[[FigureJson], str]) -> Iterator[str]:
    yield f"# {escaped(layout.title)}"
    yield ""
    yield from (f"- **{label}**: {escaped(text)}" for label, text in layout.facts)
    for part in layout.parts:
        yield ""
        yield f"## {escaped(part.title)}"
        for block in part.blocks:
            yield ""
            yield from _block(block, figures, address)


def _block(block: Block, figures: dict[str, FigureJson], address: Callable[[FigureJson], str]) -> Iterator[str]:
    match block:
        case Paragraph(text, quiet):
            yield f"*{escaped(text)}*" if quiet else escaped(text)
        case Bullets(items, heading):
            if heading:
                yield f"**{escaped(heading)}**"
                yield ""
            yield from (f"- {escaped(item)}" for item in items)
        case Table(caption=caption, headings=headings, rows=rows, right=right):
            yield f"**{escaped(caption)}**"
            yield ""
            yield _row([escaped(heading) for heading in headings])
            yield _row(["---:" if number in right else "---" for number in range(len(headings))])
            yield from (_row([escaped(cell) for cell in row]) for row in rows)
        case Picture(name):
            figure = figures[name]
            yield f"![{escaped(visible(figure.alt))}]({address(figure)})"
        case Link(text, url):
            yield f"[{escaped(text)}](<{url}>)"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
