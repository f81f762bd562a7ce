/** The routes that the page speaks to, answered by the library itself; a token, and answers "busy" on demand. */
import * as fs from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import {lattice, linspace} from '../../lib';
import {DinfError} from '../../lib/base/errors';
import type {Case} from '../../lib/cases/case';
import {equation} from '../../lib/equation/equation';
import type {ProblemFile} from '../../lib/equation/problem-file';
import {readProblemFile} from '../../lib/equation/problem-file';
import {statementMath} from '../../lib/equation/statement-math';
import {heat} from '../../lib/problems/gallery';
import type {Solution} from '../../lib/solve/solution';

const PAGE = path.join(__dirname, '..', '..', 'page');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Places a coordinate, by the number of coordinates. */
const PLACES = [257, 65, 33];

const EXAMPLES = [
  {
    title: 'Poisson: a membrane under its load',
    problem: {
      equation: 'laplacian(u) = -8*exp(-8*((x-0.3)^2 + (y-0.2)^2))',
      domain: {x: [-1, 1], y: [-1, 1]},
      where: 'x=-1|x=1|y=-1|y=1: u=0',
    },
  },
  {
    title: 'Heat in a rod, with its known answer',
    problem: {
      equation: ['u_t = a*u_xx'],
      uniform: {a: 0.1},
      domain: 't=0..1, x=0..1',
      where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
      exact: 'exp(-a*pi^2*t)*sin(pi*x)',
    },
  },
  {
    title: 'An epidemic',
    problem: {equation: ['s_t = -2*s*i', 'i_t = 2*s*i - 0.5*i'], domain: 't=0..25', where: ['t=0: s=0.999', 't=0: i=0.001']},
  },
  {
    title: 'A warm cube',
    problem: {
      equation: 'laplacian(u) = -10*exp(-20*((x-0.6)^2 + (y-0.5)^2 + (z-0.3)^2))',
      domain: 'x=0..1, y=0..1, z=0..1',
      where: 'x=0|x=1|y=0|y=1|z=0|z=1: u=0',
      resolution: 8,
      tolerance: 0.01,
    },
  },
];

interface Ask {
  readonly problem?: Readonly<Record<string, unknown>>;
  readonly system?: string;
  readonly expressions?: readonly string[];
  readonly maxSeconds?: number;
}

/** A running stand-in. */
export interface StandIn {
  readonly address: string;
  /** Asks for this token from now on, unless it is undefined. */
  token: string | undefined;
  /** Answers so many of the next solves with 429. */
  busy: number;
  /** Solves whose client has gone. */
  readonly left: number;
  /** Bodies of solves, the latest last. */
  readonly asked: readonly Ask[];
  close(): Promise<void>;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Starts it on a free port of this machine. */
export async function standIn(): Promise<StandIn> {
  const state = {token: undefined as string | undefined, busy: 0, left: 0, asked: [] as Ask[]};
  const server = createServer((request, response) => {
    answer(request, response, state).catch((error: unknown) => {
      refuse(response, error);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return Object.assign(state, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  });
}

function refuse(response: ServerResponse, error: unknown): void {
  const {code = 'INTERNAL', message} = error as {code?: string; message: string};
  if (response.headersSent) {
    send(response, 'error', {code, message});
    response.end();
    return;
  }
  const status = error instanceof Refusal ? error.status : error instanceof DinfError ? 400 : 500;
  response.writeHead(status, {'content-type': 'application/json', ...(status === 429 && {'retry-after': '1'})});
  response.end(JSON.stringify({error: {code, message}}));
}

type State = Omit<StandIn, 'address' | 'close' | 'left' | 'asked'> & {left: number; asked: Ask[]};

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const {pathname} = new URL(request.url!, 'http://localhost');
  if (pathname === '/' || pathname.startsWith('/assets/')) {
    asset(pathname === '/' ? 'index.html' : pathname.slice('/assets/'.length), response);
    return;
  }
  if (state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`) {
    throw new Refusal(401, 'UNAUTHORIZED', 'this service asks for a token');
  }
  if (pathname === '/v1/systems') {
    json(response, {systems: [{name: 'heat', summary: 'Heat in a rod, with Fourier’s answer'}], examples: EXAMPLES});
  } else if (pathname === '/v1/describe') json(response, await described(await bodyOf(request)));
  else if (pathname === '/v1/solve') await solve(await bodyOf(request), response, state);
  else throw new Refusal(404, 'NOT_FOUND', `there is no ${pathname}`);
}

function asset(name: string, response: ServerResponse): void {
  if (!fs.readdirSync(PAGE).includes(name)) throw new Refusal(404, 'NOT_FOUND', `there is no ${name}`);
  response.writeHead(200, {'content-type': TYPES[path.extname(name)], 'content-security-policy': POLICY});
  response.end(fs.readFileSync(path.join(PAGE, name)));
}

/** The options of a problem, read as from a file. */
async function read(problem: unknown): Promise<ProblemFile> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-page-'));
  try {
    const file = path.join(folder, 'problem');
    fs.writeFileSync(file, JSON.stringify(problem));
    return await readProblemFile(file);
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
}

const posed = async ({problem, system}: Ask): Promise<Case> =>
  system === 'heat' ? heat() : equation((await read(problem)).problem);

async function described(ask: Ask): Promise<object> {
  const {spec, headline, notes} = await posed(ask);
  const set = ask.problem === undefined ? [] : statementMath((await read(ask.problem)).problem);
  return {
    latex: set.map(({latex}) => latex),
    mathml: set,
    unknowns: spec.fields.flatMap(({unknowns}) => unknowns),
    coordinates: Object.fromEntries(spec.domain.map(({name, lower, upper}) => [name, [lower, upper]])),
    headline,
    notes,
  };
}

async function solve(ask: Ask, response: ServerResponse, state: State): Promise<void> {
  state.asked.push(ask);
  if (state.busy > 0) {
    state.busy -= 1;
    throw new Refusal(429, 'QUEUE_FULL', 'too much waits already');
  }
  const problem = await posed(ask);
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableEnded) state.left += 1;
    gone.abort();
  });
  response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'});
  send(response, 'accepted', {id: String(state.asked.length), position: 0});
  send(response, 'started', {});
  if (ask.problem !== undefined) {
    // A solve on few cells: what a service shows while the one that was asked for runs.
    const {problem: options} = await read(ask.problem);
    const {equations, domain, where, uniforms} = options;
    const coarse = await (await equation({equations, domain, where, uniforms, resolution: 8})).solve({threads: 1});
    send(response, 'field', await valuesOf(coarse, ask));
  }
  const limit = AbortSignal.timeout(1000 * (ask.maxSeconds ?? 60));
  const solving = problem.solve({threads: 2, signal: AbortSignal.any([gone.signal, limit])});
  for await (const progress of solving) send(response, 'progress', progress);
  const solution = await solving;
  if (gone.signal.aborted) return;
  const {stopReason, errorEstimate, loss, seconds, iterations, unknowns, notes} = solution;
  send(response, 'solution', {
    ...{stopReason, met: errorEstimate.met, errorEstimate, loss, seconds, iterations, unknowns, notes},
    ...(await valuesOf(solution, ask)),
  });
  response.end();
}

/** What was asked for on a lattice, the residual as the norm of all equations. */
async function valuesOf(solution: Solution, ask: Ask): Promise<{axes: object; values: object}> {
  const {domain, fields} = solution.problem.spec;
  const axes = domain.map(({lower, upper}) => linspace(lower, upper, PLACES[domain.length - 1]));
  const expressions = ask.expressions ?? [
    ...fields.flatMap(({unknowns}) => unknowns),
    ...(ask.problem === undefined ? [] : ['residual']),
  ];
  const equations = [ask.problem?.equation ?? '0'].flat() as string[];
  const differences = equations.map((text) => {
    const [left, right = '0'] = text.split('=');
    return `(${left}) - (${right})`;
  });
  const residual = differences.length === 1 ? differences[0] : `norm(${differences.join(', ')})`;
  const asked = expressions.map((text) => (text === 'residual' ? residual : text));
  const found: Record<string, Float64Array> = await solution.evaluate(lattice(axes), {expressions: asked});
  return {
    axes: Object.fromEntries(domain.map(({name}, a) => [name, [...axes[a]]])),
    values: Object.fromEntries(expressions.map((text, i) => [text, [...found[asked[i]]]])),
  };
}

const send = (response: ServerResponse, event: string, data: object): boolean =>
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

function json(response: ServerResponse, data: object): void {
  response.writeHead(200, {'content-type': 'application/json'});
  response.end(JSON.stringify(data));
}

async function bodyOf(request: IncomingMessage): Promise<Ask> {
  let text = '';
  for await (const part of request) text += String(part);
  return JSON.parse(text) as Ask;
}
