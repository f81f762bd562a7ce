import {chmod, mkdir, readdir, readFile, stat, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {writeFileAtomic} from '../../lib/files/atomic-write';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();

it('writes text and bytes, over what was there, and leaves nothing else', async () => {
  const path = join(folder, 'a.txt');
  await writeFileAtomic(path, 'a long first version ∞');
  await writeFileAtomic(path, 'second');
  expect(await readFile(path, 'utf8')).toBe('second');
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  expect(Array.from(await readFile(path))).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(['a.txt']);
});

it('removes its temporary file when the writing fails, and keeps the old contents', async () => {
  const path = join(folder, 'a.txt');
  await writeFileAtomic(path, 'old');
  // Data of a wrong type fail only once the temporary file is there.
  await expect(writeFileAtomic(path, 42 as never)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
  expect(await readdir(folder)).toEqual(['a.txt']);
  expect(await readFile(path, 'utf8')).toBe('old');
});

it('lets many writers of one file each win whole', async () => {
  const path = join(folder, 'a.txt');
  const versions = Array.from({length: 12}, (_, index) => String(index).repeat(100_000));
  await Promise.all(versions.map((version) => writeFileAtomic(path, version)));
  expect(versions).toContain(await readFile(path, 'utf8'));
  expect(await readdir(folder)).toEqual(['a.txt']);
});

it('says what is in the way', async () => {
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'file'), '');
  const cases: [string, string][] = [
    [join(folder, 'none', 'a.txt'), `its folder ${join(folder, 'none')} does not exist. Create it first.`],
    [join(folder, 'taken'), 'it is a folder. Give a file name inside it.'],
    [join(folder, 'file', 'a.txt'), 'a part of its path is a file'],
    [join(folder, 'x'.repeat(300)), 'the name is too long'],
  ];
  for (const [path, message] of cases) {
    await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      message: expect.stringContaining(message),
    });
  }
  expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
});

const posix = process.platform === 'win32' ? it.skip : it;

posix('follows links and keeps the mode', async () => {
  const [path, link] = [join(folder, 'real.txt'), join(folder, 'link.txt')];
  await writeFile(path, 'old');
  await chmod(path, 0o640);
  await symlink(path, link);
  await writeFileAtomic(link, 'new');
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

posix('writes to a device without replacing it', async () => {
  await writeFileAtomic('/dev/null', 'gone');
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});
