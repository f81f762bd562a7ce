import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {readNpy, writeNpy} from '../../lib/files/npy';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();
const path = join(folder, 'a.npy');

it('gives back every value and shape', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4), {maxLength: 4}), fc.boolean(), fc.double(), async (shape, single, seed) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const values = Array.from({length: count}, (_, index) => seed * (index + 1) - index);
      const data = single ? Float32Array.from(values) : Float64Array.from(values);
      await writeNpy(path, data, shape);
      expect(await readNpy(path)).toEqual({data, shape});
    }),
    {numRuns: 30},
  );
});

it('writes the bytes that numpy.save writes', async () => {
  await writeNpy(path, Float64Array.of(1, -2, 0.5, 4, 5, 6), [2, 3]);
  const bytes = await readFile(path);
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
  expect(bytes.subarray(0, 10)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]));
  expect(bytes.subarray(10, 128).toString('latin1')).toBe(`${header.padEnd(117)}\n`);
  expect(bytes.subarray(128)).toEqual(Buffer.from('000000000000f03f00000000000000c0000000000000e03f000000000000104000000000000014400000000000001840', 'hex')); // prettier-ignore
  await writeNpy(path, new Float32Array(3), [3]);
  expect((await readFile(path)).toString('latin1')).toContain("'<f4', 'fortran_order': False, 'shape': (3,), }");
});

it('writes a part of a larger buffer', async () => {
  await writeNpy(path, Float64Array.of(1, 2, 3, 4).subarray(1, 3), [2]);
  expect(await readNpy(path)).toEqual({data: Float64Array.of(2, 3), shape: [2]});
});

it('reads headers of version 2', async () => {
  const text = "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }\n"; // one axis has no order
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  await writeFile(
    path,
    Buffer.concat([
      Buffer.from('\x93NUMPY\x02\x00', 'latin1'),
      length,
      Buffer.from(text),
      Buffer.from(Float32Array.of(7).buffer),
    ]),
  );
  expect(await readNpy(path)).toEqual({data: Float32Array.of(7), shape: [1]});
});

it('refuses shapes that do not fit', async () => {
  await expect(writeNpy(path, new Float64Array(5), [2, 3])).rejects.toMatchObject({code: 'INVALID_ARGUMENT', message: expect.stringContaining('has 6 values, but the array has 5')}); // prettier-ignore
  await expect(writeNpy(path, new Float64Array(1), [1.5])).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
});

it('refuses what it cannot read, and says what', async () => {
  await writeNpy(path, Float64Array.of(1, 2, 3, 4), [2, 2]);
  const good = await readFile(path);
  const variants: [Buffer, string][] = [
    [Buffer.from('hello'), 'it is no .npy file'],
    [good.subarray(0, 9), 'it ends inside the header'],
    [good.subarray(0, 100), 'it ends inside the header'],
    [good.subarray(0, good.length - 1), '31 bytes of values instead of 32'],
    [replaced(good, '<f8', '<i8'), 'its values are of type <i8'],
    [replaced(good, 'False', 'True '), 'it is in Fortran order'],
    [replaced(good, 'shape', 'shade'), 'its header is damaged'],
  ];
  for (const [bytes, message] of variants) {
    await writeFile(path, bytes);
    await expect(readNpy(path)).rejects.toMatchObject({code: 'FILE_UNREADABLE', message: expect.stringContaining(message)});
  }
  await expect(readNpy(join(folder, 'none.npy'))).rejects.toMatchObject({code: 'FILE_NOT_FOUND'});
});

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
}
