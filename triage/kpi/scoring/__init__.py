"""How unusual each value of a business figure is, judged online: from what came before it alone."""

from triage.kpi.scoring.scorer import Direction, Scorer, scores

__all__ = ["Direction", "Scorer", "scores"]
