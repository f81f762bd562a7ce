// Globals of Node's that the library reads, for browsers.
export const process = {env: {}, platform: 'browser', arch: 'wasm32', version: 'none'};
const refuse = () => {
  throw new Error('there are no files in a browser');
};
export const Buffer = {from: refuse, alloc: refuse, concat: refuse, isBuffer: () => false};
