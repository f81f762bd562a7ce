// The service behind the page: its routes, its errors, its stream of events.

const TOKEN = 'dinf-grid token';
/** After so many answers "busy" in a row the page gives up. */
const MOST_TRIES = 30;

/** What the service refused, or that it cannot be reached (status 0). */
export class ServiceError extends Error {
  /**
   * @param {number} status of HTTP
   * @param {string} code stable, such as SYNTAX
   * @param {string} message
   * @param {number} [retryAfter] seconds
   */
  constructor(status, code, message, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const savedToken = () => sessionStorage.getItem(TOKEN) ?? '';
export function saveToken(token) {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** One request. @throws {ServiceError} for every answer but a good one (rejects) */
async function request(route, {body, accept = 'application/json', signal} = {}) {
  const token = savedToken();
  const headers = {
    accept,
    ...(body !== undefined && {'content-type': 'application/json'}),
    ...(token !== '' && {authorization: `Bearer ${token}`}),
  };
  let response;
  try {
    response = await fetch(new URL(route, document.baseURI), {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ServiceError(0, 'UNREACHABLE', 'The service cannot be reached.');
  }
  if (response.ok) return response;
  throw await errorOf(response);
}

async function errorOf(response) {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  const retryAfter = Number.isFinite(seconds) ? Math.max(1, seconds) : undefined;
  const said = await response.json().catch(() => undefined);
  const {code = `HTTP_${response.status}`, message = `The service answered ${response.status}.`} = said?.error ?? {};
  return new ServiceError(response.status, code, message, retryAfter);
}

/**
 * Does something again while the service is busy, and where it asks for a token, with one.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {{signal?: AbortSignal, onBusy?: (secondsLeft: number) => void, askToken?: (refused: boolean) => Promise<boolean>}} how
 * @returns {Promise<T>}
 */
export async function persistently(work, {signal, onBusy, askToken}) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ServiceError && error.status === 401 && askToken !== undefined) {
        if (!(await askToken(savedToken() !== ''))) throw error;
      } else if (isBusy(error) && tries < MOST_TRIES && onBusy !== undefined) {
        for (let left = Math.ceil(error.retryAfter ?? 2); left > 0; left--) {
          onBusy(left);
          await pause(1000, signal);
        }
      } else throw error;
    }
  }
}

const isBusy = (error) =>
  error instanceof ServiceError && (error.status === 429 || (error.status === 503 && error.retryAfter !== undefined));

/** @param {number} milliseconds @param {AbortSignal | undefined} signal @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(new DOMException('cancelled', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, milliseconds);
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, {once: true});
  });
}

/** The systems and examples that the service offers. */
export async function systems(signal) {
  return (await request('v1/systems', {signal})).json();
}

/** A problem in mathematics, without solving it. */
export async function describe(body, signal) {
  return (await request('v1/describe', {body, signal})).json();
}

/**
 * Solves, and tells how far it has come.
 *
 * @param {object} body
 * @param {{signal: AbortSignal, on: Record<string, (data: any) => void>}} how `on` has a function by the name of each event to be told.
 * @returns {Promise<any>} the event `solution`
 * @throws {ServiceError} also for an event `error`, and where the stream ends too early (rejects)
 */
export async function solve(body, {signal, on}) {
  const response = await request('v1/solve', {body, accept: 'text/event-stream', signal});
  for await (const {name, data} of events(response.body)) {
    if (name === 'solution') return data;
    if (name === 'error') throw new ServiceError(response.status, data.code, data.message);
    if (Object.hasOwn(on, name)) on[name](data);
  }
  throw new ServiceError(0, 'CUT_SHORT', 'The service ended the connection before there was a solution.');
}

/** Events of a stream as they come. @param {ReadableStream<Uint8Array>} stream */
async function* events(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      rest += decoder.decode(value, {stream: true});
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function eventOf(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const [key, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (key === 'event') name = value;
    else if (key === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : {name, data: JSON.parse(data.join('\n'))};
}
