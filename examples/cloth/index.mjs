// A square of cloth held at two corners: the least energy of a thin elastic shell, by L-BFGS. Stretching as squares, gravity as an energy.
import {bspline, gauss, lbfgs, problem, rbfGrid, solve, term} from 'dinf-grid';

// Green's strain of the displacement (u, v, w), and the change of curvature with the normal of small slopes (-w_x, -w_y, 1).
const strain = {
  e11: 'u_x + (u_x^2 + v_x^2 + w_x^2)/2',
  e12: '(u_y + v_x + u_x*u_y + v_x*v_y + w_x*w_y)/2',
  e22: 'v_y + (u_y^2 + v_y^2 + w_y^2)/2',
  k11: 'w_xx - w_x*u_xx - w_y*v_xx',
  k12: 'w_xy - w_x*u_xy - w_y*v_xy',
  k22: 'w_yy - w_x*u_yy - w_y*v_yy',
};
const [thickness, young, nu, density] = [1.2e-3, 5000, 0.25, 0.144];
const stretching = (young * thickness) / (1 - nu ** 2);
const bending = (thickness ** 2 * stretching) / 12;
// ½C(e11² + e22² + 2ν e11 e22 + 2(1 - ν) e12²), as three squares.
const squares = (stiffness, e11, e12, e22) => [
  `sqrt(${stiffness / 2})*(${e11} + ${nu}*(${e22}))`,
  `sqrt(${(stiffness / 2) * (1 - nu ** 2)})*(${e22})`,
  `sqrt(${stiffness * (1 - nu)})*(${e12})`,
];

// The corners (-1, 1) and (1, 1) come closer by 0.4 each and stay there, whatever the field is.
const [left, right] = ['exp(-((x + 1)^2 + (y - 1)^2)/0.04)', 'exp(-((x - 1)^2 + (y - 1)^2)/0.04)'];
const free = `(1 - ${left})*(1 - ${right})`;
const samples = gauss(4); // fewer points, and the cloth would hide its folds between them
const cloth = problem({
  domain: {x: [-1, 1], y: [-1, 1]},
  unknowns: ['u', 'v', 'w'],
  field: rbfGrid({resolution: 16, kernel: bspline(5), initialScale: 1e-3}),
  lift: {u: `0.4*(${left} - ${right}) + ${free}*u`, v: `${free}*v`, w: `${free}*w`},
  terms: [
    term(
      samples,
      [...squares(stretching, strain.e11, strain.e12, strain.e22), ...squares(bending, strain.k11, strain.k12, strain.k22)],
      {name: 'elasticity', weight: 1 / 4}, // a mean over the sheet, whose area is 4
    ),
    term(samples, `${density * 9.8}*v`, {name: 'gravity', loss: 'identity', weight: 1 / 4}),
  ],
});
const solution = await solve(cloth, {optimizer: lbfgs({iterations: 200, scaling: 'shared'})});

const {v, w} = await solution.evaluate([0, -1, 0, 1]);
console.log(
  `${solution.seconds.toFixed(2)} s, energy ${solution.loss.toFixed(4)}; the lower edge hangs ${(-v[0]).toFixed(2)} m deeper, the upper ${(-v[1]).toFixed(2)} m, ${Math.abs(w[1]).toFixed(2)} m out of its plane`,
);
solution.dispose();
