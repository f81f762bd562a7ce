/**
 * The HTTP service of `dinf-grid serve`, for programs that run it themselves.
 *
 * @packageDocumentation
 * @module dinf-grid/serve
 */
export type {DinfServer} from '../serve/server';
export {createServer} from '../serve/server';
export type {ServeOptions} from '../serve/serve-options';
