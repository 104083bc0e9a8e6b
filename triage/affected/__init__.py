"""Which customers were affected: the question as it is asked, and its answer."""
