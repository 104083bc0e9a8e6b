-- An hour's rollups of services that call each other: the first of them take requests in, one in thirty is new.
-- to: DateTime64, UTC; the end of the hour
-- services, operations: UInt64, how many services, and operations of each; half of these are calls to others
-- One row per service, operation and ten seconds.
INSERT INTO red
    (Time, ServiceName, SpanName, SpanKind, Peer, Version, IsRoot, Requests, Errors, ServerErrors, ClientErrors, Duration)
WITH
    number % {services:UInt64} AS service,
    intDiv(number, {services:UInt64}) % {operations:UInt64} AS operation,
    intDiv(number, {services:UInt64} * {operations:UInt64}) AS slice,
    operation * 2 >= {operations:UInt64} AS calls,
    5 + cityHash64(number) % 20 AS requests,
    (cityHash64(number, 1) % 40 = 0)::UInt64 AS failing
SELECT
    toDateTime({to:DateTime64(6, 'UTC')}) - 10 * (slice + 1),
    concat('service-', toString(service)),
    concat('GET /things/', toString(operation)),
    if(calls, 'Client', 'Server'),
    if(calls, concat(if(operation % 5 = 0, 'partner-', 'service-'), toString((service + operation) % {services:UInt64})), ''),
    if(service % 30 = 0 AND slice < 60, '1.1', '1.0'),
    service < 20 AND NOT calls,
    requests,
    failing,
    failing,
    0,
    requests * (20 + cityHash64(number, 2) % 40) * 1000000
FROM numbers({services:UInt64} * {operations:UInt64} * 360)
