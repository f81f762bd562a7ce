// Solves equations for whoever asks, and streams how far it has come as server-sent events: node:http and this package, nothing else.
// `node examples/progress-endpoint/server.mjs 8080` listens there; without a port it takes a free one, and prints it.
import {once} from 'node:events';
import {createServer} from 'node:http';
import {availableParallelism} from 'node:os';
import {DinfError, lattice, linspace} from 'dinf-grid';
import {equation} from 'dinf-grid/equation';

const AT_ONCE = 2; // solves; who comes later is told to come again
const MOST_BYTES = 16 * 1024; // of a body
const LIMITS = {maxSeconds: 30, maxMemory: 512 * 2 ** 20}; // of a solve: the server's, whatever is asked for
const threads = Math.max(1, Math.floor(availableParallelism() / AT_ONCE));

let running = 0;

const server = createServer((request, response) => void answer(request, response));

async function answer(request, response) {
  try {
    await takeTurn(request, response);
  } catch (error) {
    if (response.destroyed) return; // the client has gone, and nobody hears it
    if (response.headersSent) send(response, 'error', said(error));
    else refuse(response, statusOf(error), said(error));
  }
  response.end();
}

async function takeTurn(request, response) {
  if (request.method !== 'POST' || request.url !== '/solve') throw new Refusal(404, 'POST /solve is all there is');
  if (running >= AT_ONCE) throw new Refusal(429, `${AT_ONCE} solves are running: try again in a few seconds`);
  running += 1;
  try {
    // The response closes when the client goes away, and when all is said.
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    await solveFor(await bodyOf(request), response, gone.signal);
  } finally {
    running -= 1;
  }
}

/** Texts of equations are read here: what is wrong with them is refused before the stream begins. */
async function solveFor({equations, domain, where, uniforms, tolerance, ...others}, response, signal) {
  for (const name of Object.keys(others)) {
    throw new Refusal(400, `there is no '${name}': give equations, domain, where, uniforms, tolerance`);
  }
  const posed = await equation({equations, domain, where, uniforms, tolerance, ...LIMITS});
  response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'});
  response.flushHeaders();

  // The iterator gives the latest progress and skips what a slow client had no time for.
  const solving = posed.solve({threads, signal});
  for await (const {iteration, loss, seconds} of solving) {
    if (!send(response, 'progress', {iteration, loss, seconds})) await drained(response, signal);
  }
  const solution = await solving;
  try {
    if (signal.aborted) return;
    const {domain: axes} = solution.problem.spec;
    const values = await solution.evaluate(lattice(axes.map(({lower, upper}) => linspace(lower, upper, 11))));
    const {errorEstimate, notes, stopReason} = solution;
    const lists = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, [...list]]));
    send(response, 'solution', {errorEstimate, notes, stopReason, axes, values: lists});
  } finally {
    solution.dispose(); // memory of the field, now and not when the collector finds it
  }
}

/** What is no error of the package: a status, and why. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Errors of the package that are about what was asked for. */
const ASKED = new Set([
  'INVALID_ARGUMENT',
  'UNKNOWN_OPTION',
  'UNKNOWN_SYMBOL',
  'SYNTAX',
  'ORDER_TOO_HIGH',
  'EXPRESSION_TOO_LARGE',
  'OUT_OF_DOMAIN',
  'NON_FINITE',
  'OUT_OF_MEMORY',
]);

function statusOf(error) {
  if (error instanceof Refusal) return error.status;
  return error instanceof DinfError && ASKED.has(error.code) ? 400 : 500;
}

/** What a client is told: nothing of what it has no business with. */
function said(error) {
  if (error instanceof Refusal) return {message: error.message};
  if (error instanceof DinfError) return {code: error.code, message: error.message};
  console.error(error);
  return {message: 'internal error'};
}

function refuse(response, status, body) {
  const headers = {'content-type': 'application/json', ...(status === 429 && {'retry-after': '5'})};
  response.writeHead(status, headers).write(JSON.stringify(body));
}

const send = (response, event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

/** Waits for a slow client, unless it leaves. */
const drained = (response, signal) => once(response, 'drain', {signal}).catch(() => undefined);

async function bodyOf(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Refusal(413, `the body has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  try {
    const body = JSON.parse(Buffer.concat(parts).toString());
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'the body is no JSON object');
}

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`listening on http://127.0.0.1:${address.port}`);
});
// Connections that are closed abort their solves, and the process ends when the last one has given back its threads.
for (const name of ['SIGTERM', 'SIGINT']) {
  process.once(name, () => {
    server.close();
    server.closeAllConnections();
  });
}
