// Imports point down. Each folder of lib/ is a layer; a file may import from its own folder and from every layer below it, and from
// none above or beside it: not even a type. `npm run layers` checks it; `node scripts/structure.mjs` draws it.

/** From the lowest to the highest; folders on one line stand side by side and do not know each other. */
const LAYERS = [
  ['schema.ts'], // what TypeScript and C++ share, generated from schema/schema.json
  ['base'], // errors, options, spelling, random numbers, the version: what everything may use
  ['imaging'], // images in memory: metrics, targets, the sample scene
  ['mesh'], // triangles in memory: marching cubes, distances between surfaces
  ['files'], // bytes on disk: images, arrays, meshes, point clouds, safetensors, atomic writes
  ['expression'], // the equation language: parse, differentiate, simplify, print
  ['pose'], // what a user says: problem, terms, fields, kernels, samples, lifts
  ['native-problem.ts'], // what the addon is handed: problems, stages, variations in their native form
  ['native.ts'], // the surface of the addon, and how it is loaded
  ['wasm'], // the addon as a WebAssembly module: what it asks of its host, and how it is loaded
  ['optimizers'], // what each optimizer takes, plans and tells the addon
  ['compile'], // from a posed problem to programs and the addon's problem; notes and memory before a solve
  ['devices'], // the kinds of devices, the choice among them, what info says
  ['solve'], // sessions, stages, solutions, checkpoints
  ['many'], // variations of one problem, solved together
  ['pictures'], // drawing: fields, images, curves, meshes, phases as PNG
  ['report'], // the HTML report
  ['cases'], // what problems share: how a problem is defined, assessed and shown
  ['march'], // initial values through windows of time: their splines, and the way from one to the next
  ['equation', 'problems'], // a user's own equations with their conditions; the gallery
  ['pool'], // many solves in one process: queue, admission, fairness, batches, caches
  ['serve'], // the HTTP service
  ['ablations', 'comparisons', 'evaluation'], // one thing varied, in a table; fields side by side over time; expressions on a saved field
  ['queue'], // jobs through Redis, workers, results in stores, parameter sweeps
  ['cli'], // the command line; nothing imports it
];

/** Public entry points: they gather exports from all layers but the command line, and nothing imports them. */
const ENTRIES = '^lib/(index\\.ts$|api/)';

/** The paths of layers, as one regular expression. */
const paths = (names) =>
  `^lib/(${names.map((name) => (name.endsWith('.ts') ? name.replace('.', '\\.') : `${name}/`)).join('|')})`;

const above = LAYERS.flatMap((layer, floor) =>
  layer.map((name) => ({
    name: `${name}-imports-only-from-below`,
    comment: `lib/${name} may import only: ${['itself', ...LAYERS.slice(0, floor).flat()].join(', ')}`,
    severity: /** @type {const} */ ('error'),
    from: {path: paths([name])},
    to: {path: '^lib/', pathNot: paths([name, ...LAYERS.slice(0, floor).flat()])},
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...above,
    {
      name: 'every-file-has-a-room',
      comment:
        'A new folder of lib/ is named in LAYERS, on the floor where it belongs; the root of lib/ holds entry points alone.',
      severity: 'error',
      from: {path: '^lib/', pathNot: [paths(LAYERS.flat()), ENTRIES]},
      to: {},
    },
    {
      name: 'entries-do-not-run-commands',
      comment: 'Whoever imports the library does not load the command line.',
      severity: 'error',
      from: {path: ENTRIES},
      to: {path: '^lib/cli/'},
    },
    {
      name: 'no-circles',
      comment:
        'Two files that import each other are one file, or need a third below both. Within a folder a type alone may point back.',
      severity: 'error',
      from: {path: '^lib/'},
      to: {circular: true, viaOnly: {dependencyTypesNot: ['type-only']}},
    },
    {
      name: 'lib-knows-nothing-of-tools',
      comment: 'What is published imports neither tests, benchmarks and scripts nor what only a developer has installed.',
      severity: 'error',
      from: {path: '^lib/'},
      // An optional peer is a development dependency here, for its tests.
      to: {dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer']},
    },
    {
      name: 'lib-stays-in-lib',
      comment: 'The build of lib/ is dist/: a path that leads out of the one leads out of the other.',
      severity: 'error',
      from: {path: '^lib/'},
      to: {path: '^(test|benchmarks|examples|scripts|dist)/'},
    },
    {
      name: 'resolvable',
      comment: 'A path that leads nowhere.',
      severity: 'error',
      from: {},
      to: {couldNotResolve: true},
    },
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsConfig: {fileName: 'tsconfig.build.json'},
    tsPreCompilationDeps: true, // a type is an import as well
  },
};
