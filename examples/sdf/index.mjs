// The signed distance of a torus from 10 000 oriented points: one problem whose field becomes the data of another, which then is solved again
// and again with new data (Picard's iteration). `dinf-grid solve sdf --points scan.ply` does this for any scan, and writes the surface.
import {bspline, gauss, lattice, leastSquares, linspace, points, problem, rbfGrid, solve, term} from 'dinf-grid';

const [R, r] = [0.5, 0.2];
const count = 10_000;
const positions = new Float64Array(3 * count);
const normals = {nx: new Float64Array(count), ny: new Float64Array(count), nz: new Float64Array(count)};
for (let i = 0; i < count; i++) {
  const [a, b] = [2 * Math.PI * i * 0.618034, (2 * Math.PI * (i + 0.5)) / count];
  const n = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b), Math.sin(b)];
  [normals.nx[i], normals.ny[i], normals.nz[i]] = n;
  positions.set([R * Math.cos(a) + r * n[0], R * Math.sin(a) + r * n[1], r * n[2]], 3 * i);
}

/** @type {Record<string, [number, number]>} */
const cube = {x: [-1, 1], y: [-1, 1], z: [-1, 1]};
const axis = linspace(-0.98, 0.98, 48);
const space = lattice([axis, axis, axis]);
/** Unit vectors along (a, b, c) in space. */
async function directions(field, along) {
  const [a, b, c] = along;
  const expressions = [a, b, c].map((k) => `${k}/max(norm(${a}, ${b}, ${c}), 1e-30)`);
  const [px, py, pz] = Object.values(await field.evaluate(space, {expressions}));
  return {px, py, pz};
}

// The normals flow into space like heat, for a short time t: y = t laplacian(y), fed by the points.
const names = ['a', 'b', 'c'];
const heat = problem({
  domain: cube,
  unknowns: names,
  field: rbfGrid({resolution: 16, levels: 2, kernel: bspline(3)}),
  uniforms: {t: 0.0156},
  terms: [
    term(gauss(2), [...names, ...names.flatMap((y) => ['x', 'y', 'z'].map((k) => `sqrt(t)*${y}_${k}`))]),
    term(points(positions), '-2*(nx*a + ny*b + nz*c)', {loss: 'identity', data: normals}),
  ],
});
const flow = await solve(heat, {optimizer: leastSquares({iterations: 200, tolerance: 1e-10}), dtype: 'float64'});

// In space grad u = p, at first along the flow; on the points u = 0 and grad u = n. Then p becomes the direction of grad u, round by round.
const eikonal = problem({
  domain: cube,
  unknowns: ['u'],
  field: rbfGrid({resolution: 24, levels: 2, kernel: bspline(3)}),
  terms: [
    term(space, ['u_x - px', 'u_y - py', 'u_z - pz'], {name: 'slope', data: await directions(flow, names)}),
    term(points(positions), ['30*u', 'u_x - nx', 'u_y - ny', 'u_z - nz'], {name: 'surface', data: normals}),
  ],
});
const solution = await solve(eikonal, {
  optimizer: leastSquares({iterations: 100, tolerance: 1e-3}),
  repeat: {
    rounds: 10,
    optimizer: leastSquares({iterations: 15, tolerance: 1e-2, fromHere: true}),
    update: async (field) => ({slope: await directions(field, ['u_x', 'u_y', 'u_z'])}),
  },
  after: flow,
});
flow.dispose();

const inside = [R, 0, 0.1]; // half a radius below the surface
const outside = [0.9, 0, 0.3]; // 0.5 from the ring, so 0.3 from the surface
const {u} = await solution.evaluate([...inside, ...outside]);
const error = Math.max(Math.abs(u[0] + 0.1), Math.abs(u[1] - 0.3));
console.log(
  `${solution.seconds.toFixed(1)} s, distances ${u[0].toFixed(4)} and ${u[1].toFixed(4)}, error ${error.toExponential(1)}`,
);
solution.dispose();
