/** The font's files, of an npm package. The build for browsers, where there are none, puts their bytes in the place of this. */
import {readFileSync} from 'node:fs';

/** Face that a text is set in. */
export type Weight = 'regular' | 'bold';

const FILES: Readonly<Record<Weight, string>> = {
  regular: '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff',
  bold: '@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff',
};

/** The bytes of a face. */
export function fontFile(weight: Weight): ArrayBuffer {
  const {buffer, byteOffset, byteLength} = readFileSync(require.resolve(FILES[weight]));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}
