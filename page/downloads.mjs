// Results as files that other programs read.
import {make} from './dom.mjs';

/** Hands a file to the reader. @param {string} name @param {BlobPart} content @param {string} type */
export function saveAs(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], {type}));
  make('a', {href: address, download: name}).click();
  // The download has begun by then; the bytes are freed.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * Values as numpy reads them: version 1.0, float64, little endian, shape (expressions, n, ...).
 *
 * @param {Record<string, ArrayLike<number>>} values by expression, row-major
 * @param {number[]} shape of each
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function npyOf(values, shape) {
  const lists = Object.values(values);
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${[lists.length, ...shape].join(', ')}), }`;
  // Magic, version and length have 10 bytes; with the header's end they fill whole lines of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const bytes = new Uint8Array(10 + length + 8 * count * lists.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]); // \x93NUMPY
  bytes.set(new TextEncoder().encode(text.padEnd(length - 1) + '\n'), 10);
  const view = new DataView(bytes.buffer);
  lists.forEach((list, l) => {
    for (let i = 0; i < count; i++) view.setFloat64(10 + length + 8 * (l * count + i), list[i], true);
  });
  return bytes;
}
