// Clouds of shapes whose distance is known, and how far a mesh is from them.
import * as path from 'node:path';
import {readPly, writePly} from '../../dist/files/ply.js';
import {surfaceDistance} from '../../dist/mesh/chamfer.js';
import {sampleSurface, topology} from '../../dist/mesh/mesh.js';
import {SHAPES} from '../../dist/problems/sdf-shapes.js';
import {spread} from '../support.mjs';
import {findPoissonRecon, reconstruct} from './poisson-recon.mjs';

const POINTS = 100_000;
const SAMPLES = 100_000;

/** The cloud as both sides read it. */
export async function writeCloud(shape, folder) {
  const {positions, normals} = SHAPES[shape].cloud(POINTS, 1);
  const file = path.join(folder, `${shape}.ply`);
  await writePly(file, {positions, normals, triangles: new Uint32Array(0)});
  return file;
}

/** `error`: mean distance of points of the mesh from the true surface, by its formula. `chamfer` sees what is missing as well. */
export async function judgeMesh(file, shape) {
  const mesh = await readPly(file);
  const found = sampleSurface(mesh, SAMPLES, 2);
  let sum = 0;
  for (let i = 0; i < found.positions.length; i += 3) {
    sum += Math.abs(SHAPES[shape].distance(found.positions[i], found.positions[i + 1], found.positions[i + 2]));
  }
  const {chamfer, normalConsistency} = surfaceDistance(found, SHAPES[shape].cloud(SAMPLES, 3));
  return {error: sum / SAMPLES, unknowns: mesh.positions.length / 3, chamfer, normalConsistency, pieces: topology(mesh).pieces};
}

/** A ladder of depths; nothing where the program is missing. */
export async function poissonRecon(program, shape, cloud, folder) {
  if (findPoissonRecon(program) === undefined) return undefined;
  const ladder = [];
  let version = null;
  for (const depth of [5, 6, 7, 8, 9]) {
    const runs = [0, 1, 2].map(() => reconstruct(program, cloud, folder, depth)).slice(1); // the first warms up
    ({version} = runs[0]);
    const rawSeconds = runs.map(({seconds}) => seconds);
    const judged = await judgeMesh(runs[0].mesh, shape);
    ladder.push({method: 'PoissonRecon', setting: `depth ${depth}`, seconds: spread(rawSeconds), rawSeconds, ...judged});
  }
  return {peer: 'PoissonRecon', versions: {PoissonRecon: version}, ladder};
}
