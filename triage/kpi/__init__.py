"""The business figures: what they are, their values, the three first checks, and how unusual a value is."""

from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "kpis.yaml"
"""The figures that come with the program."""
