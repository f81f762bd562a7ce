import {endianness} from 'node:os';
import {DinfError} from '../base/errors';
import {writeFileAtomic} from './atomic-write';

/** Values on a uniform lattice of 1 to 3 coordinates; an axis of one point is a slice. */
export interface Volume {
  /** Axes in the order of the arrays: the last one varies fastest. */
  readonly axes: readonly {readonly name: string; readonly lower: number; readonly upper: number; readonly count: number}[];
  /** By name; each row-major with the last axis fastest, one value a point, or several side by side, such as the channels of a colour. */
  readonly arrays: Readonly<Record<string, Float64Array>>;
}

/**
 * Writes values as VTK ImageData (`.vti`), which ParaView opens: coordinates in the domain's units, float64, base64, appended. Axes named
 * x, y and z are VTK's; with any other name among them, such as t, the first one of the domain is VTK's x, and so on. Missing ones have a
 * single layer. Complete or not at all.
 *
 * @throws DinfError FILE_UNWRITABLE, INVALID_ARGUMENT
 */
export async function writeVti(path: string, volume: Volume): Promise<void> {
  const parts = vtiParts(volume); // what is wrong with the volume is said before a file is opened
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const part of parts) yield Buffer.from(part, 'latin1');
  }
  await writeFileAtomic(path, bytes());
}

/** The text of the file that {@link writeVti} writes, which may be longer than a string can be. */
export function vtiParts({axes, arrays}: Volume): Iterable<string> {
  if (axes.length < 1 || axes.length > 3) {
    throw new DinfError('INVALID_ARGUMENT', `ImageData has 1 to 3 axes, and this has ${axes.length}`);
  }
  for (const {name, lower, upper, count} of axes) {
    if (!Number.isSafeInteger(count) || count < 1 || !(count === 1 ? upper === lower : upper > lower)) {
      throw new DinfError('INVALID_ARGUMENT', `The axis ${name} has ${count} points from ${lower} to ${upper}: give 2 at least.`);
    }
  }
  const order = vtkOrder(axes);
  const ordered = order.map((k) => axes[k]);
  const padded = [...ordered, ...Array<undefined>(3 - axes.length).fill(undefined)];
  const triple = (of: (axis: Volume['axes'][number]) => number, other: number): string =>
    padded.map((axis) => (axis === undefined ? other : of(axis))).join(' ');
  const extent = padded.map((axis) => `0 ${axis === undefined ? 0 : axis.count - 1}`).join(' ');
  const spacing = ({lower, upper, count}: Volume['axes'][number]): number => (count === 1 ? 1 : (upper - lower) / (count - 1));
  const names = Object.keys(arrays);
  let offset = 0;
  const declarations = names.map((name) => {
    const components = componentsOf(name, arrays[name], axes);
    const parts = components > 1 ? ` NumberOfComponents="${components}"` : '';
    const line = `        <DataArray type="Float64" Name="${escaped(name)}"${parts} format="appended" offset="${offset}"/>`;
    offset += 4 * Math.ceil((HEADER_BYTES + 8 * arrays[name].length) / 3);
    return line;
  });
  const head = `<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  <!-- axes: ${ordered.map(({name}, k) => `${'xyz'[k]} is ${name.replaceAll('--', '- -')}`).join(', ')} -->
  <ImageData WholeExtent="${extent}" Origin="${triple((axis) => axis.lower, 0)}" Spacing="${triple(spacing, 1)}">
    <Piece Extent="${extent}">
      <PointData${names.length > 0 ? ` Scalars="${escaped(names[0])}"` : ''}>
${declarations.join('\n')}
      </PointData>
    </Piece>
  </ImageData>
  <AppendedData encoding="base64">
   _`;
  return (function* () {
    yield Buffer.from(head).toString('latin1'); // UTF-8, byte by byte
    for (const name of names) yield* encoded(arrays[name], axes, order);
    yield '\n  </AppendedData>\n</VTKFile>\n';
  })();
}

/** Before the values of an array: their length in bytes. */
const HEADER_BYTES = 8;
/** Bytes that become base64 at once; a multiple of 3, so that only the last part is padded. */
const PART_BYTES = 3 << 20;

/** The axis of the domain that each of VTK's axes is. */
function vtkOrder(axes: Volume['axes']): number[] {
  const indices = axes.map((_, k) => k);
  if (!axes.every(({name}) => ['x', 'y', 'z'].includes(name))) return indices;
  return indices.sort((a, b) => (axes[a].name < axes[b].name ? -1 : 1));
}

/** Values of a point. */
function componentsOf(name: string, values: Float64Array, axes: Volume['axes']): number {
  const components = values.length / axes.reduce((product, {count}) => product * count, 1);
  if (!Number.isInteger(components) || components < 1) {
    const shape = axes.map(({count}) => count).join(' × ');
    throw new DinfError('INVALID_ARGUMENT', `The array ${name} has ${values.length} values for ${shape} points.`);
  }
  return components;
}

/** Length in bytes and values in base64, the first axis fastest as VTK has it, components of a point side by side. */
function* encoded(values: Float64Array, axes: Volume['axes'], order: readonly number[]): Generator<string> {
  const components = componentsOf('', values, axes);
  // Where a step along each axis of the domain leads in the row-major array.
  const strides = axes.map((_, k) => axes.slice(k + 1).reduce((product, {count}) => product * count, components));
  const n = [0, 1, 2].map((k) => (k < order.length ? axes[order[k]].count : 1));
  const step = [0, 1, 2].map((k) => (k < order.length ? strides[order[k]] : 0));
  const turned = new Float64Array(values.length);
  let index = 0;
  for (let k = 0; k < n[2]; k++) {
    for (let j = 0; j < n[1]; j++) {
      for (let i = 0; i < n[0]; i++) {
        const at = i * step[0] + j * step[1] + k * step[2];
        for (let c = 0; c < components; c++) turned[index++] = values[at + c];
      }
    }
  }
  const body = Buffer.from(turned.buffer);
  if (endianness() === 'BE') body.swap64();
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64LE(BigInt(body.length));
  const first = PART_BYTES - HEADER_BYTES;
  yield Buffer.concat([header, body.subarray(0, first)]).toString('base64');
  for (let at = first; at < body.length; at += PART_BYTES) yield body.subarray(at, at + PART_BYTES).toString('base64');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
