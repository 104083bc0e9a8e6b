"""An incident: what belongs together, from its opening to its end, as the fold of what happened to it."""
