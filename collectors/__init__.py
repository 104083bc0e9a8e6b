"""Everything that comes in: the OTLP receivers, the segments, the loader."""
