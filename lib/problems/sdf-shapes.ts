/** Shapes whose signed distance is known exactly, inside [−1, 1]³: what reconstructions are measured against. */
import type {OrientedPoints} from '../mesh/mesh';
import {randomNumbers} from '../mesh/mesh';

// Taken out of the global object once: these run millions of times, and in a sandbox each look-up of a global is slow.
const {PI, abs, cos, hypot, max, min, sin, sqrt} = Math;

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
    distance: (x, y, z) => hypot(x, y, z) - RADIUS,
    area: 4 * PI * RADIUS ** 2,
    volume: (4 / 3) * PI * RADIUS ** 3,
    eulerCharacteristic: 2,
    cloud: scattered((random, position, normal) => {
      const z = 2 * random() - 1;
      const angle = 2 * PI * random();
      const r = sqrt(1 - z * z);
      normal.set([r * cos(angle), r * sin(angle), z]);
      normal.forEach((n, k) => (position[k] = RADIUS * n));
    }),
  },
  torus: {
    title: `a torus of radii ${RING.major} and ${RING.minor}`,
    expression: `norm(norm(x, y) - ${RING.major}, z) - ${RING.minor}`,
    distance: (x, y, z) => hypot(hypot(x, y) - RING.major, z) - RING.minor,
    area: 4 * PI ** 2 * RING.major * RING.minor,
    volume: 2 * PI ** 2 * RING.major * RING.minor ** 2,
    eulerCharacteristic: 0,
    cloud: scattered((random, position, normal) => {
      const {major, minor} = RING;
      const along = 2 * PI * random();
      // The outer half is larger: angles are kept in proportion to the circle they lie on.
      let around = 2 * PI * random();
      while (random() * (major + minor) > major + minor * cos(around)) around = 2 * PI * random();
      const out = cos(around);
      normal.set([cos(along) * out, sin(along) * out, sin(around)]);
      position.set([major * cos(along) + minor * normal[0], major * sin(along) + minor * normal[1], minor * normal[2]]);
    }),
  },
  box: {
    title: `a box of ${HALF.map((half) => 2 * half).join(' × ')}`,
    expression:
      `let a = abs(x) - ${HALF[0]}; let b = abs(y) - ${HALF[1]}; let c = abs(z) - ${HALF[2]}; ` +
      'norm(max(a, 0), max(b, 0), max(c, 0)) + min(max(a, max(b, c)), 0)',
    distance(x, y, z) {
      const [a, b, c] = [abs(x) - HALF[0], abs(y) - HALF[1], abs(z) - HALF[2]];
      return hypot(max(a, 0), max(b, 0), max(c, 0)) + min(max(a, b, c), 0);
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
