/** What a report says beside a metric is said by the problem that reports it. */
import {prepareEquation} from '../../lib/equation/equation';
import {renderScene} from '../../lib/imaging/scene/scene';
import type {Assessment, Prepared, RunOptions} from '../../lib/cases/definition';
import {PROBLEMS} from '../../lib/problems';
import {fitImage} from '../../lib/problems/fit-definition';
import {preparePoisson} from '../../lib/problems/poisson-definition';
import {solved} from '../support/solved';

async function assessed(preparing: Prepared | Promise<Prepared>): Promise<Assessment> {
  const prepared = await preparing;
  using solution = await solved(prepared);
  return await prepared.assess(solution);
}

const few: RunOptions = {preset: 'fast', iterations: [2], own: {}};
const scene = renderScene(16);

/** Every problem, small; those of images are given one. Cloth and sdf, slow to judge, have the same test among their own. */
const CASES: readonly (readonly [string, () => Prepared | Promise<Prepared>])[] = [
  ...PROBLEMS.filter(({name}) => !['poisson', 'fit', 'cloth', 'sdf'].includes(name)).map(
    (definition): [string, () => Promise<Prepared>] => {
      const resolution = definition.name === 'helmholtz' ? 32 : 16;
      return [definition.name, () => definition.prepare({...few, resolution, levels: 1})];
    },
  ),
  ['poisson', () => preparePoisson(scene, 'scene', few)],
  ['poisson, border known', () => preparePoisson(scene, 'scene', {...few, own: {border: 'known'}})],
  ['fit', () => fitImage(scene, few)],
  ['fit, function', () => PROBLEMS.find(({name}) => name === 'fit')!.prepare({...few, own: {function: 'x*y'}})],
  ['equation', () => prepareEquation({equations: ['u_x = v', 'v_x = 1'], domain: 'x=0..1', exact: 'u=x; v=1'}, few)],
];

test.each(CASES)('%s has a hint for each of its metrics', async (_, prepare) => {
  const {metrics, hints = {}} = await assessed(prepare());
  expect(Object.keys(metrics).filter((name) => !Object.hasOwn(hints, name))).toEqual([]);
});

test('an offset is spoken of where a free border leaves it open, and nowhere else', async () => {
  const offsetIn = async (prepared: Prepared): Promise<boolean> => (await assessed(prepared)).hints!.psnr.includes('offset');
  expect(await offsetIn(preparePoisson(scene, 'scene', few))).toBe(true);
  expect(await offsetIn(preparePoisson(scene, 'scene', {...few, own: {border: 'known'}}))).toBe(false);
  expect(await offsetIn(fitImage(scene, few))).toBe(false);
});

test('signed distances are spoken of by sdf alone', async () => {
  const {hints} = await assessed(prepareEquation({equations: ['u_x = 1'], domain: 'x=0..1', exact: 'x'}, few));
  expect(Object.values(hints!).join()).not.toContain('distance');
  expect(Object.keys(hints!)).toEqual(expect.arrayContaining(['relativeL2', 'meanAbsoluteError', 'residualRms']));
});
