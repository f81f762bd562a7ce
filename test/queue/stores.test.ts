/** Both stores under the same demands, and what each has of its own. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {openStore} from '../../lib/api/queue';
import type {ObjectStore} from '../../lib/api/queue';
import {S3Store} from '../../lib/queue/s3-store';
import {temporaryFolder} from '../support/temporary-folder';
import {S3Server, signatureOf} from './s3-server';

const folder = temporaryFolder();
let server: S3Server;
beforeEach(async () => {
  server = await S3Server.start('bucket');
});
afterEach(() => {
  server.close();
});
const bytes = (text: string): Uint8Array => Buffer.from(text);

const OPEN: Record<string, () => Promise<ObjectStore>> = {
  'a folder': () => openStore(path.join(folder, 'deep', 'store')),
  S3: () => S3Store.open('s3://bucket/some/prefix', server.environment),
};

describe.each(Object.keys(OPEN))('%s', (kind) => {
  it('gives back what was put, and nothing where nothing is', async () => {
    const store = await OPEN[kind]();
    expect(await store.get('a/b.json')).toBeUndefined();
    expect(await store.put('a/b.json', bytes('one'))).toBe(true);
    expect(await store.put('a/b.json', bytes('two'))).toBe(true);
    expect(Buffer.from((await store.get('a/b.json'))!).toString()).toBe('two');
    const large = Buffer.alloc(3_000_000, 'abc');
    await store.put('large', large);
    expect(Buffer.compare((await store.get('large'))!, large)).toBe(0);
    await store.delete('a/b.json');
    await store.delete('a/b.json');
    expect(await store.get('a/b.json')).toBeUndefined();
  });

  it('lets one of many write what is not there yet', async () => {
    const store = await OPEN[kind]();
    const won = await Promise.all(Array.from({length: 8}, (_, i) => store.put('r/one', bytes(String(i)), {ifAbsent: true})));
    expect(won.filter((one) => one)).toHaveLength(1);
    expect(Buffer.from((await store.get('r/one'))!).toString()).toBe(String(won.indexOf(true)));
    expect(await store.put('r/one', bytes('late'), {ifAbsent: true})).toBe(false);
  });

  it('lists by prefix, and refuses keys that lead elsewhere', async () => {
    const store = await OPEN[kind]();
    server.page = 2;
    for (const key of ['b/3', 'a/2', 'a/1', 'a/deeper/4', 'ab/5']) await store.put(key, bytes(key));
    expect(await store.list('a/')).toEqual(['a/1', 'a/2', 'a/deeper/4']);
    expect(await store.list('a')).toEqual(['a/1', 'a/2', 'a/deeper/4', 'ab/5']);
    expect(await store.list('nothing/')).toEqual([]);
    for (const key of ['', '/a', 'a/', '../a', 'a/../../b', 'a//b', '.new', 'a b', 'a\0b'])
      await expect(store.put(key, bytes('x'))).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });
});

describe('a folder', () => {
  it('holds nothing but whole objects, and says why where it cannot be written', async () => {
    const store = await openStore(folder);
    await store.put('a/b', bytes('x'), {ifAbsent: true});
    await store.put('a/b', bytes('y'), {ifAbsent: true});
    expect(fs.readdirSync(path.join(folder, 'a'))).toEqual(['b']);
    await expect(store.put('a/b/c', bytes('x'))).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    fs.writeFileSync(path.join(folder, 'file'), '');
    await expect(openStore(path.join(folder, 'file'))).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    await expect(openStore('gs://bucket')).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });
});

describe('the server of these tests', () => {
  it("works out the signature of AWS's own example", () => {
    // "GET Object" of the signature examples in the API reference of S3.
    const headers = {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-amz-date': '20130524T000000Z',
    };
    const names = 'host;range;x-amz-content-sha256;x-amz-date';
    const scope = '20130524/us-east-1/s3/aws4_request';
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    expect(signatureOf({method: 'GET', url: '/test.txt', headers}, names, scope, secret)).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });
});

describe('S3', () => {
  it('is refused with another secret, and says what the service said', async () => {
    const store = await S3Store.open('s3://bucket', {...server.environment, AWS_SECRET_ACCESS_KEY: 'another'});
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('403 SignatureDoesNotMatch') as string,
    });
    expect(server.log).toHaveLength(1); // that would not be another time
    const other = await S3Store.open('s3://elsewhere', server.environment);
    await expect(other.put('a', bytes('x'))).rejects.toThrow('NoSuchBucket');
  });

  it('asks again where the service is busy, and knows its own write whose answer was lost', async () => {
    const store = await OPEN.S3();
    server.troubles.push({status: 503, done: false}, {status: 500, done: false});
    expect(await store.put('a', bytes('x'))).toBe(true);
    server.troubles.push({status: 500, done: true});
    expect(await store.put('b', bytes('mine'), {ifAbsent: true})).toBe(true);
    server.objects.set('some/prefix/c', Buffer.from('theirs'));
    server.troubles.push({status: 500, done: false});
    expect(await store.put('c', bytes('mine'), {ifAbsent: true})).toBe(false);
  });

  it('says what is missing', async () => {
    await expect(S3Store.open('s3://bucket', {AWS_ACCESS_KEY_ID: 'a'})).rejects.toThrow('AWS_SECRET_ACCESS_KEY');
    await expect(S3Store.open('s3://b', server.environment)).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });
});
