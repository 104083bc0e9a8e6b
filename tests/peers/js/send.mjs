// Sends the same spans, metrics and log record over one protocol, with OpenTelemetry's own SDK.
// node send.mjs grpc|proto|http ENDPOINT [none|gzip] [AUTHORIZATION]
// ENDPOINT is http://HOST:PORT. Prints the ids of the spans as JSON; exits with 1 if an export fails.

import { SpanKind, SpanStatusCode, context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const [protocol, endpoint, compression = 'none', authorization] = process.argv.slice(2);

let failed = false;
const fail = (...words) => { failed = true; console.error(...words); };
diag.setLogger({ error: fail, warn: fail, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const exporter = async (signal, path) => {
  const made = await import(`@opentelemetry/exporter-${signal}-otlp-${protocol}`);
  const [Exporter] = Object.entries(made).filter(([name]) => name.startsWith('OTLP') && name.endsWith('Exporter')).map(([, of]) => of);
  if (protocol !== 'grpc') {
    return new Exporter({ url: `${endpoint}/v1/${path}`, compression, headers: authorization ? { authorization } : {} });
  }
  const { Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  if (authorization) metadata.set('authorization', authorization);
  return new Exporter({ url: endpoint, compression, metadata });
};

const resource = resourceFromAttributes({ 'service.name': 'js-shop', 'service.version': '2.4.0' });
const tracers = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: await exporter('trace', 'traces') })] });
const meters = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter: await exporter('metrics', 'metrics') })] });
const loggers = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: await exporter('logs', 'logs') })] });

const tracer = tracers.getTracer('peer', '1.0');
const parent = tracer.startSpan('POST /checkout', { kind: SpanKind.SERVER, attributes: { 'customer.id': 'K/17@é', 'order.amount': 49.9, items: 3, vip: true, tags: ['a', 'b'] } });
const inside = trace.setSpan(context.active(), parent);
const child = tracer.startSpan('charge', { kind: SpanKind.CLIENT, links: [{ context: parent.spanContext() }] }, inside);
child.recordException(new TypeError('no card'));
child.setStatus({ code: SpanStatusCode.ERROR, message: 'no card' });
child.end();
parent.end();

const meter = meters.getMeter('peer');
meter.createCounter('orders').add(3, { shop: 'js' });
meter.createUpDownCounter('carts').add(-2);
meter.createHistogram('latency', { unit: 'ms' }).record(12.5);
meter.createObservableGauge('stock').addCallback(result => result.observe(2 ** 40));

loggers.getLogger('peer').emit({ severityNumber: SeverityNumber.ERROR, severityText: 'ERROR', body: 'no card', attributes: { 'customer.id': 'K/17@é' }, context: inside });

await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]).catch(fail);
const { traceId } = parent.spanContext();
console.log(JSON.stringify({ traceId, parentId: parent.spanContext().spanId, childId: child.spanContext().spanId }));
process.exitCode = failed ? 1 : 0;
