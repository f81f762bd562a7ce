/** The few calls of WASI preview 1 that C++'s standard library makes: clocks, and text for standard error. There are no files. */
import type {Memory} from './host';

/** Error numbers of WASI. */
const SUCCESS = 0;
const NO_SUCH_DESCRIPTOR = 8;
const NOT_SUPPORTED = 58;

/** Nothing is known of the other clocks. */
const REALTIME = 0;

/** A function that a module imports; addresses are unsigned, and come as signed numbers. */
export type Import = (...numbers: (number | bigint)[]) => number | bigint | undefined;

/**
 * The calls by name.
 *
 * @param memory the module's, once it is there.
 */
export function wasiImports(memory: () => Memory): Record<string, Import> {
  let said = '';
  const view = (): DataView => new DataView(memory().buffer);
  const at = (address: number | bigint): number => Number(address) >>> 0;
  const nothing = (count: number | bigint, size: number | bigint): number => {
    view().setUint32(at(count), 0, true);
    view().setUint32(at(size), 0, true);
    return SUCCESS;
  };
  return {
    clock_time_get: (clock, _precision, result) => {
      const milliseconds = clock === REALTIME ? Date.now() : performance.now();
      view().setBigUint64(at(result), BigInt(Math.round(milliseconds * 1e6)), true);
      return SUCCESS;
    },
    clock_res_get: (_clock, result) => {
      view().setBigUint64(at(result), 1000n, true);
      return SUCCESS;
    },
    fd_write: (_descriptor, pieces, count, written) => {
      const bytes: number[] = [];
      for (let i = 0; i < Number(count); i++) {
        const piece = at(pieces) + 8 * i;
        const begin = view().getUint32(piece, true);
        bytes.push(...new Uint8Array(memory().buffer, begin, view().getUint32(piece + 4, true)));
      }
      said += new TextDecoder().decode(Uint8Array.from(bytes));
      view().setUint32(at(written), bytes.length, true);
      return SUCCESS;
    },
    environ_sizes_get: nothing,
    environ_get: () => SUCCESS,
    args_sizes_get: nothing,
    args_get: () => SUCCESS,
    fd_close: () => NO_SUCH_DESCRIPTOR,
    fd_read: () => NO_SUCH_DESCRIPTOR,
    fd_seek: () => NO_SUCH_DESCRIPTOR,
    fd_fdstat_get: () => NOT_SUPPORTED,
    proc_exit: (code) => {
      throw new Error(`the WebAssembly module ended itself (${String(code)}): ${said}`);
    },
  };
}
