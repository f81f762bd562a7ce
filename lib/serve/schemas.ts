/** JSON schemas of what is asked and answered: they check requests, and are the OpenAPI document. */

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

const TEXT = {type: 'string', minLength: 1, maxLength: 100_000};
const NAME = {type: 'string', minLength: 1, maxLength: 200};
const NUMBER = {type: 'number'};
/** Names that may not stand in a record from outside are refused by fastify already. */
const recordOf = (values: Schema, most = 100): Schema => ({
  type: 'object',
  maxProperties: most,
  additionalProperties: values,
});
const listOf = (items: Schema, maxItems = 100): Schema => ({type: 'array', minItems: 1, maxItems, items});
const oneOrList = (item: Schema): Schema => ({anyOf: [item, listOf(item)]});
const object = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  description?: string,
): Schema => ({
  type: 'object',
  ...(description !== undefined && {description}),
  additionalProperties: false,
  required,
  properties,
});

/** The options that all problems share, as a problem file has them. */
const SHARED = {
  preset: NAME,
  field: NAME,
  width: NUMBER,
  hiddenLayers: NUMBER,
  kernel: NAME,
  edge: oneOrList(NAME),
  decoder: NAME,
  resolution: oneOrList(NUMBER),
  levels: NUMBER,
  features: NUMBER,
  optimizer: oneOrList(NAME),
  iterations: oneOrList(NUMBER),
  tolerance: NUMBER,
  maxSeconds: NUMBER,
  maxMemory: {anyOf: [NUMBER, NAME]},
  learningRate: NUMBER,
  inner: NAME,
  dtype: NAME,
  seed: NUMBER,
};

const PROBLEM = object(
  {
    equation: oneOrList(TEXT),
    domain: {anyOf: [NAME, recordOf({type: 'array', minItems: 2, maxItems: 2, items: {anyOf: [NUMBER, NAME]}}, 3)]},
    where: oneOrList(TEXT),
    unknowns: oneOrList(NAME),
    uniform: recordOf(NUMBER, 1000),
    exact: {anyOf: [TEXT, recordOf(TEXT)]},
    constraints: NAME,
    boundaryWeight: NUMBER,
    periodic: oneOrList(NAME),
    windows: {anyOf: [NUMBER, NAME]},
    grading: NAME,
    ...SHARED,
  },
  ['equation', 'domain'],
  'The keys of a problem file, but for out.',
);

const SYSTEM = object(
  {name: NAME, options: recordOf({anyOf: [NUMBER, NAME, {type: 'boolean'}, listOf({anyOf: [NUMBER, NAME]})]})},
  ['name'],
  'A built-in problem by its name, with its options and those that all problems share.',
);

const GRID = {...listOf({type: 'integer', minimum: 1, maximum: 1_000_000}, 3), description: 'Points along each coordinate.'};
const EXPRESSIONS = {
  ...listOf(TEXT, 64),
  description: 'What is evaluated: unknowns, derivatives, any expression of them, residual.',
};
const subject = (others: Readonly<Record<string, Schema>>): Schema => ({
  ...object({problem: PROBLEM, system: SYSTEM, ...others}),
  oneOf: [{required: ['problem']}, {required: ['system']}],
});

export const DESCRIBE_BODY = subject({});
export const SOLVE_BODY = subject({
  grid: GRID,
  expressions: EXPRESSIONS,
  dtype: {enum: ['float32', 'float64']},
  seed: {type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER},
  maxSeconds: {type: 'number', exclusiveMinimum: 0, description: 'Fewer than the service gives.'},
});

const MAYBE = {type: ['number', 'null']};
const TEXTS = {type: 'array', items: {type: 'string'}};
const NUMBERS = {type: 'array', items: MAYBE};

export const ERROR = object(
  {error: object({code: {type: 'string'}, message: {type: 'string'}}, ['code', 'message'])},
  ['error'],
  'What went wrong: a code that does not change, and a message for people.',
);
export const DESCRIPTION = object(
  {
    latex: TEXTS,
    mathml: {
      type: 'array',
      items: object(
        {text: {type: 'string'}, label: {type: 'string'}, mathml: {type: 'string'}, latex: {type: 'string'}},
        ['text', 'latex'],
        'An equation, or a condition with where it holds as its label; without mathml where that would be too long to read.',
      ),
    },
    unknowns: TEXTS,
    coordinates: recordOf({type: 'array', minItems: 2, maxItems: 2, items: NUMBER}),
    headline: {type: 'string'},
    notes: TEXTS,
    unknownsCount: NUMBER,
    bytes: NUMBER,
  },
  ['latex', 'mathml', 'unknowns', 'coordinates', 'headline', 'notes', 'unknownsCount', 'bytes'],
);
const FOUND = {
  stopReason: {enum: ['iterations', 'tolerance', 'diverged', 'aborted']},
  met: {
    type: ['boolean', 'null'],
    description: 'Whether the error estimate is at most the tolerance; null where none was asked for.',
  },
  errorEstimate: object(
    {relativeL2: MAYBE, max: MAYBE, tolerance: MAYBE, met: {type: ['boolean', 'null']}, how: {type: 'string'}},
    ['relativeL2', 'max', 'tolerance', 'met', 'how'],
  ),
  loss: MAYBE,
  seconds: NUMBER,
  iterations: NUMBER,
  unknowns: NUMBER,
  notes: TEXTS,
};
export const SOLUTION = object(
  {
    ...FOUND,
    axes: recordOf({type: 'array', items: NUMBER}),
    values: {...recordOf(NUMBERS), description: 'By expression, row-major: the last coordinate varies fastest.'},
  },
  [...Object.keys(FOUND), 'axes', 'values'],
);
const INTEGER = {type: 'integer', minimum: 0};
/** Data of the events of a solve, by their names. */
const EVENTS = {
  accepted: object(
    {id: {type: 'string'}, position: INTEGER},
    ['id', 'position'],
    'First: the id of the request, and how many wait.',
  ),
  started: object({}, [], 'It is read and compiled, and the solve begins.'),
  progress: object(
    {
      ...{iteration: INTEGER, iterations: INTEGER, loss: MAYBE, seconds: NUMBER, secondsLeft: MAYBE},
      fraction: {type: 'number', minimum: 0, maximum: 1},
      errorEstimate: {...MAYBE, description: 'The latest relative error that is known of a field on the way.'},
    },
    ['iteration', 'iterations', 'loss', 'seconds', 'secondsLeft', 'fraction', 'errorEstimate'],
    'As often as the client reads.',
  ),
  field: object(
    {
      axes: recordOf({type: 'array', items: NUMBER}),
      values: {...recordOf(NUMBERS), description: 'As in the solution, to six digits.'},
      cells: {...NUMBERS, description: 'Along each coordinate of its grid; none of a network.'},
      ...{seconds: NUMBER, iteration: INTEGER},
      errorEstimate: object({relativeL2: MAYBE, max: MAYBE, how: {type: 'string'}}, ['relativeL2', 'max', 'how']),
    },
    ['axes', 'values', 'cells', 'seconds', 'iteration', 'errorEstimate'],
    'The field so far, on few points: of each mesh, and again with its error estimate; every second while Adam runs.',
  ),
  solution: SOLUTION,
  error: object({code: {type: 'string'}, message: {type: 'string'}}, ['code', 'message'], 'In place of the solution.'),
};
export const EVENT_STREAM = {
  type: 'string',
  description:
    'Server-sent events, their data in JSON on one line; x-events has a schema for each. The last one is solution or error.',
  'x-events': EVENTS,
};
export const SYSTEMS = object(
  {
    systems: {
      type: 'array',
      items: object(
        {
          name: {type: 'string'},
          summary: {type: 'string'},
          options: {
            type: 'array',
            items: object({name: {type: 'string'}, description: {type: 'string'}, choices: TEXTS, flag: {type: 'boolean'}}, [
              'name',
              'description',
              'flag',
            ]),
          },
        },
        ['name', 'summary', 'options'],
      ),
    },
    examples: {type: 'array', items: object({title: {type: 'string'}, problem: PROBLEM}, ['title', 'problem'])},
  },
  ['systems', 'examples'],
);
export const STATE = object({status: {type: 'string'}}, ['status']);

const AXES = {anyOf: [{type: 'integer', minimum: 1, maximum: 1_000_000}, listOf(NUMBER, 1_000_000)]};
const SAMPLES = {
  oneOf: [
    object({gauss: oneOrList({type: 'integer'}), cells: oneOrList({type: 'integer'})}, ['gauss'], 'Gauss points a cell.'),
    object({lattice: listOf(AXES, 3)}, ['lattice'], 'Points along each coordinate, evenly or where they are named.'),
    object({points: listOf(listOf(NUMBER, 3), 1_000_000)}, ['points'], 'Scattered points.'),
  ],
};
export const STRUCTURE_BODY = object(
  {
    domain: recordOf({type: 'array', minItems: 2, maxItems: 2, items: NUMBER}, 3),
    unknowns: listOf(NAME, 16),
    resolution: oneOrList({type: 'integer', minimum: 1}),
    levels: {type: 'integer', minimum: 1},
    features: {type: 'integer', minimum: 1},
    kernel: NAME,
    edge: oneOrList(NAME),
    uniforms: recordOf(NUMBER, 1000),
    lift: recordOf(TEXT, 16),
    terms: listOf(
      object(
        {
          name: NAME,
          samples: SAMPLES,
          equations: oneOrList(TEXT),
          data: listOf(NAME, 16),
          loss: {enum: ['square', 'abs', 'huber', 'identity']},
          weight: NUMBER,
        },
        ['samples', 'equations'],
      ),
      16,
    ),
    grid: GRID,
    expressions: EXPRESSIONS,
    dtype: {enum: ['float32', 'float64']},
  },
  ['domain', 'unknowns', 'resolution', 'terms'],
  'A problem whose data and uniforms vary: data are named here, and their values come with each solve.',
);
export const STRUCTURE = object(
  {
    id: {type: 'string'},
    terms: {
      type: 'array',
      items: object({name: {type: 'string'}, samples: NUMBER, channels: TEXTS}, ['name', 'samples', 'channels']),
    },
    uniforms: TEXTS,
    grid: {type: 'array', items: NUMBER},
    expressions: TEXTS,
    expiresSeconds: NUMBER,
  },
  ['id', 'terms', 'uniforms', 'grid', 'expressions', 'expiresSeconds'],
);
export const VARIATIONS_BODY = object(
  {
    variations: listOf(
      object({
        uniforms: recordOf(NUMBER, 1000),
        data: recordOf(recordOf({type: 'array', items: NUMBER}, 16), 16),
        seed: {type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER},
      }),
      1_000_000,
    ),
  },
  ['variations'],
);
export const VARIATIONS = object(
  {
    solutions: {
      type: 'array',
      items: object({stopReason: FOUND.stopReason, loss: MAYBE, iterations: NUMBER, values: recordOf(NUMBERS)}, [
        'stopReason',
        'loss',
        'iterations',
        'values',
      ]),
    },
  },
  ['solutions'],
);
