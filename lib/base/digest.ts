/** Values told apart by a digest of what they hold. */
import {createHash} from 'node:crypto';

/** SHA-256 of a value as JSON with sorted names, as hexadecimal digits; arrays of numbers by their bytes. */
export function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (ArrayBuffer.isView(one)) {
      const bytes = new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
      return {bytes: createHash('sha256').update(bytes).digest('hex')};
    }
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(text).digest('hex');
}
