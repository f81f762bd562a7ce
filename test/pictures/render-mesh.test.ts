import type {BytePicture} from '../../lib/files/image';
import type {TriangleMesh} from '../../lib/mesh/mesh';
import {cameraFor} from '../../lib/pictures/camera';
import {meshSheet, renderMesh, visibleSamples} from '../../lib/pictures/render-mesh';
import {boxMesh, torusMesh} from '../mesh/shapes';

const pixel = ({width, data}: BytePicture, column: number, row: number): number[] => [
  ...data.subarray(3 * (row * width + column), 3 * (row * width + column) + 3),
];
const straight = {azimuth: 0, elevation: 0, fieldOfView: 0};

/** Two squares across the line of sight, the nearer one smaller: red before green, the order of drawing as given. */
function squares(order: readonly [number, number]): {mesh: TriangleMesh; colours: Uint8Array} {
  const positions: number[] = [];
  const colours: number[] = [];
  const triangles: number[] = [];
  for (const which of order) {
    const [half, z] = which === 0 ? [0.5, 1] : [1, 0];
    const first = positions.length / 3;
    positions.push(-half, -half, z, half, -half, z, half, half, z, -half, half, z);
    for (let i = 0; i < 4; i++) colours.push(...(which === 0 ? [255, 0, 0] : [0, 255, 0]));
    triangles.push(first, first + 1, first + 2, first, first + 2, first + 3);
  }
  return {
    mesh: {positions: Float64Array.from(positions), triangles: Uint32Array.from(triangles)},
    colours: Uint8Array.from(colours),
  };
}

describe('a rendered mesh', () => {
  it.each([[0], [40]])('shows what is nearer, whatever was drawn first (field of view %i)', (fieldOfView) => {
    for (const order of [[0, 1] as const, [1, 0] as const]) {
      const {mesh, colours} = squares(order);
      const picture = renderMesh(mesh, {...straight, fieldOfView}, {width: 100, height: 100, samples: 1, colours});
      const [middle, edge] = [pixel(picture, 50, 50), pixel(picture, 12, 50)];
      expect(middle[0]).toBeGreaterThan(3 * middle[1]);
      expect(edge[1]).toBeGreaterThan(3 * edge[0]);
      // From behind the larger one hides the smaller.
      const behind = pixel(
        renderMesh(mesh, {...straight, azimuth: 180, fieldOfView}, {width: 100, height: 100, samples: 1, colours}),
        50,
        50,
      );
      expect(behind[1]).toBeGreaterThan(3 * behind[0]);
    }
  });

  it('has the silhouette of the mesh, a hole included, and fills the picture', () => {
    const size = 160;
    const torus = torusMesh(64);
    const picture = renderMesh(torus, {...straight, up: 'y'}, {width: size, height: size, samples: 2});
    let covered = 0;
    for (let i = 0; i < size * size; i++) if (picture.data[3 * i + 2] < 250) covered += 1;
    // Looked at along its axis: a ring between R − r and R + r, with 4 % of margin at the edges.
    const scale = (size * 0.92) / (2 * 0.85);
    expect(covered / (Math.PI * (0.85 ** 2 - 0.35 ** 2) * scale ** 2)).toBeCloseTo(1, 1);
    expect(pixel(picture, 80, 80)).toEqual([255, 255, 255]);
    expect(pixel(picture, 2, 2)).toEqual([255, 255, 255]);
    expect(pixel(picture, 9, 80)[0]).toBeLessThan(250);
    expect(pixel(picture, 4, 80)).toEqual([255, 255, 255]);
  });

  it('has its axes where they belong', () => {
    // A small box at the end of each axis, coloured by it.
    const ends = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [-1, -1, -1],
    ];
    const boxes = ends.map((end) => boxMesh([0.2, 0.2, 0.2], end));
    const mesh = {
      positions: Float64Array.from(boxes.flatMap((box) => [...box.positions])),
      triangles: Uint32Array.from(boxes.flatMap((box, i) => [...box.triangles].map((v) => v + 8 * i))),
    };
    const colours = Uint8Array.from(
      ends.flatMap((end) => Array.from({length: 8}, () => end.map((v) => 255 * Math.max(0, v))).flat()),
    );
    for (const [up, across, above] of [
      ['y', 0, 1],
      ['z', 1, 2],
      ['x', 2, 0],
    ] as const) {
      const picture = renderMesh(mesh, {...straight, up}, {width: 90, height: 90, samples: 1, colours});
      const brightest = (channel: number): {column: number; row: number} => {
        let best = {value: -1e9, column: 0, row: 0};
        for (let row = 0; row < 90; row++) {
          for (let column = 0; column < 90; column++) {
            const rgb = pixel(picture, column, row);
            const value = rgb[channel] - rgb[(channel + 1) % 3] - rgb[(channel + 2) % 3];
            if (value > best.value) best = {value, column, row};
          }
        }
        return best;
      };
      expect(brightest(across).column).toBeGreaterThan(60);
      expect(brightest(above).row).toBeLessThan(30);
    }
  });

  it('keeps everything in the picture from any side, with perspective', () => {
    const long = boxMesh([10, 1, 1]);
    for (const azimuth of [0, 45, 90, 200]) {
      for (const elevation of [-60, 0, 89]) {
        const picture = renderMesh(long, {azimuth, elevation, fieldOfView: 60}, {width: 60, height: 40, samples: 1});
        const touched = (column: number, row: number): boolean => picture.data[3 * (row * 60 + column)] < 250;
        let [left, right, top, bottom] = [60, -1, 40, -1];
        for (let row = 0; row < 40; row++) {
          for (let column = 0; column < 60; column++) {
            if (!touched(column, row)) continue;
            [left, right, top, bottom] = [
              Math.min(left, column),
              Math.max(right, column),
              Math.min(top, row),
              Math.max(bottom, row),
            ];
          }
        }
        expect(left).toBeGreaterThan(0);
        expect(right).toBeLessThan(59);
        expect(top).toBeGreaterThan(0);
        expect(bottom).toBeLessThan(39);
        expect(right - left > 40 || bottom - top > 25).toBe(true);
      }
    }
  });

  it('measures depth along the line of sight, and turns normals to the viewer', () => {
    const {mesh} = squares([0, 1]);
    for (const fieldOfView of [0, 40]) {
      const size = {width: 50, height: 50};
      const view = {...straight, fieldOfView};
      const camera = cameraFor(mesh.positions, view, size);
      const {depth, normal} = visibleSamples(mesh, camera, size);
      const at = (column: number): number => 25 * 50 + column;
      expect(depth[at(6)] - depth[at(25)]).toBeCloseTo(1, 4);
      expect([...normal.subarray(3 * at(25), 3 * at(25) + 3)]).toEqual([0, 0, 1]);
      const back = {...mesh, triangles: mesh.triangles.slice().reverse()};
      expect(visibleSamples(back, camera, size).normal[3 * at(25) + 2]).toBe(1);
    }
  });

  it('is brighter towards the light, and the inner side has a colour of its own', () => {
    const shaded = renderMesh(boxMesh(), {azimuth: 35, elevation: 30}, {width: 120, height: 120});
    const [top, right] = [pixel(shaded, 60, 30), pixel(shaded, 85, 75)];
    expect(top[0]).toBeGreaterThan(right[0] + 20);
    const square: TriangleMesh = {
      positions: Float64Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0),
      triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
    };
    const [outer, inner] = [0, 180].map((azimuth) =>
      pixel(renderMesh(square, {...straight, azimuth}, {width: 30, height: 30}), 15, 15),
    );
    expect(outer[0]).toBeGreaterThan(outer[2]);
    expect(inner[0]).toBeLessThan(inner[2]);
  });

  it('stands on a sheet with others', () => {
    const sheet = meshSheet(boxMesh(), [{caption: 'a'}, {caption: 'b', azimuth: 200}], {width: 64, height: 48, samples: 1});
    expect(sheet.width).toBeGreaterThan(128);
    expect(sheet.height).toBeGreaterThan(48);
  });

  it('needs triangles and pixels', () => {
    const mesh = boxMesh();
    expect(() => renderMesh({...mesh, triangles: new Uint32Array()})).toThrow(/without triangles/);
    expect(() => renderMesh(mesh, {}, {width: 0})).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});
