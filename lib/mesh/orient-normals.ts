/** Normals of a cloud that all point outwards: estimated where there are none, and mended where they contradict each other. */
import type {CloudPart} from './cloud-parts';
import {depthOf, ENCLOSING, LEAST_PART, partsOf, pointsOfSets} from './cloud-parts';
import type {OrientedPoints} from './mesh';
import type {NeighbourGraph} from './neighbour-graph';
import {areasOf, neighbourGraph} from './neighbour-graph';
import {planeNormals} from './plane-normals';
import type {NeighbourPairs} from './relative-signs';
import {joinPairs, neighbourPairs, SignedSets} from './relative-signs';
import type {WeightedPoints} from './winding';
import {enclosure} from './winding';

/** Neighbours that a plane is fitted to, and those of whom a given normal is checked against some. */
const NEIGHBOURS = 16;
/** Noise of points without normals, as a part of the distance to the last neighbour. */
const NOISE = 0.25;
/** Agreement from which on two given normals are taken to belong together. */
const CLEAR = 0.9;
/** Agreement in magnitude below which a pair tells nothing of given normals: near the tip of a cone, or noise. */
const TELLING = 0.3;
/** How much nearer to a closed surface a part must come for a large patch of it to be turned. */
const GAIN = 0.05;

/** Points whose normals have been seen to. */
export interface SeenTo {
  readonly cloud: OrientedPoints;
  /** What was done, in words; empty where nothing had to be. */
  readonly notes: readonly string[];
  /** How many of the given normals were turned round. */
  readonly turned: number;
}

/**
 * Outward unit normals for points without any: of the plane through the 16 nearest points of each, made consistent from neighbour to neighbour
 * along the pairs that tell it best, then turned so that each part points away from the volume it encloses. In time n log n.
 *
 * @param positions shape (n, 3), n ≥ 16
 */
export function estimateNormals(positions: Float64Array): SeenTo {
  const total = positions.length / 3;
  const graph = neighbourGraph(positions, NEIGHBOURS);
  const normals = planeNormals(positions, graph);
  const cloud = weighted({positions, normals}, graph);
  const sets = new SignedSets(total);
  // A point without a plane agrees with none, and stays alone.
  joinPairs(sets, neighbourPairs(cloud, graph, NOISE), Number.EPSILON);
  for (let i = 0; i < total; i++) if (sets.find(i).opposite === 1) turn(normals, i);
  const lists = pointsOfSets(sets, total);
  const open = turnOutwards(cloud, partsOf(cloud, lists));
  const kept = Uint32Array.from(lists.filter((points) => points.length >= LEAST_PART).flatMap((points) => [...points])).sort();
  const notes = [
    `the points have no normals: they were estimated from the ${graph.degree} nearest points of each, made consistent from neighbour to neighbour and turned outwards`,
    ...(open > 0
      ? [
          `${numeral(open)} of the ${numeral(total)} points do not tell which side of their surface is outside: there normals were made to point up (larger z) at the highest point; give normals if it is the other side`,
        ]
      : []),
    ...(kept.length < total
      ? [
          `${numeral(total - kept.length)} of the ${numeral(total)} points lie apart from the others, or on a line, and were left out`,
        ]
      : []),
  ];
  return {
    cloud:
      kept.length === total ? {positions, normals} : {positions: triplesOf(positions, kept), normals: triplesOf(normals, kept)},
    notes,
    turned: 0,
  };
}

/**
 * Checks given normals against those around them and turns round those that contradict them, then the parts whose normals point into the volume
 * they enclose; parts inside another, such as the wall of a cavity, are left as they are. Normals that agree already come back as they were.
 */
export function mendNormals(given: OrientedPoints): SeenTo {
  const count = given.positions.length / 3;
  const graph = neighbourGraph(given.positions, NEIGHBOURS);
  const pairs = neighbourPairs(given, graph, 0);
  const connected = new SignedSets(count);
  pairs.first.forEach((first, pair) => {
    connected.join(first, pairs.second[pair], 0);
  });
  const lists = pointsOfSets(connected, count);
  const cloud = weighted({positions: given.positions, normals: Float64Array.from(given.normals)}, graph);
  const contradicting = turnContradicting(cloud, pairs, lists);
  const parts = partsOf(cloud, lists);
  const inward = parts.filter((part) => part.level < -ENCLOSING && depthOf(part, parts, cloud) === 0);
  for (const {points} of inward) for (const point of points) turn(cloud.normals, point);
  const turnedInward = inward.reduce((sum, {points}) => sum + points.length, 0);
  const notes = [
    ...(contradicting > 0
      ? [`${numeral(contradicting)} of the ${numeral(count)} normals contradicted those around them and were turned round`]
      : []),
    ...(turnedInward > 0
      ? [
          `${turnedInward === count ? 'the normals' : `${numeral(turnedInward)} of the ${numeral(count)} normals`} pointed into the volume that the points enclose and were turned outwards`,
        ]
      : []),
  ];
  const turned = countWhere(count, (i) => [0, 1, 2].some((k) => cloud.normals[3 * i + k] !== given.normals[3 * i + k]));
  return turned === 0
    ? {cloud: given, notes, turned}
    : {cloud: {positions: given.positions, normals: cloud.normals}, notes, turned};
}

/** Turns the parts of an estimated cloud outwards; of those inside another every second one inwards. Returns the points on open sheets. */
function turnOutwards(cloud: WeightedPoints, parts: readonly CloudPart[]): number {
  let open = 0;
  const inwards = parts.map((part) => {
    if (Math.abs(part.level) < ENCLOSING) {
      open += part.points.length;
      return cloud.normals[3 * highest(cloud, part) + 2] < 0;
    }
    return part.level < 0 !== (depthOf(part, parts, cloud) % 2 === 1);
  });
  parts.forEach(({points}, i) => {
    if (inwards[i]) for (const point of points) turn(cloud.normals, point);
  });
  return open;
}

function highest({positions}: OrientedPoints, {points}: CloudPart): number {
  return points.reduce((best, point) => (positions[3 * point + 2] > positions[3 * best + 2] ? point : best), points[0]);
}

/** A set of given normals that agree among themselves, and contradict most of the points they are connected with. */
interface Patches {
  /** The patch of each point. */
  readonly of: Uint32Array;
  /** Whether the normals of a point look the other way than most of those it is connected with. */
  readonly outvoted: Uint8Array;
  /** Whether most pairs of a patch, those inside it among them, contradict it, by its number. */
  readonly beset: Uint8Array;
}

/**
 * Turns round what contradicts its neighbours, and returns how many normals that were. Patches that are beset, such as single points, are
 * turned in any case; large ones, which may as well be another object that touches, where it makes the whole more of a closed surface.
 */
function turnContradicting(cloud: WeightedPoints, pairs: NeighbourPairs, lists: readonly Uint32Array[]): number {
  if (!pairs.agreement.some((agreement) => agreement < -TELLING)) return 0;
  const {of, outvoted, beset} = patchesOf(pairs, cloud.positions.length / 3);
  let turned = 0;
  const turnAll = (points: Uint32Array, chosen: (point: number) => boolean): void => {
    for (const point of points) {
      if (outvoted[point] === 0 || !chosen(point)) continue;
      turn(cloud.normals, point);
      turned++;
    }
  };
  for (const points of lists) {
    turnAll(points, (point) => beset[of[point]] === 1);
    if (!points.some((point) => outvoted[point] === 1 && beset[of[point]] === 0)) continue;
    const before = Math.abs(enclosure(cloud, points));
    const counted = turned;
    turnAll(points, (point) => beset[of[point]] === 0);
    if (Math.abs(enclosure(cloud, points)) > before + GAIN) continue;
    turnAll(points, (point) => beset[of[point]] === 0);
    turned = counted;
  }
  return turned;
}

function patchesOf(pairs: NeighbourPairs, count: number): Patches {
  const {first, second, agreement} = pairs;
  const sets = new SignedSets(count);
  agreement.forEach((value, pair) => {
    if (value >= CLEAR) sets.join(first[pair], second[pair], 0);
  });
  const of = Uint32Array.from({length: count}, (_, i) => sets.find(i).root);
  const all = new Uint32Array(count);
  const contrary = new Uint32Array(count);
  agreement.forEach((value, pair) => {
    const [a, b] = [of[first[pair]], of[second[pair]]];
    all[a]++;
    if (a === b) return; // a pair inside a patch counts once, and agrees
    all[b]++;
    if (value < -TELLING) {
      contrary[a]++;
      contrary[b]++;
    }
  });
  joinPairs(sets, pairs, TELLING);
  const signs = Array.from({length: count}, (_, i) => sets.find(i));
  const votes = new Int32Array(count);
  for (const {root, opposite} of signs) votes[root] += opposite === 1 ? -1 : 1;
  return {
    of,
    outvoted: Uint8Array.from(signs, ({root, opposite}) => ((opposite === 1) === votes[root] >= 0 ? 1 : 0)),
    beset: Uint8Array.from(contrary, (value, patch) => (2 * value > all[patch] ? 1 : 0)),
  };
}

function weighted(cloud: OrientedPoints, graph: NeighbourGraph): WeightedPoints {
  return {...cloud, areas: areasOf(graph), reach: graph.reach};
}

function turn(normals: Float64Array, point: number): void {
  for (let i = 3 * point; i < 3 * point + 3; i++) normals[i] = -normals[i];
}

function triplesOf(values: Float64Array, points: Uint32Array): Float64Array {
  return Float64Array.from({length: 3 * points.length}, (_, i) => values[3 * points[Math.floor(i / 3)] + (i % 3)]);
}

function countWhere(count: number, chosen: (index: number) => boolean): number {
  let sum = 0;
  for (let i = 0; i < count; i++) if (chosen(i)) sum++;
  return sum;
}

function numeral(value: number): string {
  return value.toLocaleString('en');
}
