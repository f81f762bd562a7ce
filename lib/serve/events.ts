/** Server-sent events, for clients that may be slow: what they have no time for is left out, but for the end. */
import type {ServerResponse} from 'node:http';

/** Seconds that a client has to take the last of it. */
const LAST_SECONDS = 60;

/** A stream of events to one client. */
export class EventStream {
  private begun = false;

  constructor(private readonly response: ServerResponse) {}

  /** Sends an event that must arrive. */
  send(event: string, data: unknown): void {
    this.write(event, Buffer.from(JSON.stringify(data)));
  }

  /** Sends an event whose data are JSON already, on one line. */
  write(event: string, json: Uint8Array): void {
    if (this.response.destroyed) return;
    this.begin();
    this.response.write(`event: ${event}\ndata: `);
    this.response.write(json);
    this.response.write('\n\n');
  }

  /** Sends an event unless what was sent before still waits: it would only pile up. */
  offer(event: string, data: unknown): void {
    if (!this.response.writableNeedDrain) this.send(event, data);
  }

  /** The same of data that are JSON already. */
  offerJson(event: string, json: Uint8Array): void {
    if (!this.response.writableNeedDrain) this.write(event, json);
  }

  end(): void {
    if (this.response.destroyed) return;
    this.response.end();
    const timer = setTimeout(() => this.response.destroy(), LAST_SECONDS * 1000);
    timer.unref();
    this.response.once('close', () => {
      clearTimeout(timer);
    });
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // proxies that collect answers would hold it back
      'x-content-type-options': 'nosniff',
    });
    this.response.flushHeaders();
  }
}
