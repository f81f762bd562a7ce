// Node-API for WebAssembly, as lib/wasm takes it.
export {instantiateNapiModule, instantiateNapiModuleSync} from '@emnapi/core';
export {createContext} from '@emnapi/runtime';
