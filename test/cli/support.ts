import {spawn} from 'node:child_process';
import * as path from 'node:path';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line in a folder; `onOutput` sees what it said so far, and may kill it, once. */
export function cli(
  folder: string,
  args: readonly string[],
  onOutput?: (kill: (signal: NodeJS.Signals) => void, so: {stdout: string; stderr: string}) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {cwd: folder});
    const so = {stdout: '', stderr: ''};
    let killed = false;
    const kill = (signal: NodeJS.Signals): void => {
      if (!killed) child.kill(signal);
      killed = true;
    };
    const seen = (): void => onOutput?.(kill, so);
    child.stdout.on('data', (data: Buffer) => {
      so.stdout += data.toString();
      seen();
    });
    child.stderr.on('data', (data: Buffer) => {
      so.stderr += data.toString();
      seen();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({code, ...so});
    });
  });
}
