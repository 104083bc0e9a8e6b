"""How unusual each value of a business figure is, judged online: from what came before it alone."""

from triage.kpi.scoring.scorer import Direction, Scored, Scorer, scored, scores

__all__ = ["Direction", "Scored", "Scorer", "scored", "scores"]
