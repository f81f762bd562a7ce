/** PLY, the polygon file format: what scanners, MeshLab, Blender and CloudCompare write. */
import {endianness} from 'node:os';
import {DinfError} from '../base/errors';
import {writeFileAtomic} from './atomic-write';
import {GrowingValues} from './growing-values';
import {checkRoom} from './memory-left';
import {readFileChecked} from './read-file';
import type {TriangleMesh} from '../mesh/mesh';
import {needsDouble} from '../mesh/precision';

/** Scalar types by both of their names, with their size in bytes and how a DataView reads them. */
const TYPES: Readonly<Record<string, {size: number; read: (view: DataView, at: number, little: boolean) => number}>> = (() => {
  const of = {
    int8: {size: 1, read: (view: DataView, at: number) => view.getInt8(at)},
    uint8: {size: 1, read: (view: DataView, at: number) => view.getUint8(at)},
    int16: {size: 2, read: (view: DataView, at: number, little: boolean) => view.getInt16(at, little)},
    uint16: {size: 2, read: (view: DataView, at: number, little: boolean) => view.getUint16(at, little)},
    int32: {size: 4, read: (view: DataView, at: number, little: boolean) => view.getInt32(at, little)},
    uint32: {size: 4, read: (view: DataView, at: number, little: boolean) => view.getUint32(at, little)},
    float32: {size: 4, read: (view: DataView, at: number, little: boolean) => view.getFloat32(at, little)},
    float64: {size: 8, read: (view: DataView, at: number, little: boolean) => view.getFloat64(at, little)},
  };
  const {int8, uint8, int16, uint16, int32, uint32, float32, float64} = of;
  return {
    ...of,
    char: int8,
    uchar: uint8,
    short: int16,
    ushort: uint16,
    int: int32,
    uint: uint32,
    float: float32,
    double: float64,
  };
})();

interface Property {
  readonly name: string;
  readonly type: string;
  /** Type of the count of a list; undefined for a single number. */
  readonly count?: string;
}

interface Element {
  readonly name: string;
  readonly count: number;
  readonly properties: readonly Property[];
}

/** Reads the numbers of a body one after the other; NaN-free positions are checked by who asks. */
interface Cursor {
  next(type: string): number;
  /** Most numbers of a type that can still follow: guards allocations against a header that promises too much. */
  room(type: string): number;
}

/**
 * Reads a `.ply` file, ascii or binary of either byte order: vertices, their normals where it has them, and faces, polygons cut into
 * fans of triangles. Other elements and properties are skipped.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE; NOT_A_MESH when it is no PLY file, is damaged or truncated, or has no vertices
 */
export async function readPly(path: string): Promise<TriangleMesh> {
  const bytes = await readFileChecked(path, 'a .ply file', (start) => {
    if (Buffer.from(start.subarray(0, 3)).toString('latin1') !== 'ply') throw refusal(path, "it does not begin with 'ply'");
  });
  return parsePly(bytes, path);
}

/**
 * Parses the bytes of a `.ply` file; see {@link readPly}.
 *
 * @param name what messages call it, such as its path
 */
export function parsePly(bytes: Uint8Array, name: string): TriangleMesh {
  const refuse = (reason: string): DinfError => refusal(name, reason);
  const {format, elements, body} = parseHeader(bytes, refuse);
  const cursor =
    format === 'ascii' ? asciiCursor(bytes, body, refuse) : binaryCursor(bytes, body, format.includes('little'), refuse);
  let positions: Float64Array | undefined;
  let normals: Float64Array | undefined;
  const triangles = new GrowingValues(Uint32Array, name);
  for (const element of elements) {
    if (element.name === 'vertex') ({positions, normals} = readVertices(element, cursor, name, refuse));
    else readElement(element, cursor, element.name === 'face' ? triangles : undefined, refuse);
  }
  if (positions === undefined || positions.length === 0) throw refuse('it has no vertices');
  const count = positions.length / 3;
  const corners = triangles.take();
  const wrong = corners.find((vertex) => vertex >= count);
  if (wrong !== undefined) throw refuse(`a face names vertex ${wrong}, and there are ${count}`);
  return {positions, triangles: corners, normals};
}

function parseHeader(
  bytes: Uint8Array,
  refuse: (reason: string) => DinfError,
): {format: string; elements: Element[]; body: number} {
  // Headers are short; a file without an end of one must not be decoded whole.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1 << 16)).toString('latin1');
  if (!/^ply\r?[\n\r]/.test(text)) throw refuse("it does not begin with 'ply'");
  const end = /(?:^|[\n\r])end_header[ \t]*(?:\r\n|\n|\r)/.exec(text);
  if (end === null) throw refuse('its header has no end');
  let format = '';
  const elements: (Element & {properties: Property[]})[] = [];
  for (const line of text.slice(0, end.index).split(/\r\n|\n|\r/)) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'format') format = words[1];
    else if (words[0] === 'element') {
      const count = Number(words[2]);
      if (!Number.isSafeInteger(count) || count < 0) throw refuse(`its header says '${line.trim()}'`);
      elements.push({name: words[1], count, properties: []});
    } else if (words[0] === 'property') {
      const property = readProperty(words);
      if (property === undefined || elements.length === 0) throw refuse(`its header says '${line.trim()}'`);
      elements[elements.length - 1].properties.push(property);
    }
  }
  if (!['ascii', 'binary_little_endian', 'binary_big_endian'].includes(format)) throw refuse(`its format is '${format}'`);
  return {format, elements, body: end.index + end[0].length};
}

/** A property from the words of its line; undefined where one is missing or a type is unknown. */
function readProperty(words: readonly string[]): Property | undefined {
  const list = words[1] === 'list';
  if (words.length <= (list ? 4 : 2)) return undefined;
  const property = list ? {name: words[4], type: words[3], count: words[2]} : {name: words[2], type: words[1]};
  return [property.type, property.count ?? 'int'].every((type) => Object.hasOwn(TYPES, type)) ? property : undefined;
}

function readVertices(
  {count, properties}: Element,
  cursor: Cursor,
  name: string,
  refuse: (reason: string) => DinfError,
): {positions: Float64Array; normals?: Float64Array} {
  const names = properties.map((property) => property.name);
  const place = (wanted: readonly string[]): number[] | undefined => {
    const found = wanted.map((one) => names.indexOf(one));
    return found.includes(-1) ? undefined : found;
  };
  const at = place(['x', 'y', 'z']);
  if (at === undefined) throw refuse('its vertices have no x, y and z');
  const direction = place(['nx', 'ny', 'nz']);
  checkCount('vertex', count, properties, cursor, refuse);
  checkRoom(name, 3 * 8 * count * (direction === undefined ? 1 : 2));
  const positions = new Float64Array(3 * count);
  const normals = direction === undefined ? undefined : new Float64Array(3 * count);
  const values = new Float64Array(properties.length);
  for (let v = 0; v < count; v++) {
    properties.forEach((property, p) => {
      if (property.count === undefined) values[p] = cursor.next(property.type);
      else for (let n = lengthOf(property.count, cursor, refuse); n > 0; n--) cursor.next(property.type);
    });
    for (let k = 0; k < 3; k++) {
      const value = values[at[k]];
      if (!Number.isFinite(value)) throw refuse(`vertex ${v} has ${'xyz'[k]} = ${value}`);
      positions[3 * v + k] = value;
      if (normals !== undefined) normals[3 * v + k] = values[direction![k]];
    }
  }
  return {positions, normals};
}

/** Sees that as many elements as a header declares can be there: each has its numbers, and a list at least its length. */
function checkCount(
  name: string,
  count: number,
  properties: readonly Property[],
  cursor: Cursor,
  refuse: (reason: string) => DinfError,
): void {
  const room = Math.min(...properties.map(({type, count: length}) => cursor.room(length ?? type)));
  if (room < count) throw refuse(`it is truncated: it should hold ${count} of '${name}'`);
}

/** The length of a list. */
function lengthOf(type: string, cursor: Cursor, refuse: (reason: string) => DinfError): number {
  const length = cursor.next(type);
  if (!Number.isSafeInteger(length) || length < 0) throw refuse(`a list has ${length} entries`);
  return length;
}

/** Skips an element; of faces, keeps the triangles. */
function readElement(
  {name, count, properties}: Element,
  cursor: Cursor,
  triangles: GrowingValues<Uint32Array> | undefined,
  refuse: (reason: string) => DinfError,
): void {
  if (properties.length === 0) return; // nothing in the file, however many there are said to be
  checkCount(name, count, properties, cursor, refuse);
  for (let i = 0; i < count; i++) {
    for (const property of properties) {
      if (property.count === undefined) cursor.next(property.type);
      else readList(property, cursor, /^vertex_ind(ex|ices)$/.test(property.name) ? triangles : undefined, refuse);
    }
  }
}

/** Reads a list; keeps its fan of triangles where there is a place for it. */
function readList(
  {type, count}: Property,
  cursor: Cursor,
  triangles: GrowingValues<Uint32Array> | undefined,
  refuse: (reason: string) => DinfError,
): void {
  const vertex = (): number => {
    const index = cursor.next(type);
    if (triangles !== undefined && !(Number.isInteger(index) && index >= 0 && index <= MOST_INDEX)) {
      throw refuse(`a face names vertex ${index}`);
    }
    return index;
  };
  const length = lengthOf(count!, cursor, refuse);
  const first = length > 0 ? vertex() : 0;
  let before = length > 1 ? vertex() : 0;
  for (let corner = 2; corner < length; corner++) {
    const last = vertex();
    for (const index of [first, before, last]) triangles?.push(index);
    before = last;
  }
}

/** The largest index that an array of 32 bits holds. */
const MOST_INDEX = 2 ** 32 - 1;
/** Characters of the body of an ascii file that are decoded at once; a file may be longer than a text can be. */
const WINDOW = 1 << 16;

function asciiCursor(bytes: Uint8Array, body: number, refuse: (reason: string) => DinfError): Cursor {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = /\S+/g;
  let start = body;
  let text = buffer.toString('latin1', start, start + WINDOW);
  const nextWord = (): string => {
    let found = word.exec(text);
    // What touches the end of the window may go on behind it.
    while ((found === null || word.lastIndex === text.length) && start + text.length < buffer.length) {
      if (found !== null && found.index === 0) throw refuse(`it has '${found[0].slice(0, 20)}...' where a number should be`);
      start += found?.index ?? text.length;
      text = buffer.toString('latin1', start, start + WINDOW);
      word.lastIndex = 0;
      found = word.exec(text);
    }
    if (found === null) throw refuse('it is truncated: it ends before its last element');
    return found[0];
  };
  return {
    next() {
      const found = nextWord();
      const value = Number(found);
      if (Number.isNaN(value) && !/^[+-]?nan/i.test(found))
        throw refuse(`it has '${found.slice(0, 20)}' where a number should be`);
      return value;
    },
    room: () => (buffer.length - start - word.lastIndex + 1) / 2,
  };
}

function binaryCursor(bytes: Uint8Array, body: number, little: boolean, refuse: (reason: string) => DinfError): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = body;
  return {
    next(type) {
      const {size, read} = TYPES[type];
      if (at + size > view.byteLength) throw refuse('it is truncated: it ends before its last element');
      at += size;
      return read(view, at - size, little);
    },
    room: (type) => (view.byteLength - at) / TYPES[type].size,
  };
}

/**
 * Writes a mesh as `.ply`, with normals where it has them: coordinates as float, or as double where float would move vertices by more than a
 * thousandth of a triangle's side. Complete or not at all.
 *
 * @param options.format default `binary` (little endian); `ascii` for people
 * @throws DinfError FILE_UNWRITABLE
 */
export async function writePly(path: string, mesh: TriangleMesh, options: PlyOptions = {}): Promise<void> {
  await writeFileAtomic(path, encodePly(mesh, options));
}

/** The form of a `.ply` file. */
export interface PlyOptions {
  format?: 'binary' | 'ascii';
  /** Whether numbers are written as double; default: where float would lose what is to be seen. */
  double?: boolean;
}

/** The bytes of the file that {@link writePly} writes. */
export function encodePly(mesh: TriangleMesh, options: PlyOptions = {}): Uint8Array {
  const {positions, triangles, normals} = mesh;
  const {format = 'binary', double = needsDouble(mesh)} = options;
  const vertices = positions.length / 3;
  const faces = triangles.length / 3;
  const names = normals === undefined ? ['x', 'y', 'z'] : ['x', 'y', 'z', 'nx', 'ny', 'nz'];
  const header = [
    'ply',
    `format ${format === 'ascii' ? 'ascii' : 'binary_little_endian'} 1.0`,
    'comment made by dinf-grid',
    `element vertex ${vertices}`,
    ...names.map((name) => `property ${double ? 'double' : 'float'} ${name}`),
    `element face ${faces}`,
    'property list uchar int vertex_indices',
    'end_header\n',
  ].join('\n');
  const sources = normals === undefined ? [positions] : [positions, normals];
  const body = format === 'ascii' ? asciiBody(sources, triangles, double) : binaryBody(sources, triangles, double);
  return Buffer.concat([Buffer.from(header, 'latin1'), body]);
}

/** A line for each vertex with three numbers of every source, then one for each triangle. */
function asciiBody(sources: readonly TriangleMesh['positions'][], triangles: Uint32Array, double: boolean): Buffer {
  const spelled = (value: number): string => String(double ? value : Number(Math.fround(value).toPrecision(9)));
  const lines: string[] = [];
  for (let at = 0; at < sources[0].length; at += 3) {
    lines.push(sources.flatMap((source) => [0, 1, 2].map((k) => spelled(source[at + k]))).join(' '));
  }
  for (let t = 0; t < triangles.length; t += 3) lines.push(`3 ${triangles[t]} ${triangles[t + 1]} ${triangles[t + 2]}`);
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1');
}

/** The same as {@link asciiBody} in little-endian numbers; a triangle is its count 3 in a byte and three indices of 32 bits. */
function binaryBody(sources: readonly TriangleMesh['positions'][], triangles: Uint32Array, double: boolean): Buffer {
  const stride = 3 * sources.length;
  const count = (sources[0].length / 3) * stride;
  const wide = double ? new Float64Array(count) : new Float32Array(count);
  sources.forEach((source, s) => {
    for (let i = 0; i < source.length; i++) wide[Math.floor(i / 3) * stride + 3 * s + (i % 3)] = source[i];
  });
  const points = Buffer.from(wide.buffer);
  if (endianness() === 'BE' && double) points.swap64();
  else if (endianness() === 'BE') points.swap32();
  const faces = triangles.length / 3;
  const corners = Buffer.alloc(faces * 13);
  for (let t = 0; t < faces; t++) {
    corners[13 * t] = 3;
    for (let k = 0; k < 3; k++) corners.writeInt32LE(triangles[3 * t + k], 13 * t + 1 + 4 * k);
  }
  return Buffer.concat([points, corners]);
}

function refusal(name: string, reason: string): DinfError {
  return new DinfError(
    'NOT_A_MESH',
    `Cannot read ${name} as PLY: ${reason}. Export the mesh or the points again as ascii or binary PLY.`,
  );
}
