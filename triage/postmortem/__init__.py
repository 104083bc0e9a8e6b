"""The postmortem: its first draft, what its authors write, and how it is read.

incident, customers, changes ──► facts ──► draft ──► document ──► layout ──► Markdown, HTML, PDF
                                   └── redaction       └── JSON
"""
