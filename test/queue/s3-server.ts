/**
 * A small server of S3's API for tests. It works signatures out by itself, from AWS's description of version 4, and refuses requests whose
 * signature, hash or date is another.
 */
import {createHash, createHmac, timingSafeEqual} from 'node:crypto';
import {once} from 'node:events';
import type {IncomingMessage, Server, ServerResponse} from 'node:http';
import {createServer} from 'node:http';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** What a signature is of. */
export interface Signed {
  readonly method: string;
  /** As it is sent: encoded, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Of one character: as RFC 3986 has it, all but letters, digits and `-._~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The signature of a request, from the names of headers and the scope that its Authorization gives. */
export function signatureOf({method, url, headers}: Signed, names: string, scope: string, secret: string): string {
  const {pathname, searchParams} = new URL(url, 'http://host');
  const query = [...searchParams].map(([key, value]) => `${encoded(key)}=${encoded(value)}`).sort();
  const lines = names.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  const path = decodeURIComponent(pathname).split('/').map(encoded).join('/');
  const request = [method, path, query.join('&'), lines.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(request)].join('\n');
  const [date, region, service, end] = scope.split('/');
  const key = [region, service, end].reduce<Buffer>((last, part) => hmac(last, part), hmac(`AWS4${secret}`, date));
  return hmac(key, text).toString('hex');
}

/** Objects of one bucket, in memory. */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  /** `METHOD path status` of each request. */
  readonly log: string[] = [];
  /** Answers with these, one a request, after having done what was asked or not. */
  readonly troubles: {readonly status: number; readonly done: boolean}[] = [];
  /** Most keys of one page of a list. */
  page = 1000;
  private constructor(
    private readonly server: Server,
    private readonly bucket: string,
    readonly keys: {readonly id: string; readonly secret: string},
  ) {}

  static async start(bucket: string, keys = {id: 'AKIATEST', secret: 'a/secret+with=signs'}): Promise<S3Server> {
    const http = createServer((request, response) => {
      void server.answer(request, response);
    });
    const server = new S3Server(http, bucket, keys);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as {port: number}).port}`;
  }

  /** What a client has in its environment. */
  get environment(): Record<string, string> {
    const {id, secret} = this.keys;
    return {AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'eu-test-1', AWS_ENDPOINT_URL_S3: this.endpoint};
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const trouble = this.troubles.shift();
    const refusal = this.refusal(request, Buffer.concat(parts));
    const [status, body] = refusal ?? (trouble?.done === false ? [trouble.status, ''] : this.act(request, Buffer.concat(parts)));
    this.log.push(`${request.method} ${request.url} ${trouble?.status ?? status}`);
    response.writeHead(trouble?.status ?? status).end(trouble === undefined ? body : xml(`<Error><Code>SlowDown</Code></Error>`));
  }

  private refusal(request: IncomingMessage, body: Buffer): [number, string] | undefined {
    const error = (code: string): [number, string] => [403, xml(`<Error><Code>${code}</Code><Message>no</Message></Error>`)];
    const {authorization = ''} = request.headers;
    const parts = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
    if (parts === null) return error('AccessDenied');
    const [, id, scope, names, signature] = parts;
    if (id !== this.keys.id) return error('InvalidAccessKeyId');
    const headers = request.headers as Record<string, string>;
    for (const name of Object.keys(headers))
      if ((name.startsWith('x-amz-') || name === 'host') && !names.split(';').includes(name)) return error('AccessDenied');
    const when = headers['x-amz-date'].replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
    if (Math.abs(Date.now() - Date.parse(when)) > 15 * 60_000) return error('RequestTimeTooSkewed');
    const hash = headers['x-amz-content-sha256'];
    if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) return error('XAmzContentSHA256Mismatch');
    const own = signatureOf({method: request.method!, url: request.url!, headers}, names, scope, this.keys.secret);
    return timingSafeEqual(Buffer.from(own), Buffer.from(signature)) ? undefined : error('SignatureDoesNotMatch');
  }

  private act({method, url, headers}: IncomingMessage, body: Buffer): [number, string | Buffer] {
    const {pathname, searchParams} = new URL(url!, 'http://host');
    const [, bucket, ...rest] = decodeURIComponent(pathname).split('/');
    if (bucket !== this.bucket) return [404, xml('<Error><Code>NoSuchBucket</Code></Error>')];
    const key = rest.join('/');
    if (method === 'GET' && key === '') return [200, this.listed(searchParams)];
    const found = this.objects.get(key);
    if (method === 'GET') return found === undefined ? [404, xml('<Error><Code>NoSuchKey</Code></Error>')] : [200, found];
    if (method === 'DELETE') {
      this.objects.delete(key);
      return [204, ''];
    }
    if (method !== 'PUT') return [405, ''];
    if (headers['if-none-match'] === '*' && found !== undefined)
      return [412, xml('<Error><Code>PreconditionFailed</Code></Error>')];
    this.objects.set(key, body);
    return [200, ''];
  }

  private listed(query: URLSearchParams): string {
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].sort().filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after);
    const page = keys.slice(0, this.page);
    const contents = page.map((key) => `<Contents><Key>${key.replaceAll('&', '&amp;')}</Key></Contents>`).join('');
    const more = keys.length > page.length;
    const token = more ? `<NextContinuationToken>${page[page.length - 1]}</NextContinuationToken>` : '';
    return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents}${token}</ListBucketResult>`);
  }
}

const xml = (body: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
