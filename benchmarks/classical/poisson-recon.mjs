// Screened Poisson surface reconstruction by its authors' own program, where it is found: `PoissonRecon --in POINTS.ply --out MESH.ply
// --depth D`, with threads by OpenMP. Its time is that of the whole program, files included, as ours is.
import {spawnSync} from 'node:child_process';
import * as path from 'node:path';

/** Whether the program is there; a message where it is not. */
export function findPoissonRecon(program) {
  const {error} = spawnSync(program, [], {encoding: 'utf8', timeout: 10_000});
  if (error === undefined || !('code' in error) || error.code !== 'ENOENT') return program;
  console.error(
    `skipping PoissonRecon: '${program}' was not found. Build it from its authors' sources and put it on PATH, or pass --poisson-recon FILE.`,
  );
  return undefined;
}

/**
 * One reconstruction.
 *
 * @returns {{seconds: number, mesh: string, version: string | null}} mesh: the file that it wrote
 */
export function reconstruct(program, cloud, folder, depth) {
  const mesh = path.join(folder, `depth-${depth}.ply`);
  const began = performance.now();
  const {status, stdout, stderr, error} = spawnSync(
    program,
    ['--in', cloud, '--out', mesh, '--depth', String(depth), '--verbose'],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  const seconds = (performance.now() - began) / 1000;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return {seconds, mesh, version: /Version ([\d.]+)/.exec(stdout + stderr)?.[1] ?? null};
}
