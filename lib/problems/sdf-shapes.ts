/** Shapes whose signed distance is known exactly, inside [−1, 1]³: what reconstructions are measured against. */
import type {OrientedPoints} from '../mesh/mesh';
import {randomNumbers} from '../mesh/mesh';

export const SHAPE_NAMES = ['sphere', 'torus', 'box'] as const;
export type ShapeName = (typeof SHAPE_NAMES)[number];

export interface Shape {
  readonly title: string;
  /** Signed distance in the expression language, of x, y and z: negative inside. */
  readonly expression: string;
  distance(x: number, y: number, z: number): number;
  readonly area: number;
  readonly volume: number;
  /** 2 − 2 · handles. */
  readonly eulerCharacteristic: number;
  /** Points spread at random, evenly over the area, with outward normals. The same seed gives the same points. */
  cloud(count: number, seed: number): OrientedPoints;
}

const RADIUS = 0.5;
const RING = {major: 0.5, minor: 0.2};
const HALF = [0.6, 0.4, 0.5] as const;

/** One point of a cloud: position and normal, three numbers each. */
type Place = (random: () => number, position: Float64Array, normal: Float64Array) => void;

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  sphere: {
    title: `a sphere of radius ${RADIUS}`,
    expression: `norm(x, y, z) - ${RADIUS}`,
    distance: (x, y, z) => Math.hypot(x, y, z) - RADIUS,
    area: 4 * Math.PI * RADIUS ** 2,
    volume: (4 / 3) * Math.PI * RADIUS ** 3,
    eulerCharacteristic: 2,
    cloud: scattered((random, position, normal) => {
      const z = 2 * random() - 1;
      const angle = 2 * Math.PI * random();
      const r = Math.sqrt(1 - z * z);
      normal.set([r * Math.cos(angle), r * Math.sin(angle), z]);
      normal.forEach((n, k) => (position[k] = RADIUS * n));
    }),
  },
  torus: {
    title: `a torus of radii ${RING.major} and ${RING.minor}`,
    expression: `norm(norm(x, y) - ${RING.major}, z) - ${RING.minor}`,
    distance: (x, y, z) => Math.hypot(Math.hypot(x, y) - RING.major, z) - RING.minor,
    area: 4 * Math.PI ** 2 * RING.major * RING.minor,
    volume: 2 * Math.PI ** 2 * RING.major * RING.minor ** 2,
    eulerCharacteristic: 0,
    cloud: scattered((random, position, normal) => {
      const {major, minor} = RING;
      const along = 2 * Math.PI * random();
      // The outer half is larger: angles are kept in proportion to the circle they lie on.
      let around = 2 * Math.PI * random();
      while (random() * (major + minor) > major + minor * Math.cos(around)) around = 2 * Math.PI * random();
      const out = Math.cos(around);
      normal.set([Math.cos(along) * out, Math.sin(along) * out, Math.sin(around)]);
      position.set([major * Math.cos(along) + minor * normal[0], major * Math.sin(along) + minor * normal[1], minor * normal[2]]);
    }),
  },
  box: {
    title: `a box of ${HALF.map((half) => 2 * half).join(' × ')}`,
    expression:
      `let a = abs(x) - ${HALF[0]}; let b = abs(y) - ${HALF[1]}; let c = abs(z) - ${HALF[2]}; ` +
      'norm(max(a, 0), max(b, 0), max(c, 0)) + min(max(a, max(b, c)), 0)',
    distance(x, y, z) {
      const [a, b, c] = [Math.abs(x) - HALF[0], Math.abs(y) - HALF[1], Math.abs(z) - HALF[2]];
      return Math.hypot(Math.max(a, 0), Math.max(b, 0), Math.max(c, 0)) + Math.min(Math.max(a, b, c), 0);
    },
    area: 8 * (HALF[0] * HALF[1] + HALF[1] * HALF[2] + HALF[2] * HALF[0]),
    volume: 8 * HALF[0] * HALF[1] * HALF[2],
    eulerCharacteristic: 2,
    cloud: scattered((random, position, normal) => {
      const areas = [HALF[1] * HALF[2], HALF[2] * HALF[0], HALF[0] * HALF[1]];
      let share = random() * (areas[0] + areas[1] + areas[2]);
      let axis = 0;
      while (axis < 2 && share >= areas[axis]) share -= areas[axis++];
      const side = random() < 0.5 ? -1 : 1;
      for (let k = 0; k < 3; k++) {
        normal[k] = k === axis ? side : 0;
        position[k] = HALF[k] * (k === axis ? side : 2 * random() - 1);
      }
    }),
  },
};

function scattered(place: Place): Shape['cloud'] {
  return (count, seed) => {
    const random = randomNumbers(seed);
    const positions = new Float64Array(3 * count);
    const normals = new Float64Array(3 * count);
    for (let i = 0; i < count; i++) {
      place(random, positions.subarray(3 * i, 3 * i + 3), normals.subarray(3 * i, 3 * i + 3));
    }
    return {positions, normals};
  };
}
