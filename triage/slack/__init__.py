"""Slack: one look at a message must suffice. What is said, when it is due, how it is sent once, and its buttons."""
