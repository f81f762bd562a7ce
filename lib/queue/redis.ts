/** The connection to Redis that queues and workers share. */
import type {Redis} from 'ioredis';
import {DinfError} from '../base/errors';
import {checkName} from '../base/options';
import {loadIoRedis} from './optional-peers';

/** Milliseconds in which Redis must answer at first; later it may be away for as long as it likes. */
const PATIENCE = 10_000;

/**
 * Connects, and sees that somebody answers. A connection that is lost later is made again, and what was asked meanwhile is asked then.
 *
 * @param url `redis://` or `rediss://` (TLS), with user, password and number of the database where needed.
 * @param onError hears of connections that were lost.
 * @throws DinfError INVALID_ARGUMENT; UNAVAILABLE where nobody answers, or the client is not installed (rejects)
 */
export async function connect(url: string, onError: (error: Error) => void): Promise<Redis> {
  const shown = checkUrl(url);
  const {Redis: Client} = await loadIoRedis();
  // BullMQ blocks on some commands for as long as it takes. Restarts are noticed within half a second.
  const client = new Client(url, {maxRetriesPerRequest: null, retryStrategy: (times) => Math.min(50 * times, 500)});
  let last: Error | undefined;
  client.on('error', (error: Error) => {
    last = error;
    onError(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      resolve('late');
    }, PATIENCE);
  });
  try {
    const answer = await Promise.race([client.ping(), late]);
    if (answer !== 'late') return client;
    throw new DinfError('UNAVAILABLE', `Redis at ${shown} does not answer${last === undefined ? '' : `: ${last.message}`}`, {
      cause: last,
    });
  } catch (error) {
    client.disconnect();
    if (error instanceof DinfError) throw error;
    throw new DinfError('UNAVAILABLE', `Redis at ${shown} refuses: ${(error as Error).message}`, {cause: error});
  } finally {
    clearTimeout(timer);
  }
}

/** @returns the URL without its password, for messages. */
function checkUrl(url: string): string {
  checkName(url, 'redis');
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new DinfError('INVALID_ARGUMENT', 'redis must be a URL such as redis://127.0.0.1:6379', {cause});
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')
    throw new DinfError(
      'INVALID_ARGUMENT',
      `redis must be a URL that begins with redis:// or rediss://, not ${parsed.protocol}//`,
    );
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

/** @throws DinfError INVALID_ARGUMENT for a name that BullMQ could not have as part of its keys. */
export function checkQueueName(value: unknown, name: string): string {
  const text = checkName(value, name);
  if (/^[\w.-]{1,100}$/.test(text)) return text;
  throw new DinfError('INVALID_ARGUMENT', `${name} is a name of letters, digits, '.', '_' and '-', and is ${text.slice(0, 100)}`);
}

/** The set of jobs that workers are asked to stop. */
export const cancelledKey = (queue: string): string => `dinf-grid:${queue}:cancelled`;
