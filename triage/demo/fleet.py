"""The running instances of the shop's services."""

from random import Random

from triage.demo.catalogue import SERVICES, Service
from triage.demo.request import Attributes, Resource

Fleet = dict[str, tuple[Resource, ...]]
"""The instances of each service, by its name."""


def fleet(seed: int, released: tuple[tuple[str, str], ...] = ()) -> Fleet:
    """The instances of the shop `seed`. Of a service in `released` every second host runs that version instead."""
    return {service.name: _instances(service, seed, dict(released).get(service.name)) for service in SERVICES}


def _instances(service: Service, seed: int, released: str | None) -> tuple[Resource, ...]:
    return tuple(
        _instance(service, seed, number, released if released and number % 2 else service.version)
        for number in range(service.hosts)
    )


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
