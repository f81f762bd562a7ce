/** Images from their derivatives and from their values (paper, section 4.1 and supplement). */
import {fitImage} from '../problems/fit-definition';
import {preparePoisson} from '../problems/poisson-definition';
import {psnrAffine} from '../imaging/metrics';
import type {Image} from '../imaging/image';
import {renderScene} from '../imaging/scene/scene';
import type {Prepared, RunOptions} from '../cases/definition';
import {problemNotes} from '../compile/notes';
import type {BytePicture} from '../files/image';
import {imagePicture} from '../pictures/pictures';
import {linspace, lattice} from '../pose/sampling';
import {bspline} from '../pose/kernel';
import type {Solution} from '../solve/solution';
import type {Changes, ContenderName, Rates} from './contenders';
import {optionsOf, SMALL_NETWORK} from './contenders';
import type {PosedSystem, System} from './system';
import {entryOf, ratesAt} from './system';

/** Pixels a side of the built-in scene. */
const SIDE = {reduced: 48, full: 512};
const PICTURE = {largest: 512};

const METRIC = 'root mean square error of the image';
const AFFINE = 'root mean square of (a·u + b − image) over the range of the image, a and b the best: the data leave both open';

interface Task {
  readonly rates: Rates;
  /** Iterations of least squares. Default: the preset's. */
  readonly iterations?: readonly number[];
  /** Kernel and edge of the grid. Default: the preset's. */
  readonly grid?: Changes['grid'];
  prepare(image: Image, options: RunOptions): Prepared;
  readonly own: RunOptions['own'];
  /** Whether PyTorch's peers are written for it. Default false. */
  readonly peers?: boolean;
}

/** Pixel values of a solution whose domain is the rectangle of the pixels, shape (height, width). */
async function pixelsOf({width, height}: Image, solution: Solution): Promise<Float64Array> {
  const [y, x] = solution.problem.spec.domain;
  const axes = [linspace(y.lower, y.upper, height), linspace(x.lower, x.upper, width)];
  return (await solution.evaluate(lattice(axes), {expressions: ['u']})).u;
}

const errorOf = (image: Image, values: Float64Array): number => 10 ** (-psnrAffine(values, image.data, image) / 20);

/** A picture after the same a·u + b. */
function pictureOf({width, height, channels, data}: Image, values: Float64Array): BytePicture {
  const mean = (list: ArrayLike<number>): number => Array.from(list).reduce((sum, value) => sum + value, 0) / list.length;
  const [ours, truth] = [mean(values), mean(data)];
  let [both, square] = [0, 0];
  values.forEach((value, i) => {
    both += (value - ours) * (data[i] - truth);
    square += (value - ours) ** 2;
  });
  const scale = square > 0 ? both / square : 0;
  return imagePicture(
    values.map((value) => truth + scale * (value - ours)),
    {width, height, channels},
    PICTURE,
  );
}

function posedImage(task: Task, full: boolean): PosedSystem {
  const side = full ? SIDE.full : SIDE.reduced;
  const image = renderScene(side);
  const rates = ratesAt(full, task.rates);
  const prepare = (name: ContenderName): Prepared =>
    task.prepare(image, optionsOf(name, rates, {own: task.own, iterations: task.iterations, grid: task.grid}));
  const paper = prepare('paper');
  return {
    size: `the built-in scene of ${side} × ${side} pixels`,
    entry(name) {
      const prepared = prepare(name);
      const blind = name === 'hat' ? problemNotes(prepared.problem.spec) : [];
      return Promise.resolve(blind.length > 0 ? blind.join('. ') : entryOf(prepared));
    },
    error: async (solution) => errorOf(image, await pixelsOf(image, solution)),
    picture: async (solution) => pictureOf(image, await pixelsOf(image, solution)),
    truth: imagePicture(image.data, image, PICTURE),
    ...(task.peers === true && {
      peer: {
        image,
        siren: full ? {width: 256, hiddenLayers: 5, learningRate: 5e-5} : {...SMALL_NETWORK, learningRate: task.rates.siren},
        grid: {
          resolution: Math.max(...(paper.problem.spec.fields[0].grid!.resolution as readonly number[])),
          levels: paper.problem.spec.fields[0].grid!.levels,
          features: paper.problem.spec.fields[0].grid!.features,
          learningRate: full ? 5e-3 : task.rates.paper,
        },
        error: (prediction) => errorOf(image, prediction),
        picture: (prediction) => pictureOf(image, prediction),
      },
    }),
  };
}

/** On filtered derivatives the preset fast takes the paper's Gaussian, which least squares does not suit; degree 5 is what docs/kernels.md measures as better. */
const SMOOTH: Changes['grid'] = {kernel: bspline(5), edge: 'extend'};
const KERNEL_NOTE =
  'The grid has B-splines of degree 5. On filtered derivatives the preset fast takes Gaussians unless told otherwise, with which least squares gets less far.';

/** Every contender is given the paper's own data: derivatives filtered at the pixels. */
export const IMAGE_SYSTEMS: readonly System[] = [
  {
    name: 'poisson-gradient',
    summary: 'an image from its gradient, by Sobel filters at the pixels',
    metric: METRIC,
    hint: AFFINE,
    notes: [
      'Sobel filters blur, so that no field comes below a floor that the data have. The preset fast of `dinf-grid solve poisson` takes exact differences by itself, which have no such floor; here all have the filters of the paper.',
      KERNEL_NOTE,
    ],
    pose: (full) =>
      Promise.resolve(
        posedImage(
          {
            rates: {siren: 1e-3, pinn: 1e-2, paper: 5e-3},
            prepare: (image, options) => preparePoisson(image, 'built-in scene', options),
            own: {supervision: 'gradient', target: 'sobel'},
            grid: SMOOTH,
            peers: true,
          },
          full,
        ),
      ),
  },
  {
    name: 'poisson-laplacian',
    summary: 'an image from its Laplacian at the pixels, the border given as values',
    metric: METRIC,
    hint: AFFINE,
    notes: ['Without the border the Laplacian leaves every harmonic function open; all contenders are given it.', KERNEL_NOTE],
    pose: (full) =>
      Promise.resolve(
        posedImage(
          {
            rates: {siren: 1e-3, pinn: 1e-2, paper: 5e-3},
            iterations: [400],
            prepare: (image, options) => preparePoisson(image, 'built-in scene', options),
            own: {supervision: 'laplacian', target: 'sobel', border: 'known'},
            grid: SMOOTH,
          },
          full,
        ),
      ),
  },
];

/** No equation: a field fitted to values. */
export const FIT_SYSTEM: System = {
  name: 'fit',
  summary: 'a field fitted to an image, without any equation',
  metric: METRIC,
  hint: AFFINE,
  notes: ['The grid has a node at every pixel: it interpolates, and its error is that of rounding.'],
  pose: (full) => Promise.resolve(posedImage({rates: {siren: 1e-3, pinn: 1e-2, paper: 2e-2}, prepare: fitImage, own: {}}, full)),
};
