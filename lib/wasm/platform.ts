/** How this platform comes to the WebAssembly module: told once by the entry of the build, before anybody asks. */
import {DinfError} from '../base/errors';
import type {Addon} from '../native';
import {takeAddonFrom} from '../native';
import type {NodeApi} from './instantiate';
import {instantiate, instantiateLater} from './instantiate';

/** What `ready` takes: the module's bytes, its address, or what a fetch of it gives. */
export type ModuleSource = string | URL | ArrayBuffer | Uint8Array | Promise<ArrayBuffer | Uint8Array | Response> | Response;

/** Where the module is, and what links it. */
export interface Platform {
  readonly api: NodeApi;
  /** The module's bytes where they are at hand at once, as in Node: then nobody needs to wait for `ready`. */
  readonly bytes?: () => Uint8Array;
  /** The address of the module beside the entry. */
  readonly address?: string;
}

let platform: Platform | undefined;
let making: Promise<void> | undefined;

/** Tells where the module is. */
export function usePlatform(given: Platform): void {
  platform = given;
  takeAddonFrom(() => {
    if (given.bytes !== undefined) return instantiate(given.api, given.bytes());
    throw new DinfError('NO_NATIVE_BUILD', 'the WebAssembly module is not loaded yet: await ready() first');
  });
}

/**
 * Loads the WebAssembly module, once: a browser has to fetch it. In Node that is done at the first solve, and this does it before.
 *
 * @param source where the module is. Default: `dinf-grid.wasm` beside the script.
 * @throws DinfError NO_NATIVE_BUILD where it cannot be had, or the engine is too old for it (rejects)
 */
export function ready(source?: ModuleSource): Promise<void> {
  making ??= load(source).catch((error: unknown) => {
    making = undefined; // the next one may have more luck
    throw error;
  });
  return making;
}

async function load(source: ModuleSource | undefined): Promise<void> {
  if (platform === undefined) throw new DinfError('INTERNAL', 'this build was not told where its WebAssembly module is');
  const {api, bytes, address} = platform;
  let made: Addon;
  try {
    made = await instantiateLater(api, await moduleOf(source ?? bytes?.() ?? address!));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const advice = 'it needs an engine with SIMD128 and exceptions, such as Chrome 95, Firefox 100, Safari 16.4, Node 20';
    throw new DinfError('NO_NATIVE_BUILD', `the WebAssembly module does not load (${said}): ${advice}`, {cause});
  }
  takeAddonFrom(() => made);
}

/** Bytes: a module that is compiled while it comes must be sent with its own media type, and not every server does that. */
async function moduleOf(source: ModuleSource): Promise<ArrayBuffer | Uint8Array> {
  const given = await source;
  if (given instanceof ArrayBuffer || given instanceof Uint8Array) return given;
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  return response.arrayBuffer();
}
