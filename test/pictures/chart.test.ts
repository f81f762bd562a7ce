import {FAINT, SERIES} from '../../lib/pictures/palette';
import {chartPicture} from '../../lib/pictures/plots';

const style = {title: 'heat', xLabel: 'seconds', yLabel: 'relative L2', logarithmic: true};

/** Columns and rows of the pixels that have exactly a colour. */
function placesOf({width, data}: {width: number; data: Uint8Array}, colour: readonly number[]): {x: number; y: number}[] {
  const found = [];
  for (let i = 0; i < data.length / 3; i++) {
    if (colour.every((level, k) => data[3 * i + k] === level)) found.push({x: i % width, y: Math.floor(i / width)});
  }
  return found;
}

it('puts equal ratios equally far apart, and leaves a gap for what has no logarithm', () => {
  const alone = (x: number[], y: number[]) => {
    const ends = {label: 'ends', x: [1e-2, 1e2], y: [1, 1e-8]};
    return placesOf(chartPicture([ends, {label: 'b', x, y}], style), SERIES[1]).filter(({y: row}) => row > 120);
  };
  const middle = (points: {x: number; y: number}[]) => ({
    x: points.reduce((sum, {x}) => sum + x, 0) / points.length,
    y: points.reduce((sum, {y}) => sum + y, 0) / points.length,
  });
  const [first, second, third] = [1e-1, 1, 10].map((x, i) => middle(alone([x], [10 ** (-2 * (i + 1))])));
  expect(second.x - first.x).toBeCloseTo(third.x - second.x, 0);
  expect(second.y - first.y).toBeCloseTo(third.y - second.y, 0);
  expect(second.x - first.x).toBeGreaterThan(100);
  expect(alone([1, 1, -1], [0, NaN, 1e-3])).toEqual([]);
});

it('has a legend of as many rows as its names take, and says what is wrong', () => {
  const lines = ['grid', 'Siren', 'PINN', 'hat', "the paper's preset", "PyTorch's Siren"].map((label, i) => ({
    label,
    x: [1, 2],
    y: [1, 8 - i],
  }));
  const [one, all] = [chartPicture(lines.slice(0, 1), style), chartPicture(lines, style)];
  expect(all.width).toBe(one.width);
  expect(all.height).toBeGreaterThan(one.height);
  expect(placesOf(one, FAINT).length).toBeGreaterThan(100);
  expect(() => chartPicture([{label: 'a', x: [1], y: []}], style)).toThrow('1 x for 0 y');
});
