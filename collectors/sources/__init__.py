"""Whoever sends something other than OTLP: one file each."""

from collectors.sources.alertmanager import ALERTMANAGER
from collectors.sources.changes import CHANGES
from collectors.sources.debezium import DEBEZIUM
from collectors.sources.github import GITHUB
from collectors.sources.grafana import GRAFANA
from collectors.sources.launchdarkly import LAUNCHDARKLY
from collectors.sources.source import Source
from collectors.sources.unleash import UNLEASH

SOURCES: tuple[Source, ...] = (ALERTMANAGER, GRAFANA, GITHUB, LAUNCHDARKLY, UNLEASH, CHANGES, DEBEZIUM)
