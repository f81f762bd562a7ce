/** What the addon as a WebAssembly module asks of its host beside Node-API; native/addon/wasm/host.h is the other side. */

/** A module's memory. Growing it puts another buffer in the place of the old one, so none is kept. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** The functions that the module is given once it is there. */
export interface Host {
  /** Copies an array's bytes to an address. */
  read(from: ArrayBufferView, address: number): void;
  /** A copy of the numbers at an address. */
  write(address: number, count: number): Float64Array;
  /** Calls back once the event loop has had its turn. */
  later(task: () => void): void;
}

/** The host of a module with that memory. */
export function hostOf(memory: Memory): Host {
  return {
    read: (from, address) => {
      const bytes = new Uint8Array(from.buffer, from.byteOffset, from.byteLength);
      new Uint8Array(memory.buffer, address, from.byteLength).set(bytes);
    },
    write: (address, count) => new Float64Array(memory.buffer, address, count).slice(),
    later,
  };
}

/** Tasks in their turn. Timers would do, but browsers let those wait that are set by others. */
const later: Host['later'] = typeof setImmediate === 'function' ? (task) => void setImmediate(task) : messages();

function messages(): Host['later'] {
  const {port1, port2} = new MessageChannel();
  const tasks: (() => void)[] = [];
  port1.onmessage = () => tasks.shift()?.();
  return (task) => {
    tasks.push(task);
    port2.postMessage(undefined);
  };
}
