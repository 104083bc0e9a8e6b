"""The shop's services and partners, and everything that they do: the literal that the model plays from."""

from dataclasses import dataclass

from triage.demo.request import MS_NS, Attributes, Operation, SpanKind, Trouble


@dataclass(frozen=True)
class Service:
    """A service that reports telemetry: its release, how many hosts run it, what it is written in."""

    name: str
    version: str
    hosts: int
    language: str
    scope: str
    failure: Trouble
    """How it fails on an ordinary day."""


GATEWAY = "gateway"
STOREFRONT = "storefront"
MONOLITH = "monolith"
CHECKOUT = "checkout"
PRICING = "pricing"
INVENTORY = "inventory"
FULFILMENT = "fulfilment-adapter"
CACHE = "cache"

SERVICES = (
    Service(GATEWAY, "1.31.4", 2, "cpp", "envoy", Trouble(503, "upstream_reset", "upstream connect error")),
    Service(STOREFRONT, "5.12.0", 3, "nodejs", "@opentelemetry/instrumentation-http",
            Trouble(500, "TypeError", "Cannot read properties of undefined (reading 'price')", 12)),
    Service(MONOLITH, "2019.11.3", 2, "java", "io.opentelemetry.tomcat-10.0",
            Trouble(500, "java.sql.SQLTransientConnectionException", "HikariPool-1 - no connection available", 400)),
    Service(CHECKOUT, "2.3.1", 4, "java", "io.opentelemetry.spring-webmvc-6.0",
            Trouble(500, "org.springframework.dao.CannotAcquireLockException", "could not serialize access", 80)),
    Service(PRICING, "0.9.7", 2, "go", "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
            Trouble(500, "context.deadlineExceededError", "context deadline exceeded", 250)),
    Service(INVENTORY, "3.4.2", 3, "python", "opentelemetry.instrumentation.fastapi",
            Trouble(503, "asyncio.TimeoutError", "no connection from the pool within 300 ms", 300)),
    Service(FULFILMENT, "1.8.0", 2, "dotnet", "OpenTelemetry.Instrumentation.AspNetCore",
            Trouble(502, "System.Net.Http.HttpRequestException", "The SSL connection could not be established", 90)),
    Service(CACHE, "0.4.1", 2, "rust", "tonic", Trouble(503, "Evicted", "shard 7 is moving")),
)  # fmt: skip

PAY_BUTTON = "pay-button"
"""The feature flag that says which button the browser shows in the cart."""

CONTRACT_KEY = "http.response.header.api-version"
CONTRACTS = {"psp": "2026-04-15", "wms": "4.12"}
"""The version of its contract that a partner's answers name, where they do."""

PARTNER_HOSTS = {"psp": "api.paywell.example", "wms": "wms.lagerhaus.example", "erp": "erp.shop.internal"}


@dataclass(frozen=True, eq=False)
class Hop:
    """One service calling another: the caller's client span and the callee's server span."""

    client: Operation
    server: Operation


def entry(method: str, route: str, own_ms: float = 2.5) -> Operation:
    """A request as the gateway meets it."""
    return serve(GATEWAY, method, route, own_ms)


def serve(service: str, method: str, route: str, own_ms: float) -> Operation:
    attributes: Attributes = (("http.request.method", method), ("http.route", route), ("url.scheme", "https"))
    return Operation(service, f"{method} {route}", SpanKind.SERVER, int(own_ms * MS_NS), attributes, route)


def hop(caller: str, callee: str, method: str, route: str, own_ms: float) -> Hop:
    """A call inside the shop; `own_ms` is what the callee takes without those that it calls."""
    peer_key = "peer.service" if caller == MONOLITH else "service.peer.name"  # its agent is an old one
    attributes: Attributes = (
        ("http.request.method", method),
        ("url.template", route),
        ("server.address", f"{callee}.shop.svc"),
        ("server.port", 8080),
        (peer_key, callee),
    )
    client = Operation(caller, f"{method} {route}", SpanKind.CLIENT, int(0.7 * MS_NS), attributes, peer=callee)
    return Hop(client, serve(callee, method, route, own_ms))


def partner(caller: str, peer: str, method: str, path: str, own_ms: float) -> Operation:
    """A call to a partner, who sends no telemetry: the client span is all there is."""
    attributes: Attributes = (
        ("http.request.method", method),
        ("url.template", path),
        ("server.address", PARTNER_HOSTS[peer]),
        ("server.port", 443),
        ("service.peer.name", peer),
    )
    return Operation(
        caller, f"{method} {path}", SpanKind.CLIENT, int(own_ms * MS_NS), attributes, peer=peer, partner=True
    )


def query(service: str, system: str, verb: str, table: str, own_ms: float) -> Operation:
    """A query of a service's own database."""
    attributes: Attributes = (
        ("db.system.name", system),
        ("db.operation.name", verb),
        ("db.collection.name", table),
        ("server.address", f"{service}-db.shop.internal"),
    )
    return Operation(service, f"{verb} {table}", SpanKind.CLIENT, int(own_ms * MS_NS), attributes)


# What a customer asks for
HOME = entry("GET", "/")
SEARCH = entry("GET", "/search")
PRODUCT = entry("GET", "/products/{id}")
CART = entry("GET", "/cart")
ADD_TO_CART = entry("POST", "/cart/items")
LOGIN = entry("POST", "/login")
ACCOUNT = entry("GET", "/account/orders")
PLACE_ORDER = entry("POST", "/checkout")
ORDER_STATUS = entry("GET", "/orders/{id}")

# What the gateway passes on
TO_HOME = hop(GATEWAY, STOREFRONT, "GET", "/pages/home", 9)
TO_SEARCH = hop(GATEWAY, STOREFRONT, "GET", "/pages/search", 7)
TO_PRODUCT = hop(GATEWAY, STOREFRONT, "GET", "/pages/product/{id}", 8)
TO_CART = hop(GATEWAY, STOREFRONT, "GET", "/pages/cart", 6)
TO_ADD = hop(GATEWAY, STOREFRONT, "POST", "/carts/{id}/items", 7)
TO_LOGIN = hop(GATEWAY, MONOLITH, "POST", "/legacy/session", 60)
TO_ACCOUNT = hop(GATEWAY, MONOLITH, "GET", "/legacy/orders", 35)
TO_CHECKOUT = hop(GATEWAY, CHECKOUT, "POST", "/orders", 14)
TO_LEGACY_CHECKOUT = hop(GATEWAY, MONOLITH, "POST", "/legacy/orders", 240)
TO_SHIPMENT = hop(GATEWAY, FULFILMENT, "GET", "/shipments/{id}", 6)

# What the services ask each other
LEGACY_CONTENT = hop(STOREFRONT, MONOLITH, "GET", "/legacy/content/{id}", 45)
LEGACY_SEARCH = hop(STOREFRONT, MONOLITH, "GET", "/legacy/search", 55)
PRICE = hop(STOREFRONT, PRICING, "GET", "/prices/{sku}", 4)
STOCK = hop(STOREFRONT, INVENTORY, "GET", "/stock/{sku}", 5)
QUOTE = hop(CHECKOUT, PRICING, "POST", "/quotes", 8)
RESERVE = hop(CHECKOUT, INVENTORY, "POST", "/reservations", 11)
PAGE_CACHE = hop(STOREFRONT, CACHE, "GET", "/entries/{key}", 0.4)
PRICE_CACHE = hop(PRICING, CACHE, "GET", "/entries/{key}", 0.4)
STOCK_CACHE = hop(INVENTORY, CACHE, "GET", "/entries/{key}", 0.4)

# What partners are asked
CHARGE = partner(CHECKOUT, "psp", "POST", "/v1/charges", 170)
BOOK = partner(CHECKOUT, "erp", "POST", "/sales-orders", 190)
CONDITIONS = partner(PRICING, "erp", "GET", "/price-conditions/{sku}", 85)
AGREEMENTS = partner(PRICING, "erp", "GET", "/discount-agreements/{sku}", 80)
WMS_STOCK = partner(INVENTORY, "wms", "GET", "/stock-levels/{sku}", 60)
WMS_SHIP = partner(FULFILMENT, "wms", "POST", "/shipments", 120)
WMS_STATUS = partner(FULFILMENT, "wms", "GET", "/shipments/{id}", 70)

# What the services do by themselves
SELECT_CONTENT = query(MONOLITH, "oracle.db", "SELECT", "CONTENT", 14)
SELECT_PRODUCTS = query(MONOLITH, "oracle.db", "SELECT", "PRODUCTS", 22)
SELECT_CUSTOMERS = query(MONOLITH, "oracle.db", "SELECT", "CUSTOMERS", 6)
SELECT_ORDERS = query(MONOLITH, "oracle.db", "SELECT", "ORDERS", 12)
INSERT_ORDERS = query(MONOLITH, "oracle.db", "INSERT", "ORDERS", 18)
INSERT_ORDER = query(CHECKOUT, "postgresql", "INSERT", "orders", 5)
UPDATE_STOCK = query(INVENTORY, "postgresql", "UPDATE", "stock", 4)
BOOK_LATER = Operation(CHECKOUT, "book order", SpanKind.INTERNAL, 3 * MS_NS)
PUBLISH = Operation(
    CHECKOUT,
    "send order-placed",
    SpanKind.PRODUCER,
    4 * MS_NS,
    (
        ("messaging.system", "kafka"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "order-placed"),
    ),
)
FULFIL = Operation(
    FULFILMENT,
    "process order-placed",
    SpanKind.CONSUMER,
    9 * MS_NS,
    (
        ("messaging.system", "kafka"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", "order-placed"),
        ("messaging.consumer.group.name", "fulfilment"),
    ),
)
