/** A store of objects behind the API of S3, which many services speak. Requests are signed by aws4fetch, and sent by Node's fetch. */
import {createHash} from 'node:crypto';
import type {AwsClient} from 'aws4fetch';
import {DinfError} from '../base/errors';
import {errorMessage} from '../files/system-error';
import {loadAws4Fetch} from './optional-peers';
import type {ObjectStore} from './store-interface';
import {checkKey} from './store-interface';

/** Times that a request is sent again where the service says 5xx or 429, or does not answer; each wait is twice the one before. */
const RETRIES = 4;
/** Milliseconds after which a request is given up: a checkpoint of some hundred MB goes through in that. */
const TIMEOUT = 120_000;

/** Each object is one of S3's, under a common prefix. */
export class S3Store implements ObjectStore {
  private constructor(
    readonly name: string,
    private readonly client: AwsClient,
    /** URL of the bucket, without a slash at its end. */
    private readonly bucket: string,
    /** Of all keys: empty, or with a slash at its end. */
    private readonly prefix: string,
  ) {}

  /**
   * @param place `s3://bucket/prefix`
   * @param environment where keys, region and endpoint stand. Default: that of the process.
   * @throws DinfError INVALID_ARGUMENT, UNAVAILABLE (rejects)
   */
  static async open(place: string, environment: NodeJS.ProcessEnv = process.env): Promise<S3Store> {
    const parts = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/?$/i.exec(place);
    if (parts === null)
      throw new DinfError('INVALID_ARGUMENT', `${place} is no place in S3: write s3://bucket or s3://bucket/prefix`);
    const [, bucket, prefix = ''] = parts as unknown as [string, string, string | undefined];
    if (prefix !== '') checkKey(prefix);
    const {AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken} = environment;
    if (!accessKeyId || !secretAccessKey) {
      const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
      throw new DinfError('INVALID_ARGUMENT', `${place} needs keys: set ${missing} in the environment`);
    }
    const {AwsClient: Client} = await loadAws4Fetch();
    const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1';
    const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
    const client = new Client({accessKeyId, secretAccessKey, sessionToken, service: 's3', region, retries: 0});
    // Endpoints of one's own rarely have a name for each bucket.
    const url =
      endpoint === undefined ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
    return new S3Store(place, client, url, prefix === '' ? '' : `${prefix}/`);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const {status, body} = await this.send('GET', this.url(key), {ok: [200, 404]});
    return status === 404 ? undefined : body;
  }

  async put(key: string, bytes: Uint8Array, {ifAbsent = false}: {ifAbsent?: boolean | undefined} = {}): Promise<boolean> {
    const headers: Record<string, string> = {
      'content-type': 'application/octet-stream',
      // The service holds the bytes that arrive against it: none is taken for whole that is not.
      'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex'),
      ...(ifAbsent && {'if-none-match': '*'}),
    };
    const {status, tries} = await this.send('PUT', this.url(key), {ok: ifAbsent ? [200, 412] : [200], headers, body: bytes});
    if (status === 200) return true;
    // The first try may have been done, and only its answer lost.
    if (tries === 1) return false;
    const there = await this.get(key);
    return there !== undefined && Buffer.compare(there, bytes) === 0;
  }

  async list(prefix: string): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({'list-type': '2', prefix: `${this.prefix}${prefix}`});
      if (token !== undefined) query.set('continuation-token', token);
      // A space would be a plus sign, which signatures do not know.
      const {body} = await this.send('GET', `${this.bucket}/?${query.toString().replaceAll('+', '%20')}`, {ok: [200]});
      const xml = Buffer.from(body).toString('utf8');
      for (const [, key] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) found.push(plainText(key).slice(this.prefix.length));
      const next = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1];
      token = next === undefined ? undefined : plainText(next);
    } while (token !== undefined);
    return found.sort();
  }

  async delete(key: string): Promise<void> {
    await this.send('DELETE', this.url(key), {ok: [200, 204, 404]});
  }

  private url(key: string): string {
    return `${this.bucket}/${this.prefix}${checkKey(key)}`;
  }

  private async send(
    method: string,
    url: string,
    {ok, headers, body}: {ok: readonly number[]; headers?: Record<string, string>; body?: Uint8Array},
  ): Promise<{status: number; body: Uint8Array; tries: number}> {
    for (let tries = 1; ; tries++) {
      let failure: string;
      let cause: unknown;
      try {
        const given = {method, headers, body: body as Uint8Array<ArrayBuffer> | undefined};
        const answer = await this.client.fetch(url, {...given, signal: AbortSignal.timeout(TIMEOUT)});
        const received = new Uint8Array(await answer.arrayBuffer());
        if (ok.includes(answer.status)) return {status: answer.status, body: received, tries};
        failure = `${answer.status} ${codeOf(received)}`;
        // 409 is said to one of two who write the same key at once.
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 409) tries = RETRIES + 1;
      } catch (error) {
        cause = error;
        const inner = (error as Error).cause;
        failure = inner === undefined ? errorMessage(error) : `${errorMessage(error)} (${errorMessage(inner)})`;
      }
      if (tries > RETRIES)
        throw new DinfError('UNAVAILABLE', `the store ${this.name} does not ${method} ${new URL(url).pathname}: ${failure}`, {
          cause,
        });
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries * (0.5 + Math.random() / 2)));
    }
  }
}

/** What an answer of S3 says went wrong. */
function codeOf(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, 4096)).toString('utf8');
  const [code, message] = ['Code', 'Message'].map((tag) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1]);
  return [code, message].filter((part) => part !== undefined).join(': ');
}

const ENTITIES: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"};
/** The text of an XML element without elements in it. */
const plainText = (xml: string): string => xml.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]);
