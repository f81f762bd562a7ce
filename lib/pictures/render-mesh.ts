/** Shaded pictures of triangle meshes, drawn in software: triangles into a depth buffer, then light for each visible sample. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {TriangleMesh} from '../mesh/mesh';
import {vertexNormals} from '../mesh/mesh';
import type {Camera, View} from './camera';
import {cameraFor} from './camera';
import {sideBySide} from './pictures';
import type {Rgb} from './palette';
import {litPixels} from './shading';
import type {Visible} from './visible';

/** Options of {@link renderMesh}. */
export interface RenderOptions {
  /** Width of the picture in pixels. Default 640. */
  readonly width?: number;
  /** Height of the picture in pixels. Default 640. */
  readonly height?: number;
  /** Samples a pixel and axis. Default 3. */
  readonly samples?: number;
  /** Colour of the outer side. Default: a light clay. */
  readonly colour?: Rgb;
  /** Colour of the inner side, seen through holes and on cloth. Default: a muted blue. */
  readonly inside?: Rgb;
  /** Red, green, blue of each vertex, 0 to 255, shape (vertices, 3), instead of `colour` and `inside`. Default: none. */
  readonly colours?: Uint8Array;
  /** Colour where nothing is seen. Default white. */
  readonly background?: Rgb;
}

/**
 * A picture of a mesh, which fills it whatever its size: smooth normals (its own, or those of its faces), two-sided, with a key and a fill
 * light and darker creases, on a plain background.
 *
 * @throws DinfError INVALID_ARGUMENT for a mesh without triangles, or a picture without pixels
 */
export function renderMesh(mesh: TriangleMesh, view: View = {}, options: RenderOptions = {}): BytePicture {
  const {width = 640, height = 640, samples = 3, background = [255, 255, 255]} = options;
  if (mesh.triangles.length === 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      'A mesh without triangles cannot be drawn: give the triangles that join its vertices.',
    );
  }
  if (!(width >= 1 && height >= 1 && samples >= 1)) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `A picture of ${width} × ${height} with ${samples} samples a pixel has nothing to draw on.`,
    );
  }
  const fine = {width: width * samples, height: height * samples};
  const camera = cameraFor(mesh.positions, view, fine);
  const visible = visibleSamples(mesh, camera, fine, options);
  return {
    width,
    height,
    channels: 3,
    data: litPixels(visible, camera.size / Math.max(fine.width, fine.height), samples, background),
  };
}

/** Several views of a mesh in a row, with captions. */
export function meshSheet(
  mesh: TriangleMesh,
  views: readonly (View & {readonly caption: string; readonly note?: string})[],
  options: RenderOptions = {},
): BytePicture {
  return sideBySide(views.map(({caption, note, ...view}) => ({caption, note, picture: renderMesh(mesh, view, options)})));
}

const CLAY: Rgb = [214, 199, 178];
const INSIDE: Rgb = [121, 143, 171];

/** Draws all triangles into a depth buffer. */
// eslint-disable-next-line complexity -- the loops of a rasteriser, from triangles to pixels
export function visibleSamples(
  mesh: TriangleMesh,
  camera: Camera,
  {width, height}: {readonly width: number; readonly height: number},
  {colour = CLAY, inside = INSIDE, colours}: RenderOptions = {},
): Visible {
  const {triangles} = mesh;
  const count = mesh.positions.length / 3;
  const points = new Float64Array(3 * count); // column, row, 1 / w: 1 / w is linear on the picture
  const turned = new Float64Array(3 * count);
  const normals = mesh.normals ?? vertexNormals(mesh);
  for (let v = 0; v < 3 * count; v += 3) {
    camera.project(mesh.positions, v, points);
    camera.turn(normals, v, turned);
  }
  const visible = {
    width,
    height,
    depth: new Float32Array(width * height).fill(Infinity),
    normal: new Float32Array(3 * width * height),
    colour: new Uint8Array(3 * width * height),
  };
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const [ax, ay, bx, by, cx, cy] = [points[a], points[a + 1], points[b], points[b + 1], points[c], points[c + 1]];
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0) continue;
    const front = area < 0; // rows run downwards, so counterclockwise triangles have a negative area
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
    const right = Math.min(width - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const [x, y] = [column + 0.5, row + 0.5];
        const u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
        const v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
        const w = 1 - u - v;
        if (u < 0 || v < 0 || w < 0) continue;
        const inverse = u * points[a + 2] + v * points[b + 2] + w * points[c + 2];
        const depth = camera.depth(inverse);
        const at = row * width + column;
        if (depth >= visible.depth[at]) continue;
        visible.depth[at] = depth;
        // Weights in space, not on the picture: a far end of a triangle is drawn shorter.
        const [wu, wv, ww] = camera.weights(u, v, w, points[a + 2], points[b + 2], points[c + 2]);
        const sign = front ? 1 : -1;
        for (let k = 0; k < 3; k++) {
          visible.normal[3 * at + k] = sign * (wu * turned[a + k] + wv * turned[b + k] + ww * turned[c + k]);
          visible.colour[3 * at + k] =
            colours === undefined
              ? (front ? colour : inside)[k]
              : wu * colours[a + k] + wv * colours[b + k] + ww * colours[c + k];
        }
      }
    }
  }
  return visible;
}
