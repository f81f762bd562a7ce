/** What a service counts, as Prometheus reads it. */
import {monitorEventLoopDelay} from 'node:perf_hooks';
import type * as Prometheus from 'prom-client';
import type {Counter, Histogram, Registry} from 'prom-client';
import type {PoolStats} from '../pool/pool-stats';

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 5;
/** Bounds of histograms of seconds. */
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** The metrics of one service. Labels are from fixed lists: no client makes them grow. */
export class Metrics {
  private readonly registry: Registry;
  private readonly delay = monitorEventLoopDelay({resolution: RESOLUTION});
  private readonly requests: Counter<'route' | 'status'>;
  private readonly refusals: Counter<'code'>;
  private readonly waits: Histogram;
  private readonly runs: Histogram;
  private readonly batches: Histogram;

  /** @param stats of all pools together, asked for when somebody reads the metrics */
  constructor(
    private readonly prometheus: typeof Prometheus,
    stats: () => PoolStats & {readonly structures: number},
  ) {
    this.registry = new prometheus.Registry();
    this.requests = this.counter('requests_total', 'Answers, by route and status.', ['route', 'status']);
    this.refusals = this.counter('refused_total', 'Requests that were not taken, by code.', ['code']);
    this.waits = this.histogram('wait_seconds', 'Time that solves waited.', SECONDS);
    this.runs = this.histogram('run_seconds', 'Time that solves ran.', SECONDS);
    this.batches = this.histogram('batch_size', 'Variations that were solved together.', [1, 4, 16, 64, 256, 1024, 4096]);
    this.delay.enable();
    const gauge = (name: string, help: string, value: () => number): void => {
      this.registry.registerMetric(
        new prometheus.Gauge({
          ...{name: `dinf_grid_${name}`, help, registers: []},
          collect() {
            this.set(value());
          },
        }),
      );
    };
    gauge('running', 'Solves that run.', () => stats().running);
    gauge('queue_depth', 'Solves that wait.', () => stats().waiting);
    gauge('reserved_bytes', 'Bytes that running solves have reserved.', () => stats().bytes);
    gauge('memory_bytes', 'Bytes that running solves may reserve.', () => stats().memory);
    gauge('threads', 'Solves that may run at once.', () => stats().threads);
    gauge('structures', 'Structures that are registered.', () => stats().structures);
    gauge('cache_entries', 'Compiled structures that are kept.', () => stats().cache.entries);
    gauge('cache_bytes', 'Bytes that they hold.', () => stats().cache.bytes);
    gauge('cache_hits', 'Batches that found their structure compiled.', () => stats().cache.hits);
    gauge('cache_misses', 'Batches that did not.', () => stats().cache.misses);
    gauge('resident_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
    gauge('event_loop_delay_p99_seconds', 'Delay of the event loop since the last reading.', () => {
      // What it measures is the time from one of its timers to the next.
      const seconds = Math.max(0, this.delay.percentile(99) / 1e9 - RESOLUTION / 1000);
      this.delay.reset();
      return Number.isFinite(seconds) ? seconds : 0;
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }
  text(): Promise<string> {
    return this.registry.metrics();
  }

  answered(route: string, status: number): void {
    this.requests.inc({route, status: String(status)});
  }
  refused(code: string): void {
    this.refusals.inc({code});
  }
  waited(seconds: number): void {
    this.waits.observe(seconds);
  }
  ran(seconds: number): void {
    this.runs.observe(seconds);
  }
  batched(size: number): void {
    this.batches.observe(size);
  }
  stop(): void {
    this.delay.disable();
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new this.prometheus.Counter({name: `dinf_grid_${name}`, help, labelNames, registers: [this.registry]});
  }
  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new this.prometheus.Histogram({name: `dinf_grid_${name}`, help, buckets, registers: [this.registry]});
  }
}
