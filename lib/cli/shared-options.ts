/** The options that all problems of `dinf-grid solve` share. */
import type {Command} from 'commander';
import {Option} from 'commander';
import {parseBytes} from '../base/bytes';
import {
  DECODER_NAMES,
  decoderOf,
  oneResolution,
  parseIterations,
  parseOptimizers,
  parseResolution,
  resolutionOf,
} from '../cases/case-options';
import type {FieldName, OptimizerName, ProblemDefinition, RunOptions} from '../cases/definition';
import {FIELD_NAMES, OPTIMIZER_NAMES} from '../cases/definition';
import {checkFieldOptions} from '../cases/field-options';
import type {Edge} from '../pose/field';
import {EDGES, parseEdge} from '../pose/field';
import type {InnerName} from '../optimizers';
import {INNER_NAMES} from '../optimizers';
import type {Kernel} from '../pose/kernel';
import {KERNEL_SYNTAX, parseKernel} from '../pose/kernel';
import {numeric, usage, whole} from './arguments';

/** Options after parsing, by commander's names. */
export interface SharedOptions {
  preset: 'paper' | 'fast';
  field: FieldName;
  width?: number;
  hiddenLayers?: number;
  kernel?: Kernel;
  edge?: Edge | readonly Edge[];
  decoder?: 'linear' | 'mlp';
  resolution?: number | number[];
  levels?: number;
  features?: number;
  optimizer?: OptimizerName[];
  iterations?: number[];
  tolerance?: number;
  maxSeconds?: number;
  maxMemory?: number;
  learningRate?: number;
  inner?: InnerName;
  device: string;
  dtype?: 'float32' | 'float64';
  threads?: number;
  tf32?: boolean;
  seed?: number;
  resume?: string;
  checkpointEvery?: number;
  out?: string;
  json?: boolean;
  quiet?: boolean;
  [own: string]: unknown;
}

/** Adds the options that all problems share. */
export function addSharedOptions(command: Command): void {
  command
    .addOption(
      new Option('--preset <name>', "the authors' settings, or the best that is built")
        .choices(['paper', 'fast'])
        .default('fast'),
    )
    .addOption(new Option('--field <kind>', 'what represents the unknowns').choices([...FIELD_NAMES]).default('grid'))
    .option('--width <n>', 'units a layer of a network', whole('--width', 1))
    .option('--hidden-layers <n>', 'layers of a network after its first', whole('--hidden-layers', 0))
    .option('--kernel <kernel>', KERNEL_SYNTAX, usage(parseKernel))
    .option(
      '--edge <modes>',
      `the border of the grid: ${EDGES.join(', ')}; a comma gives one an axis, in the order of the domain`,
      usage(parseEdge),
    )
    .addOption(new Option('--decoder <kind>', 'from features to unknowns').choices([...DECODER_NAMES]))
    .option(
      '--resolution <cells>',
      'cells of the finest level along the longest axis; of your own equations also one number an axis, such as 8,64',
      usage(parseResolution),
    )
    .option('--levels <n>', 'grid levels', whole('--levels', 1))
    .option('--features <n>', 'features a node', whole('--features', 1))
    .option('--optimizer <names>', `${OPTIMIZER_NAMES.join(', ')}; a comma makes a schedule`, usage(parseOptimizers))
    .option('--iterations <n>', 'most iterations; with a schedule, one number or one a stage', usage(parseIterations))
    .option(
      '--tolerance <x>',
      'relative error of the answer (your own equations, default 1e-4); elsewhere stop least squares when the gradient norm has fallen by this factor, L-BFGS when the loss falls by less in 10 iterations',
      numeric('--tolerance'),
    )
    .option('--max-seconds <s>', 'begin no finer grid after that long (your own equations, default 60)', numeric('--max-seconds'))
    .option(
      '--max-memory <bytes>',
      'most memory of a factorisation, such as 2GB (your own equations, default 4GiB or half of what there is)',
      usage(parseBytes),
    )
    .addOption(
      new Option('--inner <solver>', 'what solves the linear problems of least squares and Gauss–Newton').choices([
        ...INNER_NAMES,
      ]),
    )
    .option('--learning-rate <x>', "Adam's initial rate", numeric('--learning-rate'))
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .addOption(new Option('--dtype <type>', "precision (default: float32, or the saved field's)").choices(['float32', 'float64']))
    .option('--threads <n>', 'CPU threads (default: one a core)', whole('--threads', 1))
    .option('--tf32', 'networks on a CUDA device: faster products of 11 significant bits')
    .option('--seed <n>', "of everything random (default: 0, or the saved field's)", whole('--seed', 0))
    .option('--resume <file>', 'go on from a saved field of the same problem; iterations count from its first beginning')
    .option('--checkpoint-every <seconds>', 'while Adam runs, save the field that often', numeric('--checkpoint-every', 0.1))
    .option('--out <dir>', 'where pictures, the report and the field go (default: out/<problem>)')
    .option('--json', 'print one JSON object on stdout')
    .option('--quiet', 'no progress');
}

function cellsOf({name}: ProblemDefinition, given: SharedOptions['resolution']): Pick<RunOptions, 'resolution' | 'sides'> {
  if (typeof given === 'object' && name !== 'equation') throw oneResolution(given);
  return resolutionOf(given);
}

/** The options that a problem is prepared with: the shared ones, and its own by name. */
export function runOptions(definition: ProblemDefinition, parsed: SharedOptions): RunOptions {
  const own: Record<string, string | undefined> = {};
  for (const {flag} of definition.options) {
    const name = new Option(flag).attributeName();
    own[name] = parsed[name] as string | undefined;
  }
  const options: RunOptions = {
    preset: parsed.preset,
    field: parsed.field,
    width: parsed.width,
    hiddenLayers: parsed.hiddenLayers,
    kernel: parsed.kernel,
    edge: parsed.edge,
    decoder: parsed.decoder === undefined ? undefined : decoderOf(parsed.decoder),
    ...cellsOf(definition, parsed.resolution),
    levels: parsed.levels,
    features: parsed.features,
    optimizers: parsed.optimizer,
    iterations: parsed.iterations,
    tolerance: parsed.tolerance,
    maxSeconds: parsed.maxSeconds,
    maxMemory: parsed.maxMemory,
    learningRate: parsed.learningRate,
    inner: parsed.inner,
    own,
  };
  checkFieldOptions(options);
  return options;
}
