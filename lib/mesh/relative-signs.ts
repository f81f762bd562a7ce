/**
 * Which normals of a cloud agree, told from neighbour to neighbour along a spanning tree of those pairs that tell it best (Hoppe et al. 1992,
 * section 3.3). Two neighbours agree when one normal, mirrored in the plane half-way between them, looks the way of the other (König & Gumhold
 * 2009): on a smooth surface the plain angle between them, and right across edges and from one side of a thin plate to the other as well.
 */
import type {OrientedPoints} from './mesh';
import type {NeighbourGraph} from './neighbour-graph';

/** Pairs of neighbours, each once. */
export interface NeighbourPairs {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** From −1, where their normals contradict each other, to 1, where they agree; about 0 where the pair does not tell. */
  readonly agreement: Float32Array;
}

/** Neighbours of each point that pairs are made with. */
const PARTNERS = 10;
/** Classes that agreements are sorted into. */
const CLASSES = 1024;

/**
 * The pairs of neighbours of a cloud.
 *
 * @param noise pairs nearer than that, as a part of the distance to the last neighbour, are taken to lie side by side, since noise decides how
 *   they lie; 0 tells the two sides of thin plates apart
 */
export function neighbourPairs(
  cloud: OrientedPoints,
  {degree, neighbours, reach}: NeighbourGraph,
  noise: number,
): NeighbourPairs {
  const count = cloud.positions.length / 3;
  const partners = Math.min(PARTNERS, degree);
  const first = new Uint32Array(count * partners);
  const second = new Uint32Array(count * partners);
  const agreement = new Float32Array(count * partners);
  let pairs = 0;
  for (let i = 0; i < count; i++) {
    for (let n = 0; n < partners; n++) {
      const j = neighbours[i * degree + n];
      if (j < i && isAmong(neighbours, j * degree, partners, i)) continue; // met already
      first[pairs] = i;
      second[pairs] = j;
      agreement[pairs++] = agreementOf(cloud, 3 * i, 3 * j, noise ** 2 * reach[i]);
    }
  }
  return {first: first.subarray(0, pairs), second: second.subarray(0, pairs), agreement: agreement.subarray(0, pairs)};
}

function isAmong(list: Uint32Array, from: number, count: number, wanted: number): boolean {
  for (let at = from; at < from + count; at++) if (list[at] === wanted) return true;
  return false;
}

function agreementOf({positions, normals}: OrientedPoints, i: number, j: number, softening: number): number {
  const [dx, dy, dz] = [positions[j] - positions[i], positions[j + 1] - positions[i + 1], positions[j + 2] - positions[i + 2]];
  const square = dx * dx + dy * dy + dz * dz + softening;
  const cosine = normals[i] * normals[j] + normals[i + 1] * normals[j + 1] + normals[i + 2] * normals[j + 2];
  if (square === 0) return cosine;
  const along = normals[i] * dx + normals[i + 1] * dy + normals[i + 2] * dz;
  const back = normals[j] * dx + normals[j + 1] * dy + normals[j + 2] * dz;
  return cosine - (2 * along * back) / square;
}

/** Sets of points whose normals are known relative to each other (a union of trees, each point with its sign relative to its parent). */
export class SignedSets {
  private readonly parent: Uint32Array;
  /** 1 where the sign is the opposite of the parent's. */
  private readonly opposite: Uint8Array;

  constructor(count: number) {
    this.parent = Uint32Array.from({length: count}, (_, i) => i);
    this.opposite = new Uint8Array(count);
  }

  /** The point that stands for the set of a point, and 1 where the signs of the two are opposite, else 0. */
  find(point: number): {root: number; opposite: number} {
    let root = point;
    let opposite = 0;
    for (; this.parent[root] !== root; root = this.parent[root]) opposite ^= this.opposite[root];
    // Every point on the way is hung below the root at once.
    let left = opposite;
    for (let at = point; at !== root;) {
      const [next, own] = [this.parent[at], this.opposite[at]];
      this.parent[at] = root;
      this.opposite[at] = left;
      left ^= own;
      at = next;
    }
    return {root, opposite};
  }

  /** Joins the sets of two points, with equal or with opposite signs; nothing happens if they are one set already. */
  join(a: number, b: number, opposite: number): void {
    const [one, other] = [this.find(a), this.find(b)];
    if (one.root === other.root) return;
    this.parent[one.root] = other.root;
    this.opposite[one.root] = one.opposite ^ other.opposite ^ opposite;
  }
}

/** Joins all pairs whose agreement is at least `least` in magnitude, those that tell most first: Kruskal's algorithm. */
export function joinPairs(sets: SignedSets, pairs: NeighbourPairs, least: number): void {
  const {first, second, agreement} = pairs;
  const classOf = (pair: number): number => Math.floor((1 - Math.min(1, Math.abs(agreement[pair]))) * (CLASSES - 1));
  const starts = new Uint32Array(CLASSES + 1);
  for (let pair = 0; pair < agreement.length; pair++) starts[classOf(pair) + 1]++;
  for (let k = 0; k < CLASSES; k++) starts[k + 1] += starts[k];
  const order = new Uint32Array(agreement.length);
  for (let pair = 0; pair < agreement.length; pair++) order[starts[classOf(pair)]++] = pair;
  for (const pair of order) {
    if (Math.abs(agreement[pair]) >= least) sets.join(first[pair], second[pair], agreement[pair] < 0 ? 1 : 0);
  }
}
