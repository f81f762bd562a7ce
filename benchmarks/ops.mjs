// Every op of the CPU backend by itself: seconds of a call beside what the machine's own calibration kernels (multiply-adds in registers, a
// stream through memory) take for the same flops and bytes, measured right before and after. That ratio is what is stored: machines of
// different speed, and a shared one at different times, compare by it.
//   node benchmarks/ops.mjs --results benchmarks/results/ops.jsonl [--only encode,adam] [--repeats 7] [--threads 1]
//   node benchmarks/ops.mjs --compare HEAD~1 [--threshold 0.1]
// The second times the ops of another commit in turns with those of this working tree. It ends with 1 where one has become slower by more than
// the threshold and by more than noise, in two series of measurements. native/bench has the ops, their budgets and the calibration; the first
// run builds it (minutes), and what was built of a commit is kept in build/bench.
import {execFileSync, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {createInterface} from 'node:readline';
import {median, options, record, root, spread, temporaryFolder} from './support.mjs';

const given = options({results: '', only: '', repeats: 0, threads: os.availableParallelism(), compare: '', threshold: 0.1});
const results = given.results || undefined;
const bench = path.join(root, 'native', 'bench');

// --- the program that times

const git = (...args) => execFileSync('git', args, {cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim();

/** Builds the ops of a checkout, as `measurements` times them, into a folder of build/bench. */
function build(name, checkout, measurements = bench) {
  const folder = path.join(root, 'build', 'bench', name);
  const cmake = (...args) => execFileSync('cmake', args, {stdio: ['ignore', 'ignore', 'inherit']});
  console.error(`building ${path.relative(root, folder)}`);
  cmake('-S', measurements, '-B', folder, `-DDINF_SOURCE=${checkout}`, '--log-level=WARNING');
  const jobs = process.env.CMAKE_BUILD_PARALLEL_LEVEL ?? String(os.availableParallelism());
  cmake('--build', folder, '--target', 'dinf_ops', '--parallel', jobs);
  return path.join(folder, 'dinf_ops');
}

/** The ops of another commit, timed as those of this working tree are; where its headers do not allow that, as it did itself. */
function buildCommit(commit) {
  const sha = git('rev-parse', '--short=12', `${commit}^{commit}`);
  const measured = createHash('sha256');
  for (const file of readdirSync(bench).sort()) measured.update(readFileSync(path.join(bench, file)));
  const name = `${sha}-${measured.digest('hex').slice(0, 8)}`;
  const kept = path.join(root, 'build', 'bench', name, 'dinf_ops');
  if (existsSync(kept)) return {sha, program: kept};
  const checkout = path.join(temporaryFolder(), sha);
  git('worktree', 'add', '--detach', checkout, sha);
  try {
    return {sha, program: build(name, checkout)};
  } catch (error) {
    const own = path.join(checkout, 'native', 'bench');
    if (!existsSync(own)) throw error;
    console.error(`native/bench does not compile with the headers of ${sha}: taking that commit's own`);
    return {sha, program: build(name, checkout, own)};
  } finally {
    git('worktree', 'remove', '--force', checkout);
  }
}

/** A running program: it answers a line with a line. */
class Timer {
  constructor(program) {
    this.child = spawn(program, ['--threads', String(given.threads)], {stdio: ['pipe', 'pipe', 'inherit']});
    this.answers = createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }
  async ask(command) {
    this.child.stdin.write(`${command}\n`);
    const {value, done} = await this.answers.next();
    if (done) throw new Error(`${this.child.spawnfile} ended at '${command}'`);
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`'${command}': ${answer.error}`);
    return answer;
  }
  /** The cases that --only wants. */
  async cases() {
    const {instructionSet, cases} = await this.ask('list');
    const words = given.only.toLowerCase().split(',');
    const numbered = cases.map((one, number) => ({...one, number, name: `${one.op}, ${one.setting}`}));
    const wanted = numbered.filter(({name}) => words.some((word) => name.toLowerCase().includes(word.trim())));
    if (wanted.length === 0)
      throw new Error(`no op matches --only '${given.only}'; there are ${[...new Set(cases.map(({op}) => op))].join(', ')}`);
    return {instructionSet, wanted};
  }
  end() {
    this.child.stdin.end();
  }
}

const short = (value) => Number(value.toPrecision(5));
const row = (cells, widths) =>
  console.error(cells.map((cell, i) => (i < 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' '));
const engineering = (seconds) =>
  seconds < 1e-3 ? `${(seconds * 1e6).toPrecision(3)} us` : `${(seconds * 1e3).toPrecision(3)} ms`;

// --- one working tree

/** Of one measurement: how many times longer than the calibration kernels for the same flops or bytes, whichever takes them longer. */
const ratioOf = ({seconds, flops, bytes, flopRate, bandwidth}) => seconds / Math.max(flops / flopRate, bytes / bandwidth);

async function measure() {
  const timer = new Timer(build('ops', root));
  const {instructionSet, wanted} = await timer.cases();
  const widths = [84, 9, 9, 9, 6, 7];
  row(['op', 'a call', 'Gflop/s', 'GB/s', 'bound', 'of peak'], widths);
  for (const {op, setting, name, number} of wanted) {
    const all = [];
    for (let i = 0; i < (given.repeats || 7); i++) all.push(await timer.ask(`calibrated ${number}`));
    const of = (pick) => spread(all.map((one) => short(pick(one))));
    const {flops, bytes, threads} = all[0];
    const seconds = of((one) => one.seconds);
    const peak = {flopsPerSecond: of((one) => one.flopRate).median, bytesPerSecond: of((one) => one.bandwidth).median};
    // An op without a budget has a time alone.
    const counted = flops > 0 || bytes > 0;
    const bound = !counted ? null : flops / peak.flopsPerSecond > bytes / peak.bytesPerSecond ? 'flops' : 'bytes';
    const ratio = counted ? of(ratioOf) : null;
    const rate = (amount) => (counted ? (amount / seconds.median / 1e9).toPrecision(3) : '');
    row(
      [
        name,
        engineering(seconds.median),
        rate(flops),
        rate(bytes),
        bound ?? '',
        ratio ? `${(100 / ratio.median).toPrecision(3)} %` : '',
      ],
      widths,
    );
    const raw = {seconds: all.map((one) => short(one.seconds)), ...(counted && {ratio: all.map((one) => short(ratioOf(one)))})};
    const line = {
      benchmark: 'ops',
      op,
      setting,
      threads,
      instructionSet,
      flops,
      bytes,
      seconds,
      peak,
      bound,
      ratio,
    };
    if (results !== undefined) record({...line, partOfPeak: ratio ? short(1 / ratio.median) : null, raw}, results);
  }
  timer.end();
}

// --- beside another commit

/**
 * Ratios of two builds timed in turns, and whether they differ: by three standard errors of the median (from the median deviation, which a
 * neighbour's burst does not move) and one part in a hundred.
 */
function judged(ratios) {
  const logs = ratios.map(Math.log);
  const centre = median(logs);
  const error = (1.2533 * 1.4826 * median(logs.map((value) => Math.abs(value - centre)))) / Math.sqrt(logs.length);
  const differs = Math.abs(centre) > Math.max(3 * error, 0.01);
  return {
    ratio: Math.exp(centre),
    error: Math.exp(error) - 1,
    differs,
    slower: differs && centre > Math.log(1 + given.threshold),
  };
}

async function compare() {
  const {sha, program} = buildCommit(given.compare);
  const timers = {old: new Timer(program), now: new Timer(build('ops', root))};
  const lists = {old: await timers.old.cases(), now: await timers.now.cases()};
  const before = new Map(lists.old.wanted.map(({name, number}) => [name, number]));
  const repeats = given.repeats || 15;
  async function series({name, number}) {
    const ratios = [];
    for (let i = 0; i < repeats; i++) {
      const seconds = {};
      for (const which of i % 2 === 0 ? ['old', 'now'] : ['now', 'old'])
        seconds[which] = (await timers[which].ask(`time ${which === 'now' ? number : before.get(name)}`)).seconds;
      ratios.push(short(seconds.now / seconds.old));
    }
    return ratios;
  }
  const widths = [84, 8, 8, 0];
  row([`op, beside ${sha}`, 'ratio', '+-', ''], widths);
  const ops = [];
  for (const one of lists.now.wanted.filter(({name}) => before.has(name))) {
    let ratios = await series(one);
    let judgement = judged(ratios);
    // With a hundred ops three standard errors happen by chance: a second series decides, alone.
    if (judgement.slower) judgement = judged((ratios = await series(one)));
    ops.push({op: one.op, setting: one.setting, ...judgement, ratios});
    const verdict = judgement.slower ? 'SLOWER' : judgement.differs ? (judgement.ratio > 1 ? 'slower' : 'faster') : '';
    row([one.name, judgement.ratio.toFixed(3), judgement.error.toFixed(3), verdict], widths);
  }
  const absent = lists.now.wanted.filter(({name}) => !before.has(name)).map(({name}) => name);
  if (absent.length > 0) console.error(`not in ${sha}: ${absent.join('; ')}`);
  Object.values(timers).forEach((timer) => timer.end());
  if (results !== undefined)
    record({benchmark: 'ops-compare', beside: sha, threads: given.threads, threshold: given.threshold, repeats, ops}, results);
  const slower = ops.filter((one) => one.slower);
  const median100 = ops.length > 0 ? median(ops.map(({ratio}) => ratio)).toFixed(3) : '';
  console.error(
    `${ops.length} ops, median ratio ${median100}; ${slower.length} slower than ${sha} by more than ${100 * given.threshold} %`,
  );
  process.exitCode = slower.length > 0 ? 1 : 0;
}

/** Who shares the processor with another program times that one too. Asked before anything is built, since a build is such a program. */
function warnWhereBusy() {
  const [load] = os.loadavg();
  if (load > 0.5)
    console.error(
      `the machine is busy (load ${load.toFixed(1)}): ops that seem slower or faster may be neither; repeat it on an idle one`,
    );
}

warnWhereBusy();
await (given.compare === '' ? measure() : compare());
