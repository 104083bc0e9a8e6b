"""The business figures: what they are, their values, the three first checks, and how unusual a value is."""
