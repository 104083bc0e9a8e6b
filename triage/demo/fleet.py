"""The running instances of the shop's services."""

from random import Random

from triage.demo.catalogue import SERVICES, Service
from triage.demo.request import Attributes, Resource

Fleet = dict[str, tuple[Resource, ...]]
"""The instances of each service, by its name."""


def fleet(seed: int) -> Fleet:
    """The instances of the shop `seed`."""
    return {
        service.name: tuple(_instance(service, seed, number, service.version) for number in range(service.hosts))
        for service in SERVICES
    }


def renewed(usual: Fleet, seed: int, service: str, version: str) -> Fleet:
    """The same instances, but that all of the service run that version."""
    of = next(one for one in SERVICES if one.name == service)
    return usual | {service: tuple(_instance(of, seed, number, version) for number in range(of.hosts))}


def released(usual: Fleet, seed: int, versions: tuple[tuple[str, str], ...]) -> Fleet:
    """The same instances, but that of each service in `versions` every second host runs that version."""
    services = {service.name: service for service in SERVICES}
    return usual | {
        name: tuple(
            _instance(services[name], seed, number, version) if number % 2 else instance
            for number, instance in enumerate(usual[name])
        )
        for name, version in versions
    }


def _instance(service: Service, seed: int, number: int, version: str) -> Resource:
    pod = f"{Random(f'{seed} {service.name} {number} {version}').getrandbits(20):05x}"
    attributes: Attributes = (
        ("service.name", service.name),
        ("service.namespace", "shop"),
        ("service.version", version),
        ("service.instance.id", f"{service.name}-{pod}"),
        ("deployment.environment.name", "production"),
        ("host.name", f"node-{number + 1}.shop.internal"),
        ("telemetry.sdk.language", service.language),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "1.45.2"),
    )
    return Resource(service.name, version, service.scope, attributes)
