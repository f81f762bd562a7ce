// Globals of Node's that the library reads, for browsers.
import {DinfError} from '../../lib/base/errors';

export const process = {env: {}, platform: 'browser', arch: 'wasm32', version: 'none'};

const refuse = () => {
  throw new DinfError('FILE_UNWRITABLE', 'there are no files in a browser, and this makes the bytes of one: it needs Node');
};
export const Buffer = {from: refuse, alloc: refuse, concat: refuse, isBuffer: () => false};
