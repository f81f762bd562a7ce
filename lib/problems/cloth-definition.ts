/** `dinf-grid solve cloth`: the presets of the cloth problem, how its result is judged, and its pictures. */
import {bspline, gaussian} from '../pose/kernel';
import type {TriangleMesh} from '../mesh/mesh';
import {checkChoice} from '../base/options';
import {sampleCount} from '../pose/problem-spec';
import {latticePicture} from '../pictures/field-pictures';
import type {View} from '../pictures/camera';
import type {RenderOptions} from '../pictures/render-mesh';
import {meshSheet, renderMesh} from '../pictures/render-mesh';
import {lattice, linspace, stratified} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {Normal} from './cloth';
import {cloth, clothEnergy, refinedGauss, SHIFT} from './cloth';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings} from '../cases/field-options';
import {gridFrom} from '../cases/grids';
import {latticeOutputs, uniformAxes} from '../cases/lattice-outputs';
import {stagesFrom} from '../cases/stages';

/** σ of the lift at the held corners: the paper's, for both presets, so that their energies are of the same fields. */
export const CLOTH_SIGMA = 0.01;
/** Boxes an axis of the authors' stratified samples. */
const BOXES = 64;
/**
 * Samples of the fast preset: Gauss points an axis and cell, and pieces of a cell near the held corners. Fewer points let the energy be exploited:
 * after 800 iterations 4, 5, 6 points end 1.2e-3, 7e-5, 1e-5 below the true energy, and with 4 that one rises again.
 */
const POINTS = 5;
const PARTS = 4;
/** The authors' Siren. */
const NETWORK: NetworkPreset = {width: 512, hiddenLayers: 5, learningRate: 5e-6, iterations: 50_000};
/** Points an axis of the mesh, the arrays and the pictures. */
const TAKEN = 161;

/** The colours of a fabric that is seen from both sides. */
export const FABRIC_COLOURS: RenderOptions = {colour: [196, 62, 58], inside: [226, 190, 160]};
/** A view in which the folds of a hanging sheet are seen best. */
export const FRONT: View = {azimuth: 24, elevation: 8, fieldOfView: 28};

const HINTS = {
  energy: 'J/m², the mean over the sheet; the lower the better, down to where samples would be exploited',
  energyHalved: 'the same on cells halved: where it differs, the rule of the energy is too coarse',
  membraneEnergy: 'J/m², of stretching',
  bendingEnergy: 'J/m²',
  gravityEnergy: 'J/m², 0 for the flat sheet',
  cornerError: 'm, how far a held corner is from its place',
} as const;

/** `dinf-grid solve cloth`. */
export const clothDefinition: ProblemDefinition = {
  name: 'cloth',
  summary: 'a cloth at rest, held at two corners: the least energy of a Kirchhoff–Love thin shell',
  options: [
    {
      flag: '--normal <kind>',
      description:
        "the normal that bending is measured with: the authors' linearised one, or the exact one (default: linearised)",
      choices: ['linearised', 'exact'],
    },
  ],
  async prepare(options) {
    return prepare(options);
  },
};

function prepare(options: RunOptions): Prepared {
  const paper = options.preset === 'paper';
  const normal = checkChoice(options.own.normal ?? 'linearised', '--normal', ['linearised', 'exact'] as const);
  const grid = gridFrom(
    options,
    paper
      ? {resolution: 32, levels: 1, features: 4, kernel: gaussian({rings: 3}), edge: 'clamp'}
      : // Some unevenness to begin with: a flat sheet has no reason to fold.
        {resolution: 32, levels: 1, kernel: bspline(5), initialScale: 1e-3},
  );
  const cells = grid.resolution as number;
  const represented = fieldFrom(options, grid, NETWORK);
  const linear = represented.decoder?.type === 'linear';
  const posed = cloth(represented, {
    normal,
    sigma: CLOTH_SIGMA,
    samples: paper ? [{samples: stratified(BOXES), weight: 1}] : refinedGauss(POINTS, cells, PARTS),
  });
  const optimizers = stagesFrom(options, {
    schedule: [paper || !linear ? 'adam' : 'lbfgs'],
    adam: {iterations: 2000, learningRate: 1e-2},
    lsq: {iterations: 100},
    'gauss-newton': {iterations: 100},
    // A corner of the sheet turns while it falls: what was its plane becomes its normal, so all components are scaled alike.
    lbfgs: {iterations: 400, scaling: linear ? 'shared' : undefined, resample: paper ? 10 : 0},
    network: NETWORK,
  });
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: posed.spec.terms.reduce((sum, {samples}, i) => sum + (i % 2 ? 0 : sampleCount(samples, posed.spec)), 0),
    headline: `cloth at rest, held at two corners, ${normal} normal`,
    settings: {
      normal,
      ...fieldSettings(posed.spec.fields[0], cells),
    },
    assess: (solution) => assess(solution, normal, cells),
  };
}

/** The cloth as a mesh, with the normals of the field itself. */
export async function clothMesh(solution: Solution, count = TAKEN): Promise<TriangleMesh> {
  const axis = linspace(-1, 1, count);
  const expressions = [
    ...['x + u', 'y + v', 'w'],
    // The vector product of the tangents ∂x r and ∂y r.
    ...['v_x*w_y - w_x*(1 + v_y)', 'w_x*u_y - (1 + u_x)*w_y', '(1 + u_x)*(1 + v_y) - v_x*u_y'],
  ];
  const values = Object.values(await solution.evaluate(lattice([axis, axis]), {expressions}));
  const positions = new Float64Array(3 * count ** 2);
  const normals = new Float64Array(3 * count ** 2);
  for (let i = 0; i < count ** 2; i++) {
    const length = Math.hypot(...[3, 4, 5].map((k) => values[k][i])) || 1;
    for (let k = 0; k < 3; k++) {
      positions[3 * i + k] = values[k][i];
      normals[3 * i + k] = values[k + 3][i] / length;
    }
  }
  const triangles = new Uint32Array(6 * (count - 1) ** 2);
  let at = 0;
  for (let row = 0; row + 1 < count; row++) {
    for (let column = 0; column + 1 < count; column++) {
      const first = row * count + column;
      triangles.set([first, first + 1, first + count + 1, first, first + count + 1, first + count], at);
      at += 6;
    }
  }
  return {positions, triangles, normals};
}

async function assess(solution: Solution, normal: Normal, cells: number): Promise<Assessment> {
  const energy = await clothEnergy(solution, normal, cells);
  const halved = await clothEnergy(solution, normal, cells, 1);
  const corners = await solution.evaluate([1, -1, 1, 1]);
  const cornerError = Math.max(
    ...['u', 'v', 'w'].flatMap((name) => [0, 1].map((i) => Math.abs(corners[name][i] - (name === 'u' ? [SHIFT, -SHIFT][i] : 0)))),
  );
  const axis = linspace(-1, 1, TAKEN);
  const {u, v, w} = await solution.evaluate(lattice([axis, axis]));
  const mesh = await clothMesh(solution);
  const axes = uniformAxes({y: axis, x: axis});
  const displacement = Float64Array.from({length: 3 * w.length}, (_, i) => [u, v, w][i % 3][Math.floor(i / 3)]);
  const across = new Float64Array(w.length); // pictures have the first coordinate to the right
  for (let i = 0; i < w.length; i++) across[(i % TAKEN) * TAKEN + Math.floor(i / TAKEN)] = w[i];
  return {
    metrics: {
      energy: energy.total,
      energyHalved: halved.total,
      membraneEnergy: energy.membrane,
      bendingEnergy: energy.bending,
      gravityEnergy: energy.gravity,
      cornerError,
    },
    hints: HINTS,
    pictures: [
      {
        name: 'cloth',
        title: 'The cloth',
        picture: renderMesh(mesh, FRONT, {...FABRIC_COLOURS, width: 720, height: 900, samples: 2}),
      },
      {
        name: 'views',
        title: 'From the front, the side, behind and below',
        picture: meshSheet(
          mesh,
          [
            {caption: 'front', azimuth: 0, elevation: 0},
            {caption: 'side', azimuth: 75, elevation: 8},
            {caption: 'behind', azimuth: 200, elevation: 12},
            {caption: 'below', azimuth: 20, elevation: -50},
          ],
          {...FABRIC_COLOURS, width: 400, height: 400, samples: 2},
        ),
      },
      {
        name: 'depth',
        title: 'Displacement out of the plane of the flat sheet',
        picture: latticePicture(across, [axes[1], axes[0]], {caption: 'w'}),
      },
    ],
    ...latticeOutputs(axes, {displacement, positions: mesh.positions as Float64Array}),
    meshes: [{name: 'cloth', mesh}],
  };
}
