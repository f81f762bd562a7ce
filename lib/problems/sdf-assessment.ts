/** A signed distance is judged against a shape's own or the scan it came from, and shown. */
import {surfaceDistance} from '../mesh/chamfer';
import type {OrientedPoints, TriangleMesh} from '../mesh/mesh';
import {boundingBox, sampleSurface, topology} from '../mesh/mesh';
import {supportedPieces} from '../mesh/supported-pieces';
import type {Placement} from '../files/point-cloud';
import {outOfCube} from '../files/point-cloud';
import {levelPicture} from '../pictures/level-lines';
import {shortNumber} from '../pictures/numbers';
import {fieldPicture, sideBySide} from '../pictures/pictures';
import {meshSheet} from '../pictures/render-mesh';
import {lattice, linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {Assessment} from '../cases/definition';
import type {Shape} from './sdf-shapes';
import {surfaceOf} from './sdf-surface';

/** The truth that a result is held against. */
export type Reference =
  | {readonly kind: 'shape'; readonly shape: Shape}
  | {readonly kind: 'scan'; readonly cloud: OrientedPoints; readonly mesh?: TriangleMesh};

/** Distance from the surface, in the cube, within which errors count as near. */
const NEAR = 0.05;

/** Hints of the metrics of {@link measureSdf}. */
export const SDF_HINTS = {
  meanAbsoluteError: `mean of |u − distance| where the distance is at most ${NEAR} of the cube's half side`,
  meanAbsoluteErrorEverywhere: 'the same over all of the cube',
  eikonalError: `mean | |∇u| − 1 | where |u| is at most ${NEAR} of the cube's half side`,
  chamfer: 'mean distance between the surfaces, both ways, as a part of the diagonal',
  chamferFloor: 'the same between two samplings of the given surface: no result can be told from it below',
  normalConsistency: 'mean cosine between normals of nearest points, 1 is perfect',
  pieces: 'connected parts of the surface; of a scan, those that points lie on',
  eulerCharacteristic: '2 for a sphere, 0 for a torus',
} as const;

/** Numbers of points that a result is judged on. */
export interface Effort {
  /** Cells an axis of the lattice that the surface is found on. */
  readonly cells: number;
  /** Points an axis of the lattice where fields are judged, default 97; not those of any grid. */
  readonly judged?: number;
  /** Points on each surface that distances are taken between, default 100 000. */
  readonly samples?: number;
}

const VOLUME = 65;
const SLICE = 384;

/** @param placement how the user's coordinates became the cube's: meshes, volumes and distances are given in the user's. */
export async function assessSdf(
  solution: Solution,
  reference: Reference,
  placement: Placement,
  effort: Effort,
): Promise<Assessment> {
  const {metrics, mesh, notes} = await measureSdf(solution, reference, placement, effort);
  const found = mesh.triangles.length > 0;
  const {values, axes} = await volumeOf(solution, placement);
  return {
    metrics,
    notes,
    hints: SDF_HINTS,
    pictures: [
      ...(found ? [{name: 'surface', title: 'Surface', picture: surfacePicture(mesh)}] : []),
      ...(await slicePictures(solution, placement)),
    ],
    arrays: [{name: 'distance', values: values.distance, shape: axes.map(({count}) => count)}],
    volumes: [{name: 'distance', volume: {axes, arrays: values}}],
    meshes: found ? [{name: 'surface', mesh}] : [],
  };
}

/** The surface in the user's coordinates, and the errors of it and of the field. */
export async function measureSdf(
  solution: Solution,
  reference: Reference,
  placement: Placement,
  {cells, judged = 97, samples = 100_000}: Effort,
): Promise<{metrics: Record<string, number>; mesh: TriangleMesh; notes: string[]}> {
  const inCube = await surfaceOf(solution, cells);
  const whole = {...inCube, positions: outOfCube(inCube.positions, placement)};
  const metrics = await fieldMetrics(solution, reference, judged);
  if (whole.triangles.length === 0) return {metrics: {...metrics, pieces: 0}, mesh: whole, notes: []};
  // Of a shape that is known, pieces that should not be there count as errors; of a scan they are no result.
  const {mesh, left} = reference.kind === 'scan' ? supportedPieces(whole, reference.cloud.positions) : {mesh: whole, left: []};
  const {pieces, eulerCharacteristic} = topology(mesh);
  return {
    metrics: {...metrics, ...surfaceMetrics(mesh, reference, samples), pieces, eulerCharacteristic},
    mesh,
    notes: left.length === 0 ? [] : [leftOutNote(left)],
  };
}

function leftOutNote(triangles: readonly number[]): string {
  const one = triangles.length === 1;
  const total = triangles.reduce((sum, count) => sum + count, 0).toLocaleString('en');
  return `${one ? 'a piece' : `${triangles.length} pieces`} of the level 0 (${total} triangles) that no point lies on ${one ? 'was' : 'were'} left out of the surface; the field has ${one ? 'it' : 'them'} still`;
}

/** Errors of value and slope on a lattice over the whole cube. */
async function fieldMetrics(solution: Solution, reference: Reference, judged: number): Promise<Record<string, number>> {
  const axis = linspace(-1, 1, judged);
  const [u, slope] = Object.values(
    await solution.evaluate(lattice([axis, axis, axis]), {expressions: ['u', 'norm(u_x, u_y, u_z)']}),
  );
  const error = new Mean();
  const near = new Mean();
  const eikonal = new Mean();
  let index = 0;
  for (const x of axis) {
    for (const y of axis) {
      for (const z of axis) {
        if (Math.abs(u[index]) <= NEAR) eikonal.add(Math.abs(slope[index] - 1));
        if (reference.kind === 'shape') {
          const truth = reference.shape.distance(x, y, z);
          error.add(Math.abs(u[index] - truth));
          if (Math.abs(truth) <= NEAR) near.add(Math.abs(u[index] - truth));
        }
        index += 1;
      }
    }
  }
  // Nothing near 0 has no slope there: left out, as JSON knows no NaN.
  const metrics: Record<string, number> = {};
  if (reference.kind === 'shape') {
    metrics.meanAbsoluteError = near.value;
    metrics.meanAbsoluteErrorEverywhere = error.value;
  }
  if (eikonal.count > 0) metrics.eikonalError = eikonal.value;
  return metrics;
}

/** Distance between the surface and the truth's, and how well normals agree. */
function surfaceMetrics(mesh: TriangleMesh, reference: Reference, count: number): Record<string, number> {
  const samples = sampleSurface(mesh, count, 1);
  // Two samplings of the truth say what the sampling alone leaves.
  const again = (seed: number): OrientedPoints =>
    reference.kind === 'shape'
      ? reference.shape.cloud(count, seed)
      : reference.mesh === undefined
        ? reference.cloud
        : sampleSurface(reference.mesh, count, seed);
  const truth = again(2);
  const {diagonal} = boundingBox(truth.positions);
  const {chamfer, normalConsistency} = surfaceDistance(truth, samples);
  const metrics: Record<string, number> = {chamfer: chamfer / diagonal};
  // A cloud has only one sampling.
  const other = again(3);
  if (other !== truth) metrics.chamferFloor = surfaceDistance(truth, other).chamfer / diagonal;
  return {...metrics, normalConsistency};
}

/** Two views from opposite sides. */
function surfacePicture(mesh: TriangleMesh): Assessment['pictures'][number]['picture'] {
  const count = `${(mesh.triangles.length / 3).toLocaleString('en')} triangles`;
  return meshSheet(
    mesh,
    [
      {caption: 'Surface, from the front', note: count, azimuth: 30, elevation: 20},
      {caption: 'From behind', note: 'normals from the gradient of u', azimuth: 210, elevation: 20},
    ],
    {width: 560, height: 560},
  );
}

/** Three slices through the middle: distances with level lines, and how far the slope is from 1. */
async function slicePictures(solution: Solution, placement: Placement): Promise<Assessment['pictures']> {
  const pixels = linspace(-1, 1, SLICE);
  const unit = 1 / placement.scale;
  const distances = [];
  const slopes = [];
  for (const k of [0, 1, 2]) {
    const axes = [pixels, pixels, pixels].map((axis, d) => (d === k ? Float64Array.of(0) : axis));
    const values = Object.values(await solution.evaluate(lattice(axes), {expressions: ['u', 'abs(norm(u_x, u_y, u_z) - 1)']}));
    // The first of the remaining axes to the right, the second upwards; x = 0 shows z to the right so that y stays upright.
    const turned = k === 0;
    const [u, slope] = values.map((plane) => picture(plane, turned));
    const names = k === 0 ? 'z, y' : k === 1 ? 'x, z' : 'x, y';
    const caption = `${'xyz'[k]} = ${shortNumber(placement.centre[k])}`;
    const note = `right and up: ${names}`;
    const shape = {width: SLICE, height: SLICE};
    const scaled = u.map((value) => value * unit);
    const options = {range: [-0.8 * unit, 0.8 * unit] as const, spacing: 0.1 * unit, colorBar: k === 2};
    distances.push({caption: `Distance, ${caption}`, note, picture: levelPicture(scaled, shape, options)});
    slopes.push({
      caption: `| |grad u| - 1 |, ${caption}`,
      note,
      picture: fieldPicture(slope, shape, {map: 'inferno', range: [0, 0.3], colorBar: k === 2, largest: SLICE}),
    });
  }
  return [
    {
      name: 'slices',
      title: `Distance, a line every ${shortNumber(0.1 * unit)}, the surface thick`,
      picture: sideBySide(distances),
    },
    {name: 'slope', title: 'How far the slope is from 1', picture: sideBySide(slopes)},
  ];
}

/** A plane as a picture, rows from the top. `turned`: its second axis to the right and its first upwards. */
function picture(plane: Float64Array, turned: boolean): Float64Array {
  const rows = new Float64Array(plane.length);
  for (let row = 0; row < SLICE; row++) {
    for (let column = 0; column < SLICE; column++) {
      const up = SLICE - 1 - row;
      rows[row * SLICE + column] = turned ? plane[up * SLICE + column] : plane[column * SLICE + up];
    }
  }
  return rows;
}

/** Distance and slope on a lattice over the cube, in the user's coordinates. */
async function volumeOf(
  solution: Solution,
  placement: Placement,
): Promise<{
  axes: {name: string; lower: number; upper: number; count: number}[];
  values: {distance: Float64Array; slope: Float64Array};
}> {
  const axis = linspace(-1, 1, VOLUME);
  const [u, slope] = Object.values(
    await solution.evaluate(lattice([axis, axis, axis]), {expressions: ['u', 'norm(u_x, u_y, u_z)']}),
  );
  const corners = outOfCube([-1, -1, -1, 1, 1, 1], placement);
  return {
    axes: [0, 1, 2].map((k) => ({name: 'xyz'[k], lower: corners[k], upper: corners[3 + k], count: VOLUME})),
    values: {distance: u.map((value) => value / placement.scale), slope},
  };
}

/** A mean that says how many it is of. */
class Mean {
  count = 0;
  private sum = 0;

  add(value: number): void {
    this.sum += value;
    this.count += 1;
  }
  get value(): number {
    return this.sum / this.count;
  }
}
