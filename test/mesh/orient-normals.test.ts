import type {OrientedPoints} from '../../lib/mesh/mesh';
import {randomNumbers} from '../../lib/mesh/mesh';
import {neighbourGraph} from '../../lib/mesh/neighbour-graph';
import {estimateNormals, mendNormals} from '../../lib/mesh/orient-normals';
import {SHAPE_NAMES, SHAPES} from '../../lib/problems/sdf-shapes';

const COUNT = 3000;
const random = randomNumbers(11);

/** The points of several clouds. */
function together(...clouds: readonly OrientedPoints[]): OrientedPoints {
  const all = (key: keyof OrientedPoints): Float64Array => Float64Array.from(clouds.flatMap((cloud) => [...cloud[key]]));
  return {positions: all('positions'), normals: all('normals')};
}

function moved({positions, normals}: OrientedPoints, scale: number, shift: readonly number[]): OrientedPoints {
  return {positions: positions.map((value, i) => scale * value + shift[i % 3]), normals};
}

/** The same points, some of their normals turned round. */
function flipped({positions, normals}: OrientedPoints, chosen: (point: number) => boolean): OrientedPoints {
  const signs = Array.from({length: normals.length / 3}, (_, point) => (chosen(point) ? -1 : 1));
  return {positions, normals: normals.map((value, i) => signs[Math.floor(i / 3)] * value)};
}

/** Points whose normal looks the other way than in truth. */
function wrong(truth: OrientedPoints, {normals}: OrientedPoints): number {
  let count = 0;
  for (let i = 0; i < normals.length; i += 3) {
    if ([0, 1, 2].reduce((sum, k) => sum + normals[i + k] * truth.normals[i + k], 0) < 0) count++;
  }
  return count;
}

const sphere = SHAPES.sphere.cloud(COUNT, 3);
/** Two balls that touch, whose neighbours there have opposite normals and are right. */
const touching = together(sphere, moved(SHAPES.sphere.cloud(2000, 4), 1, [1, 0, 0]));
/** A ball with a hollow, whose wall has normals that point into it. */
const hollow = together(
  sphere,
  flipped(moved(SHAPES.sphere.cloud(1500, 5), 0.5, [0, 0, 0]), () => true),
);
/** A sheet with a bump, which has no inside. */
const sheet: OrientedPoints = (() => {
  const places = Array.from({length: COUNT}, () => [2 * random() - 1, 2 * random() - 1]);
  const positions = places.flatMap(([x, y]) => [x, y, 0.2 * Math.sin(4 * x)]);
  const normals = places.flatMap(([x]) => {
    const slope = 0.8 * Math.cos(4 * x);
    const length = Math.hypot(slope, 1);
    return [-slope / length, 0, 1 / length];
  });
  return {positions: Float64Array.from(positions), normals: Float64Array.from(normals)};
})();

describe('normals that are right', () => {
  it.each([
    ...SHAPE_NAMES.map((name) => [name, SHAPES[name].cloud(COUNT, 7)] as const),
    ['two balls that touch', touching] as const,
    ['a ball with a hollow', hollow] as const,
    ['a sheet', sheet] as const,
    [
      'a cloud with noise',
      moved({...sphere, positions: sphere.positions.map((v) => v + 0.01 * (random() - 0.5))}, 1, [0, 0, 0]),
    ] as const,
    ['points that coincide', together(sphere, sphere, sphere)] as const,
  ])('come back as they are: %s', (_, cloud) => {
    const {cloud: seen, notes, turned} = mendNormals(cloud);
    expect(seen).toBe(cloud);
    expect([notes, turned]).toEqual([[], 0]);
  });
});

describe('normals that contradict each other', () => {
  it.each(SHAPE_NAMES)('%s: some at random, up to nearly half', (name) => {
    const cloud = SHAPES[name].cloud(COUNT, 7);
    for (const part of [0.01, 0.1, 0.3, 0.45]) {
      const mixed = flipped(cloud, () => random() < part);
      const {cloud: seen, notes} = mendNormals(mixed);
      // A point at the corner of a box, all of whose neighbours lie on other faces, cannot be told.
      expect(wrong(cloud, seen)).toBeLessThanOrEqual(name === 'box' ? 0.01 * COUNT : 0);
      expect(notes).toHaveLength(1);
      expect(notes[0]).toMatch(/^[\d,]+ of the 3,000 normals contradicted those around them/);
      expect(seen.positions).toBe(mixed.positions);
    }
  });

  it.each([
    ['one half of a scan', sphere, (i: number) => sphere.positions[3 * i] > 0.1],
    ['a face of a box', SHAPES.box.cloud(COUNT, 7), undefined],
  ] as const)('%s', (_, cloud, chosen) => {
    const mixed = flipped(cloud, chosen ?? ((i) => cloud.normals[3 * i] > 0.9));
    expect(wrong(cloud, mixed)).toBeGreaterThan(300);
    expect(wrong(cloud, mendNormals(mixed).cloud)).toBe(0);
  });

  it('of a sheet agree in the end, though it has no outside', () => {
    expect(wrong(sheet, mendNormals(flipped(sheet, () => random() < 0.1)).cloud)).toBe(0);
  });
});

describe('normals that point inwards', () => {
  it.each(SHAPE_NAMES)('%s: are turned, and it is said', (name) => {
    const cloud = SHAPES[name].cloud(COUNT, 7);
    const {cloud: seen, notes, turned} = mendNormals(flipped(cloud, () => true));
    expect(seen.normals).toEqual(cloud.normals);
    expect(turned).toBe(COUNT);
    expect(notes).toEqual([expect.stringMatching(/^the normals pointed into the volume/)]);
  });

  it('of one object among others are turned alone', () => {
    const two = together(sphere, moved(sphere, 0.5, [2, 0, 0]));
    const {cloud: seen, notes} = mendNormals(flipped(two, (i) => i >= COUNT));
    expect(seen.normals).toEqual(two.normals);
    expect(notes).toEqual([expect.stringMatching(/^3,000 of the 6,000 normals pointed into/)]);
  });
});

describe('normals that are not there', () => {
  it.each([
    ['sphere', SHAPES.sphere.cloud(COUNT, 7), 2],
    ['torus', SHAPES.torus.cloud(COUNT, 7), 5],
    ['box', SHAPES.box.cloud(COUNT, 7), 10], // edges are rounded off
    ['a ball with a hollow', hollow, 3],
    ['two balls apart', together(sphere, moved(sphere, 0.5, [2, 0, 0])), 2],
    ['large coordinates', moved(sphere, 10, [500_000, 5_000_000, 0]), 2],
  ] as const)('are those of the surface: %s', (_, truth, degrees) => {
    const {cloud, notes} = estimateNormals(truth.positions);
    expect(wrong(truth, cloud)).toBe(0);
    let angle = 0;
    for (let i = 0; i < cloud.normals.length; i += 3) {
      const cosine = [0, 1, 2].reduce((sum, k) => sum + cloud.normals[i + k] * truth.normals[i + k], 0);
      angle += (Math.acos(Math.min(1, cosine)) * 180) / Math.PI / (cloud.normals.length / 3);
      expect(Math.hypot(...cloud.normals.subarray(i, i + 3))).toBeCloseTo(1, 12);
    }
    expect(angle).toBeLessThan(degrees);
    expect(notes).toEqual([expect.stringMatching(/^the points have no normals: they were estimated from the 16/)]);
  });

  it('of a sheet point up, and it is said that this is a choice', () => {
    const {cloud, notes} = estimateNormals(sheet.positions);
    expect(wrong(sheet, cloud)).toBe(0);
    expect(notes[1]).toMatch(/3,000 of the 3,000 points do not tell which side/);
  });

  it('leaves out points that have no surface', () => {
    const line = Float64Array.from({length: 60}, (_, i) => (i % 3 === 0 ? 1000 + i : 5));
    const {cloud, notes} = estimateNormals(Float64Array.of(...sphere.positions, ...line));
    expect(cloud.positions).toEqual(sphere.positions);
    expect(notes.at(-1)).toMatch(/^20 of the 3,020 points lie apart from the others/);
  });
});

it('finds the neighbours that comparing all points finds', () => {
  const {positions} = SHAPES.torus.cloud(400, 2);
  const {degree, neighbours, reach} = neighbourGraph(positions, 7);
  expect(degree).toBe(7);
  const square = (i: number, j: number): number =>
    [0, 1, 2].reduce((sum, k) => sum + (positions[3 * i + k] - positions[3 * j + k]) ** 2, 0);
  for (let i = 0; i < 400; i++) {
    const others = Array.from({length: 400}, (_, j) => j).filter((j) => j !== i);
    const nearest = others.sort((a, b) => square(i, a) - square(i, b)).slice(0, 7);
    expect([...neighbours.subarray(7 * i, 7 * i + 7)]).toEqual(nearest);
    expect(reach[i]).toBeCloseTo(square(i, nearest[6]), 14);
  }
});
