// A square plate, simply supported, under a uniform load: the least energy (Ritz form), terms of squares and one of work.
import {bspline, gauss, problem, rbfGrid, solve, term} from 'dinf-grid';

const plate = problem({
  domain: {x: [0, 1], y: [0, 1]},
  unknowns: ['w'],
  field: rbfGrid({resolution: 16, levels: 2, kernel: bspline(5)}),
  lift: {w: 'x*(1 - x)*y*(1 - y)*w'},
  terms: [
    term(gauss(3), ['w_xx', 'sqrt(2)*w_xy', 'w_yy'], {name: 'bending', weight: 0.5}),
    term(gauss(3), '-w', {name: 'work of the load', loss: 'identity'}),
  ],
});
const solution = await solve(plate);

const values = await solution.evaluate([0.5, 0.5], {expressions: ['w', 'w_xx', 'biharmonic(w)']});
const navier = 0.00406235; // deflection of the centre, Timoshenko & Woinowsky-Krieger, table 8
console.log(
  `${(1e3 * solution.seconds).toFixed(0)} ms, centre ${values.w[0].toPrecision(6)} (Navier ${navier}), curvature ${values.w_xx[0].toPrecision(5)}, load ${values['biharmonic(w)'][0].toPrecision(4)}`,
);
solution.dispose();
