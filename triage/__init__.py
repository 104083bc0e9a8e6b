"""What is wrong, who was hit, why, who must act and what to do first: the domain, its settings and its command line."""

__version__ = "0.1.0"
