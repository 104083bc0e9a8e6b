"""The way of the data is the way of the folders: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "queries": set[str](),
    "collectors": {"queries"},
    "triage": {"queries"},
    "dashboards": {"triage", "queries"},
}
PUTS_THE_PARTS_TOGETHER = {Path("triage/service.py")}


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """(line, top-level package) of every import in the file, those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_a_layer_imports_only_those_below_it(layer: str) -> None:
    """queries imports none of ours, collectors and triage import queries, dashboards imports triage and queries."""
    forbidden = MAY_IMPORT.keys() - MAY_IMPORT[layer] - {layer}
    found = [
        f"{file.relative_to(ROOT)}:{line} imports {package}"
        for file in sorted((ROOT / layer).rglob("*.py"))
        if file.relative_to(ROOT) not in PUTS_THE_PARTS_TOGETHER
        for line, package in imported(file)
        if package in forbidden
    ]
    assert not found, "\n".join(found)


def test_nothing_imports_upwards_by_a_relative_path() -> None:
    """A relative import of a parent's parent would slip past the test above."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for layer in MAY_IMPORT
        for file in sorted((ROOT / layer).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > len(file.relative_to(ROOT / layer).parts)
    ]
    assert not found, "\n".join(found)
