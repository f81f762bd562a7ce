import {endianness} from 'node:os';
import {DinfError} from '../errors';
import {writeFileAtomic} from './atomic-write';

/** Values on a uniform lattice of 1 to 3 coordinates. */
export interface Volume {
  /** In the order of the arrays: the last one varies fastest. */
  readonly axes: readonly {readonly name: string; readonly lower: number; readonly upper: number; readonly count: number}[];
  /** By name; each row-major with the last axis fastest, one value a point. */
  readonly arrays: Readonly<Record<string, Float64Array>>;
}

/**
 * Writes values as VTK ImageData (`.vti`), which ParaView opens: coordinates in the domain's units, float64, base64, appended. The first
 * coordinate of the domain is VTK's x, whatever its name; missing ones have a single layer. Complete or not at all.
 *
 * @throws DinfError FILE_UNWRITABLE, INVALID_ARGUMENT
 */
export async function writeVti(path: string, volume: Volume): Promise<void> {
  await writeFileAtomic(path, vtiText(volume));
}

/** The text of the file that {@link writeVti} writes. */
export function vtiText({axes, arrays}: Volume): string {
  if (axes.length < 1 || axes.length > 3) {
    throw new DinfError('INVALID_ARGUMENT', `ImageData has 1 to 3 axes, and this has ${axes.length}`);
  }
  for (const {name, lower, upper, count} of axes) {
    if (!Number.isSafeInteger(count) || count < 2 || !(upper > lower)) {
      throw new DinfError('INVALID_ARGUMENT', `The axis ${name} has ${count} points from ${lower} to ${upper}: give 2 at least.`);
    }
  }
  const padded = [...axes, ...Array<undefined>(3 - axes.length).fill(undefined)];
  const triple = (of: (axis: Volume['axes'][number]) => number, other: number): string =>
    padded.map((axis) => (axis === undefined ? other : of(axis))).join(' ');
  const extent = padded.map((axis) => `0 ${axis === undefined ? 0 : axis.count - 1}`).join(' ');
  const names = Object.keys(arrays);
  let offset = 0;
  const blocks: string[] = [];
  const declarations = names.map((name) => {
    const block = encoded(name, arrays[name], axes);
    blocks.push(block);
    const line = `        <DataArray type="Float64" Name="${escaped(name)}" format="appended" offset="${offset}"/>`;
    offset += block.length;
    return line;
  });
  return `<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  <!-- axes: ${axes.map(({name}, k) => `${'xyz'[k]} is ${name.replaceAll('--', '- -')}`).join(', ')} -->
  <ImageData WholeExtent="${extent}" Origin="${triple((axis) => axis.lower, 0)}" Spacing="${triple((axis) => (axis.upper - axis.lower) / (axis.count - 1), 1)}">
    <Piece Extent="${extent}">
      <PointData${names.length > 0 ? ` Scalars="${escaped(names[0])}"` : ''}>
${declarations.join('\n')}
      </PointData>
    </Piece>
  </ImageData>
  <AppendedData encoding="base64">
   _${blocks.join('')}
  </AppendedData>
</VTKFile>
`;
}

/** Length in bytes and values as one base64 block, the first axis fastest as VTK has it. */
function encoded(name: string, values: Float64Array, axes: Volume['axes']): string {
  const [n0, n1, n2] = [axes[0].count, axes[1]?.count ?? 1, axes[2]?.count ?? 1];
  if (values.length !== n0 * n1 * n2) {
    throw new DinfError('INVALID_ARGUMENT', `The array ${name} has ${values.length} values for ${n0} × ${n1} × ${n2} points.`);
  }
  const turned = new Float64Array(values.length);
  let index = 0;
  for (let k = 0; k < n2; k++) {
    for (let j = 0; j < n1; j++) {
      for (let i = 0; i < n0; i++) turned[index++] = values[(i * n1 + j) * n2 + k];
    }
  }
  const body = Buffer.from(turned.buffer);
  if (endianness() === 'BE') body.swap64();
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(BigInt(body.length));
  return Buffer.concat([header, body]).toString('base64');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
