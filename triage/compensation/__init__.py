"""What would make good what an incident did: a proposal, line by line, that nothing executes by itself."""
