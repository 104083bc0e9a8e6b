"""The postmortem as PDF (PDF/A-2u), typeset by typst. Every text goes there as data: none of it is ever markup."""

import json
import re
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Final

import fontpkg_noto_sans
import typst

from triage.postmortem.layout import Block, Table, laid_out
from triage.postmortem.model import PostmortemJson

TEMPLATE = Path(str(files("triage.postmortem"))) / "postmortem.typ"
FONTS = Path(fontpkg_noto_sans.__file__).parent / "files"
STANDARD: Final = "a-2u"
"""It demands that every letter is in a font: a missing one is an error, where it would be an empty box else."""
MISSING = re.compile(r'the text `("(?:[^"\\]|\\.)+")` could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
"""As Rust writes a letter that cannot be seen."""
MOST_TRIES = 8


class NotTypeset(Exception):
    """The PDF could not be made; the message says why."""


def pdf(document: PostmortemJson) -> bytes:
    """The file. A letter that no font has is written as its code point. Raises NotTypeset."""
    data = json.dumps(typeset_data(document), ensure_ascii=False)
    compiler = typst.Compiler(str(TEMPLATE), font_paths=typst.Fonts(font_paths=[str(FONTS)]))
    made_at = document.generated_at.replace(microsecond=0)  # typst takes no less
    for _ in range(MOST_TRIES):
        try:
            made = compiler.compile(
                format="pdf",
                sys_inputs={"data": data},
                pdf_standards=STANDARD,
                timestamp=made_at,
            )
        except typst.TypstError as error:
            missing = _missing(error.diagnostic)
            if not missing:
                raise NotTypeset(f"the PDF could not be typeset: {error}") from None
            data = _without(data, missing)
        else:
            assert isinstance(made, bytes)
            return made
    raise NotTypeset("the PDF could not be typeset: it has letters that no font knows")


def typeset_data(document: PostmortemJson) -> dict[str, object]:
    """What the template is given."""
    layout = laid_out(document)
    parts = [
        {
            "title": part.title,
            "blocks": [_block(block) for block in part.blocks],
        }
        for part in layout.parts
    ]
    figures = {figure.name: {"svg": figure.svg, "alt": figure.alt} for figure in document.figures}
    return {
        "title": layout.title, "incident": document.incident, "redacted": document.redacted,
        "facts": layout.facts, "parts": parts, "figures": figures,
    }  # fmt: skip


def _block(block: Block) -> dict[str, object]:
    right = {"right": sorted(block.right)} if isinstance(block, Table) else {}
    return {"kind": type(block).__name__.lower()} | asdict(block) | right


def _missing(error: str) -> set[str]:
    """The letters that the error says are in no font."""
    texts = [ESCAPED.sub(lambda match: chr(int(match[1], 16)), said) for said in MISSING.findall(error)]
    return {char for text in texts for char in text if ord(char) > 126}


def _without(data: str, missing: set[str]) -> str:
    pattern = re.compile("|".join(re.escape(char) for char in sorted(missing)))
    return pattern.sub(lambda match: f"[U+{ord(match[0]):04X}]", data)
