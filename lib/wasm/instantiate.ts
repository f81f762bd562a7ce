/** From the bytes of the WebAssembly module to the addon. */
import type {Addon} from '../native';
import type {Host, Memory} from './host';
import {hostOf} from './host';
import type {Import} from './wasi';
import {wasiImports} from './wasi';

/** Imports of a module: functions by module and name. */
type Imports = Record<string, Record<string, unknown>>;

/** What a module exports before Node-API is told of it. */
interface Exports {
  readonly memory: Memory;
  /** Runs the constructors of static objects. */
  _initialize(): void;
}

/** What is told to {@link NodeApi}, as @emnapi/core has it. */
interface LoadOptions {
  readonly context: unknown;
  overwriteImports(imports: Imports): Imports;
  beforeInit(source: {readonly instance: {readonly exports: unknown}}): void;
}

interface Instantiated {
  readonly napiModule: {readonly exports: Addon & {connect: (host: Host) => void}};
}

/**
 * Node-API for WebAssembly. The build brings it along, from the packages @emnapi/core and @emnapi/runtime: nothing in here imports them, and
 * whoever installs the package needs neither.
 */
export interface NodeApi {
  /** A context of its own for each module. */
  createContext(): unknown;
  /** Compiles and links at once: not on the main thread of a browser. */
  instantiateNapiModuleSync(module: unknown, options: LoadOptions): Instantiated;
  /** The same in the background. */
  instantiateNapiModule(module: unknown, options: LoadOptions): Promise<Instantiated>;
}

/** Compiles and links on this thread. */
export function instantiate(api: NodeApi, module: unknown): Addon {
  const {options, addonOf} = preparation(api);
  return addonOf(api.instantiateNapiModuleSync(module, options));
}

/** Compiles and links in the background. */
export async function instantiateLater(api: NodeApi, module: unknown): Promise<Addon> {
  const {options, addonOf} = preparation(api);
  return addonOf(await api.instantiateNapiModule(module, options));
}

/** What the module imports, and what makes it the addon once it is there. */
function preparation(api: NodeApi): {options: LoadOptions; addonOf: (instantiated: Instantiated) => Addon} {
  let memory: Memory | undefined;
  const memoryOf = (): Memory => memory!;
  // Emscripten's, for whoever keeps views of the memory: nobody does.
  const own: Record<string, Import> = {emscripten_notify_memory_growth: () => undefined};
  return {
    options: {
      context: api.createContext(),
      overwriteImports: (imports) => ({
        ...imports,
        env: {...imports.env, ...own},
        wasi_snapshot_preview1: wasiImports(memoryOf),
      }),
      beforeInit: ({instance}) => {
        const exports = instance.exports as Exports;
        ({memory} = exports);
        exports._initialize();
      },
    },
    addonOf: ({napiModule}) => {
      const {connect, ...addon} = napiModule.exports;
      connect(hostOf(memoryOf()));
      return addon;
    },
  };
}
