// What DeepXDE's own examples reach, where nothing is published for them: each as its authors wrote it, one thread, in minutes.
//   PYTHONPATH=CHECKOUT node benchmarks/deepxde.mjs --examples CHECKOUT/examples/pinn_forward --python V/bin/python \
//     --results benchmarks/results/deepxde.jsonl
// CHECKOUT is one of DeepXDE, or it is installed; `--only NAME,...` runs some, `--seconds` is the most that one may take. Errors are the
// examples' own, at their own points. Nothing compares seconds: they are there to tell what an error cost.
import {spawn} from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';
import {findPython, options, record, root} from './support.mjs';

const given = options({examples: '', python: process.env.PYTHON ?? 'python3', only: '', seconds: 900, results: ''});
if (given.examples === '') throw new Error('--examples DIR: the folder examples/pinn_forward of a checkout of DeepXDE');
const python = findPython(given.python, 'torch, deepxde');
if (python !== undefined) {
  const script = path.join(root, 'benchmarks', 'peers', 'deepxde_examples.py');
  const words = [script, '--examples', given.examples, '--seconds', String(given.seconds), '--only', given.only];
  const child = spawn(python, words, {stdio: ['ignore', 'pipe', 'inherit']});
  for await (const line of readline.createInterface({input: child.stdout}))
    record({benchmark: 'deepxde', ...JSON.parse(line)}, given.results || undefined);
}
