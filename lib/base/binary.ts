/** Where the native binary of this package is. */
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The folder of the package: this file is two below it, in lib/ as in dist/. Asked late: a browser has no such thing. */
export const packageFolder = (): string => path.join(__dirname, '..', '..');

/** What a prebuilt binary is called for a platform: on Linux there is one for each C library, of which only the right one loads. */
function prebuiltNames(platform: NodeJS.Platform): string[] {
  return platform === 'linux' ? ['dinf-grid.glibc.node', 'dinf-grid.musl.node'] : ['dinf-grid.node'];
}

/**
 * The files that may hold the addon, in the order in which they are tried: the one that the environment variable DINF_GRID_ADDON names, and
 * no other then; what was compiled in the package's folder; what the package brings for this platform; `dinf-grid.node` beside the running
 * file, where a bundler has put the library elsewhere.
 */
function binaryPlaces(
  named = process.env.DINF_GRID_ADDON,
  {platform, arch}: {platform: NodeJS.Platform; arch: string} = process,
): string[] {
  if (named !== undefined && named !== '') return [path.resolve(named)];
  const prebuilt = prebuiltNames(platform).map((name) => path.join(packageFolder(), 'prebuilds', `${platform}-${arch}`, name));
  return [path.join(packageFolder(), 'build', 'Release', 'dinf_grid.node'), ...prebuilt, path.join(__dirname, 'dinf-grid.node')];
}

/**
 * Loads the first of the files that is there and loads.
 *
 * @returns what it exports, or, a line each, why none loads.
 */
export function loadBinary(places = binaryPlaces()): {exports: unknown} | {failures: readonly string[]} {
  const failures: string[] = [];
  for (const place of places) {
    if (!fs.existsSync(place)) continue;
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a synchronous load whose path is decided at run time
      return {exports: require(place)};
    } catch (error) {
      failures.push(`${place}: ${(error instanceof Error ? error.message : String(error)).split('\n')[0]}`);
    }
  }
  return {
    failures:
      failures.length > 0 ? failures : [`there is none ${places.length === 1 ? `at ${places[0]}` : `in ${packageFolder()}`}`],
  };
}
