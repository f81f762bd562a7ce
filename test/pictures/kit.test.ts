import {axesAround, ticksAlong} from '../../lib/pictures/axes';
import {errorColours, errorRange, fieldColours, rangeOf, withRoom} from '../../lib/pictures/ranges';
import {Sheet} from '../../lib/pictures/sheet';
import {textWidth} from '../../lib/pictures/text';
import {logLabels, logTicks, niceTicks, tickLabels} from '../../lib/pictures/ticks';

const RANGES: readonly (readonly [number, number])[] = [
  [0, 1],
  [-1, 1],
  [0.03, 0.031],
  [1e6, 1e6 + 1e-3],
  [-5e-9, 2e-9],
  [0, 6.283185307179586],
  [1e-300, 3e-300],
  [-1e20, 1e20],
  [0.99, 1.0000001],
];

describe('ticks', () => {
  it.each(RANGES)('of %d to %d are round, rising, inside, and no more than asked for', (low, high) => {
    for (const most of [2, 3, 5, 8]) {
      const ticks = niceTicks([low, high], most);
      const hair = 1e-9 * (high - low);
      expect(ticks.length).toBeLessThanOrEqual(most);
      expect(ticks.length).toBeGreaterThanOrEqual(Math.floor(0.4 * most));
      ticks.forEach((tick, i) => {
        expect(tick).toBeGreaterThanOrEqual(low - hair);
        expect(tick).toBeLessThanOrEqual(high + hair);
        if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1]);
      });
    }
  });
  it.each(RANGES)('of %d to %d are written in different words', (low, high) => {
    for (const values of [niceTicks([low, high], 8), [low, (low + high) / 2, high]]) {
      const labels = tickLabels(values);
      expect(new Set(labels).size).toBe(values.length);
      expect(Math.max(...labels.map((label) => label.length))).toBeLessThan(16);
    }
  });
  it('have no more digits than it takes', () => {
    expect(niceTicks([0, 1], 6)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(tickLabels([0, 0.2, 0.4])).toEqual(['0', '0.2', '0.4']);
    expect(tickLabels([0.97, 0.975, 0.98])).toEqual(['0.97', '0.975', '0.98']);
    expect(tickLabels([-8.7e-8, 0.5, 1])).toEqual(['0', '0.5', '1']);
    expect(tickLabels([-2, 2])).toEqual(['−2', '2']);
    expect(tickLabels([0, 1e-7, 2e-7])).toEqual(['0', '1e−7', '2e−7']);
    expect(tickLabels([5])).toEqual(['5']);
  });
  it('of a logarithmic axis are powers of ten, finer where there are few', () => {
    expect(logTicks([1e-9, 1], 5)).toEqual([1e-8, 1e-6, 1e-4, 1e-2, 1]);
    expect(logTicks([0.9, 11], 5)).toEqual([1, 2, 5, 10]);
    expect(logTicks([3.1e-7, 3.3e-7], 5).length).toBeGreaterThan(2);
    expect(logLabels([1e-8, 1e-6, 1])).toEqual(['10⁻⁸', '10⁻⁶', '10⁰']);
    expect(logLabels([0.1, 1, 10])).toEqual(['0.1', '1', '10']);
  });
});

describe('ranges', () => {
  it('hold what is finite', () => {
    expect(rangeOf([3, NaN, -1], Float32Array.of(7, Infinity))).toEqual([-1, 7]);
    expect(rangeOf([NaN])).toEqual([0, 1]);
    expect(withRoom([0, 10], 0.1)).toEqual([-1, 11]);
    expect(withRoom([5, 5], 0.1)[1]).toBeGreaterThan(5);
  });
  it('are the same on both sides where both signs matter, not where rounding made a zero negative', () => {
    expect(fieldColours([-1, 4])).toEqual({map: 'diverging', range: [-4, 4]});
    expect(fieldColours([-1e-8, 4])).toEqual({map: 'viridis', range: [-1e-8, 4]});
    expect(fieldColours([-1, 4], {range: [0, 2]})).toEqual({map: 'viridis', range: [0, 2]});
  });
  it('of errors begin at 0, pass over outliers, and are never empty', () => {
    expect(errorRange(Float64Array.from({length: 5000}, (_, i) => (i === 7 ? 1e3 : 0.5)))).toEqual([0, 0.5]);
    expect(errorRange(new Float64Array(9))[1]).toBeGreaterThan(0);
    expect(errorRange(Float64Array.of(NaN))).toEqual([0, 1]);
  });
  it('of errors are logarithmic where the largest are far above the rest', () => {
    const even = Float64Array.from({length: 1000}, (_, i) => i / 1000);
    expect(errorColours(even).logarithmic).toBeUndefined();
    const corner = even.map((value, i) => (i < 20 ? 1e4 : value));
    expect(errorColours(corner)).toMatchObject({logarithmic: true, range: [expect.closeTo(0.051, 2), 1e4]});
    // Faces where a condition is met leave zeros: they say nothing of the size of the rest.
    const faces = Float64Array.of(...corner, ...new Float64Array(3000));
    expect(errorColours(faces)).toMatchObject({logarithmic: true, range: [expect.closeTo(0.051, 2), 1e4]});
  });
});

describe('numbers of an axis', () => {
  it('differ, down to the last digits that there are', () => {
    for (const base of [1, -170.00298437271394, 715729706.8781875, 1e-11, 3e12]) {
      for (let digits = 0; digits <= 17; digits++) {
        const upper = base + Math.abs(base) * 10 ** -digits;
        for (const most of [2, 6, 8]) {
          const labels = tickLabels(niceTicks([base, upper], most));
          expect(new Set(labels).size).toBe(labels.length);
        }
        if (!(upper > base)) continue;
        const texts = ticksAlong({lower: base, upper}, 400, 5, () => 10).map(({text}) => text);
        expect(new Set(texts).size).toBe(texts.length);
      }
    }
  });
});

describe('axes', () => {
  it.each([60, 120, 400])('have numbers that do not touch on %d pixels', (length) => {
    for (const [lower, upper] of RANGES) {
      const extent = (label: string): number => textWidth(label, 12);
      const ticks = ticksAlong({lower, upper}, length, 5, extent);
      expect(ticks.length).toBeGreaterThan(0);
      ticks.slice(1).forEach(({place, text}, i) => {
        const before = ticks[i];
        expect(place - extent(text) / 2 - (before.place + extent(before.text) / 2)).toBeGreaterThanOrEqual(5);
      });
    }
  });

  it('leave room for all that they draw', () => {
    for (const [lower, upper] of RANGES) {
      const size = {width: 200, height: 150};
      const axes = axesAround(size, {across: {name: 'x', lower, upper}, up: {name: 'y', lower, upper}}, {text: 12});
      const sheet = new Sheet(axes.left + size.width + axes.right + 40, axes.top + size.height + axes.bottom + 40);
      axes.draw(sheet, axes.left + 20, axes.top + 20);
      const outside = (column: number, row: number): boolean =>
        column < 18 || row < 18 || column >= sheet.width - 18 || row >= sheet.height - 18;
      const stray = Array.from({length: sheet.width * sheet.height}, (_, i) => i).filter(
        (i) => outside(i % sheet.width, Math.floor(i / sheet.width)) && sheet.data[3 * i] < 200,
      );
      expect(stray).toEqual([]);
    }
  });
});
