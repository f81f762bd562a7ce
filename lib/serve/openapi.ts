/** The OpenAPI document: collected from the routes as they are declared, so that it says what they check. */
import {VERSION} from '../base/version';
import type {Schema} from './schemas';
import {ERROR} from './schemas';

/** What a route takes and gives. */
export interface RouteDocument {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters as `:name`. */
  readonly url: string;
  readonly summary: string;
  /** Bodies by media type; without a schema they are bytes. */
  readonly body?: Readonly<Record<string, Schema | undefined>>;
  /** Answers by media type; without a schema they are bytes or text. */
  readonly answer: Readonly<Record<string, Schema | undefined>>;
  /** The status of that answer. Default 200. */
  readonly status?: number;
  /** Statuses of errors. */
  readonly errors?: readonly number[];
  readonly query?: Readonly<Record<string, Schema>>;
}

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is wrong, and the message says where.',
  401: 'A token is missing.',
  404: 'There is nothing of that name.',
  408: 'The time was over before there was anything to keep.',
  413: 'It is too large: the body, or the problem.',
  415: 'The body is of no type that is read.',
  422: 'It is well-formed, and more work to read than this service gives.',
  429: 'Too much waits: come again after Retry-After seconds.',
  500: 'Something went wrong here.',
  503: 'The service is shutting down.',
};

export function openApiDocument(routes: readonly RouteDocument[], withTokens: boolean): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const url = route.url.replace(/:(\w+)/g, '{$1}');
    (paths[url] ??= {})[route.method.toLowerCase()] = operation(route, withTokens && route.url.startsWith('/v1/'));
  }
  return {
    openapi: '3.1.0',
    info: {title: 'dinf-grid', version: VERSION, description: 'Solves differential equations.', license: {name: 'MIT'}},
    paths,
    components: {
      schemas: {Error: ERROR},
      ...(withTokens && {securitySchemes: {token: {type: 'http', scheme: 'bearer'}}}),
    },
  };
}

function operation({url, summary, body, answer, status = 200, errors = [], query = {}}: RouteDocument, secured: boolean): Schema {
  const parameters = [
    ...Array.from(url.matchAll(/:(\w+)/g), ([, name]) => ({name, in: 'path', required: true, schema: {type: 'string'}})),
    ...Object.entries(query).map(([name, schema]) => ({name, in: 'query', required: false, schema})),
  ];
  const refused = Array.from(new Set([...errors, ...(secured ? [401] : []), 500])).sort();
  const responses = Object.fromEntries([
    [status, {description: summary, content: contentOf(answer)}],
    ...refused.map((one) => [
      one,
      {
        description: MEANINGS[one],
        content: {'application/json': {schema: {$ref: '#/components/schemas/Error'}}},
        ...((one === 429 || one === 503) && {
          headers: {'retry-after': {description: 'Seconds.', schema: {type: 'integer', minimum: 1}}},
        }),
      },
    ]),
  ]) as Schema;
  return {
    summary,
    ...(parameters.length > 0 && {parameters}),
    ...(body !== undefined && {requestBody: {required: true, content: contentOf(body)}}),
    responses,
    ...(secured && {security: [{token: []}]}),
  };
}

const contentOf = (types: Readonly<Record<string, Schema | undefined>>): Schema =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, schema === undefined ? {} : {schema}]));
