/**
 * The same as WebAssembly, for browsers and for machines that no binary fits: all that the main entry has, equations, and the built-in
 * problems. It runs on one thread, and more slowly than native code: solutions say so among their notes.
 *
 * @packageDocumentation
 */
export * from '../index';
export * from './equation';
export * from './problems';
export type {ModuleSource} from '../wasm/platform';
export {ready} from '../wasm/platform';
