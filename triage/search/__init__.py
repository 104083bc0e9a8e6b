"""Searching what was sent: traces and log records, the newest first, a page at a time."""
