"""What the telemetry lacks for a good answer, and what to change: `triage doctor`."""
