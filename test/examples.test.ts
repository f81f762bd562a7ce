/** The examples run as they stand, from the built package, and reach what they print. */
import {execFile} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import * as path from 'node:path';
import {promisify} from 'node:util';

const DIRECTORY = path.join(__dirname, '..', 'examples');

/** What each example prints of its error, and the most it may be (PSNR: the least). */
const REACHED: Readonly<Record<string, {pattern: RegExp; most?: number; least?: number}>> = {
  'advection-2d': {pattern: /error at the end (\S+)/, most: 1e-4},
  advection: {pattern: /error at the end (\S+)/, most: 5e-4},
  burgers: {pattern: /error at the end (\S+)/, most: 1e-5},
  cloth: {pattern: /energy ([-\d.]+)/, most: -0.66, least: -0.7},
  fit: {pattern: /derivative by (\S+)/, most: 1e-3},
  heat: {pattern: /error (\S+)/, most: 1e-5},
  helmholtz: {pattern: /along a ray ([^,]+)/, most: 1e-3},
  'image-from-gradient': {pattern: /PSNR (\S+)/, least: 90},
  'inverse-heat': {pattern: /off by (\S+) %/, most: 1},
  plate: {pattern: /centre (\S+)/, least: 0.004062, most: 0.0040628},
  sdf: {pattern: /error (\S+)/, most: 5e-3},
  zalesak: {pattern: /square (\S+)/, most: 1.5e-2},
};

const names = readdirSync(DIRECTORY);

test.each(names.filter((name) => existsSync(path.join(DIRECTORY, name, 'index.mjs'))))('%s', async (name) => {
  const {stdout} = await promisify(execFile)(process.execPath, [path.join(DIRECTORY, name, 'index.mjs')]);
  const {pattern, most = Infinity, least = -Infinity} = REACHED[name];
  const value = Number(pattern.exec(stdout)?.[1]);
  expect(value).toBeLessThanOrEqual(most);
  expect(value).toBeGreaterThanOrEqual(least);
});

test.each(names)('%s says what it shows', (name) => {
  expect(existsSync(path.join(DIRECTORY, name, 'README.md'))).toBe(true);
});
