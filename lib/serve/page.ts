/** The live page: files of one folder, read when the service starts. No path of a request ever reaches a disk. */
import {readdirSync, readFileSync} from 'node:fs';
import * as path from 'node:path';
import type {FastifyReply} from 'fastify';
import type {Service} from './service';

/** Types of the files that a page may have; others are not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** No script but the page's own, nothing from elsewhere, in no frame. Styles of elements are set by scripts alone. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MISSING = 'dinf-grid serve: this installation has no page. The service is described at /openapi.json.\n';

export function addPage({app}: Service, folder: string): void {
  const files = readFolder(folder);
  const send = (reply: FastifyReply, name: string): FastifyReply => {
    const body = files.get(name);
    if (body === undefined) {
      reply.callNotFound();
      return reply;
    }
    return reply
      .headers({
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      })
      .type(TYPES[path.extname(name)])
      .send(body);
  };
  app.get('/', (_, reply) => {
    if (files.has('index.html')) return send(reply, 'index.html');
    return reply.type('text/plain; charset=utf-8').send(MISSING);
  });
  app.get<{Params: {name: string}}>('/assets/:name', ({params}, reply) => send(reply, params.name));
}

function readFolder(folder: string): ReadonlyMap<string, Buffer> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return new Map(); // said to whoever asks for the page
  }
  const served = names.filter((name) => Object.hasOwn(TYPES, path.extname(name)));
  return new Map(served.map((name) => [name, readFileSync(path.join(folder, name))]));
}
