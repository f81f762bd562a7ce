/** What users write compiles against the built package, in ESM and in CommonJS, under the strictest flags. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as ts from 'typescript';

const ROOT = path.join(__dirname, '..', '..');

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-types-'));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'dinf-grid'));
});
afterAll(() => {
  fs.rmSync(folder, {recursive: true, force: true});
});

/** Messages of the compiler by file; the library's own declarations are checked as well. */
function compile(sources: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(sources).map(([name, text]) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return file;
  });
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: false,
    isolatedModules: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [path.join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  });
  return ts.getPreEmitDiagnostics(program).map(({file, start, messageText}) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    return `${path.basename(file?.fileName ?? '')}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** The first TypeScript block under a heading of a Markdown file. */
function example(file: string, heading: string): string {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  return /```ts\n([^]*?)```/.exec(text.slice(text.indexOf(heading)))![1];
}

const SOLVING = `
import {adam, eq, gauss, lattice, linspace, loadSolution, problem, rbfGrid, readCheckpoint, solve, term} from 'dinf-grid';
import type {Problem, Progress, Solution, SolveOptions} from 'dinf-grid';

const maybe = undefined as number | undefined;
export async function main(signal: AbortSignal | undefined): Promise<number> {
  const coupled = problem({
    domain: {x: [0, 1], y: [0, 1]},
    fields: [
      {unknowns: ['u'], field: rbfGrid({resolution: 8, levels: maybe, kernel: undefined})},
      {unknowns: ['p', 'q'], field: rbfGrid({resolution: 8})},
    ],
    uniforms: {nu: 0.1},
    scalars: {k: 1},
    lift: ({u, x}) => ({u: eq\`\${x}*\${u}\`}),
    terms: ({u_xy, p, q_yyyy, nu, k}) => [term(gauss(2), eq\`\${u_xy} = \${nu}*\${p} + \${k}*\${q_yyyy}\`, {weight: maybe})],
  });
  const options: SolveOptions = {optimizer: adam({iterations: maybe}), signal, seed: maybe, threads: undefined};
  const running = solve(coupled, options);
  for await (const {secondsLeft} of running) if (secondsLeft > 1) break;
  using solution = await running;
  const {u, p, q} = await solution.evaluate(lattice([linspace(0, 1, 3), [0.5]]));
  const values = await solution.evaluate([0, 0], {expressions: ['u_x', 'p + q'], ...(signal && {})});
  const residual: number | undefined = values['p + q'][0] ?? values.u_x[0];
  // @ts-expect-error: the problem has no such unknown
  const {w} = await solution.evaluate([0, 0]);
  // @ts-expect-error: nor such a symbol
  problem({domain: {x: [0, 1]}, unknowns: ['u'], field: rbfGrid({resolution: 4}), terms: ({v_x}) => [term(gauss(2), v_x)]});
  const names: readonly ('u' | 'p' | 'q')[] = coupled.unknowns;
  const any: Problem = coupled;
  const loaded: Solution = await loadSolution('field.safetensors', {threads: maybe});
  const named = await loaded.evaluate([0, 0]);
  const perhaps: Float64Array | undefined = named['u'];
  const report = (progress: Progress): number => progress.loss;
  await readCheckpoint('field.safetensors').then(({problem: saved}) => solve(saved, {resume: loaded}));
  return u.length + p.length + q.length + (residual ?? 0) + names.length + any.unknowns.length + (perhaps?.length ?? 0) + report.length + w;
}
`;

const ENTRIES = `
import {equation, readProblemFile} from 'dinf-grid/equation';
import type {Case, EquationProblemOptions} from 'dinf-grid/equation';
import {ablate, helmholtz, heat, listProblems, poisson, tableText} from 'dinf-grid/problems';
import {encodePng, evaluateToFile, FieldEvaluation, readImage, readNpy, readPly, writeNpy, writeVti} from 'dinf-grid/files';
import {solve} from 'dinf-grid';

export async function main(resolution: number | undefined, exact: string | undefined): Promise<void> {
  const options: EquationProblemOptions = {equations: ['u_xx = 1'], domain: {x: [0, 'pi']}, exact, resolution, where: undefined};
  const posed: Case = await equation(options);
  using solution = await posed.solve({onProgress: undefined});
  const {metrics, pictures, arrays} = await posed.assess(solution);
  const error: number | undefined = metrics['relativeL2'];
  for (const {picture} of pictures) encodePng(picture);
  for (const {name, values, shape} of arrays) await writeNpy(name, values, shape);
  const file = await readProblemFile('problem.json');
  (await (await equation({...file.problem, resolution})).solve(file.solve)).dispose();

  const wave = await helmholtz({wavenumber: 10, kernel: undefined});
  using field = await wave.solve();
  const {u, v} = await field.evaluate([0, 0]);
  const warm = await solve(await heat({preset: 'paper', optimizer: ['adam', 'lsq'], iterations: [10, 5]}));
  const image = await readImage('photo.png');
  await poisson({image, supervision: 'laplacian'});
  const summary = await evaluateToFile(warm, 'out.vti', {grid: 't:3,x:3', expressions: undefined});
  for await (const part of (await FieldEvaluation.open(warm, {points: 'a.csv'})).csv()) part.subarray(0, 1);
  const [first] = await ablate('levels', {size: resolution}, {seed: 1});
  tableText([[first?.labels['levels'] ?? '', String(error), String(u.length + v.length + summary.points)]]);
  const {data, shape} = await readNpy('a.npy');
  await writeVti('a.vti', {axes: [{name: 'x', lower: 0, upper: 1, count: shape[0] ?? 0}], arrays: {data: Float64Array.from(data)}});
  const {positions} = await readPly('mesh.ply');
  listProblems().map(({name, summary: line}) => name + line + positions.length);
}
`;

it('compiles in ESM and in CommonJS', () => {
  const messages = compile({
    'readme.mts': example('README.md', '## Ten lines of API'),
    'readme.cts': `async function main(): Promise<void> {\n${example('README.md', '## Ten lines of API').replace(
      /^import (\{[^}]*\}) from '([^']*)';/gm,
      "const $1 = await import('$2');",
    )}}\nvoid main();\nexport {};`,
    'api.mts': example('docs/api.md', '# API'),
    'solving.mts': SOLVING,
    'solving.cts': SOLVING,
    'entries.mts': ENTRIES,
    'entries.cts': ENTRIES,
  });
  expect(messages).toEqual([]);
}, 240_000);
