"""The simulated shop: one model of a retail shop in the middle of its migration, spoken by two mouths.

model -> write -> send   history, tests and benchmarks: OTLP protobuf written directly, as fast as it goes
model -> live            the real OpenTelemetry SDK with its exporters, paced by the wall clock
model -> truth           what really happened to whom, from what the model did and not from its telemetry
"""
