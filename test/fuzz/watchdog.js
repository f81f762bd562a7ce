/*
 * A thread beside a fuzzer, because code that hangs can look after nothing: it measures the memory of the process while an input is tried,
 * and when one never ends it keeps the input and ends the process. Plain JavaScript, since Node starts it without Jest.
 */
const {mkdirSync, writeFileSync} = require('node:fs');
const path = require('node:path');
const {workerData} = require('node:worker_threads');

/** @type {{control: Int32Array, bytes: Uint8Array, folder: string, secondsToDeath: number}} */
const {control, bytes, folder, secondsToDeath} = workerData;
// As in harness.ts.
const [TRIES, RUNNING, LENGTH, PEAK] = [0, 1, 2, 3];

let current = -1;
let began = 0;
setInterval(() => {
  if (Atomics.load(control, RUNNING) === 0) return;
  const tries = Atomics.load(control, TRIES);
  if (tries !== current) [current, began] = [tries, Date.now()];
  const mebibytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  if (mebibytes > Atomics.load(control, PEAK)) Atomics.store(control, PEAK, mebibytes);
  if (Date.now() - began < 1000 * secondsToDeath) return;
  mkdirSync(folder, {recursive: true});
  const file = path.join(folder, 'hangs');
  writeFileSync(file, bytes.subarray(0, Atomics.load(control, LENGTH)));
  process.stderr.write(`the fuzzer ends itself: an input did not end in ${secondsToDeath} s; it is kept as ${file}\n`);
  process.kill(process.pid, 'SIGKILL');
}, 5);
