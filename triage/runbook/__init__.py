"""The runbook: which symptom is answered by whom, and what they do first. People edit it."""

from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "runbook.yaml"
"""The table that comes with the program."""
