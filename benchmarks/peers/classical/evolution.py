"""Equations of evolution: Fourier or Chebyshev in space, ETDRK4 in time (that of ../../references/suites.py).

    python3 evolution.py --case kdv --reference DIR

DIR holds t.npy (equal parts of the time, its end among them), x.npy and u.npy, the reference at (t, x). A rung is a number of modes and a
number of steps; the error is that at the reference's times and places. What takes the modes to these places is not timed.
"""

import math
import sys
from pathlib import Path

import numpy as np
from scipy import fft
from scipy.linalg import solve_banded

import measure
import nodes

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'references'))
import suites  # noqa: E402


class Exponential:
    """What ETDRK4 solvers share: steps are doubled until they gain nothing."""

    words = '{} modes, {} steps'

    def steps(self, size, outputs):
        return [outputs * 2**k for k in range(math.ceil(math.log2(100_000 / outputs)))]


class Ring(Exponential):
    """u_t = L u + N(u) on a ring of the given length from `lower` on; L by its symbol, N by values, differentiated or not."""

    method = 'Fourier, ETDRK4'

    def __init__(self, lower, length, start, symbol, nonlinear, differentiated):
        self.lower, self.length = lower, length
        self.start, self.symbol, self.nonlinear, self.differentiated = start, symbol, nonlinear, differentiated

    def waves(self, modes):
        return 2 * np.pi / self.length * np.arange(modes // 2 + 1)

    def solve(self, modes, steps, time, outputs):
        wave = self.waves(modes)
        places = self.lower + self.length * np.arange(modes) / modes
        symbols = self.symbol(wave)
        if np.iscomplexobj(symbols):
            symbols[-1] = symbols[-1].real  # the shortest wave has no phase
        factor = 1j * wave if self.differentiated else 1
        rate = lambda t, u: factor * fft.rfft(self.nonlinear(fft.irfft(u)))
        return suites.etdrk4(symbols, rate, fft.rfft(self.start(places)), time, steps, outputs)

    def at(self, found, modes, places):
        """Values of the trigonometric polynomials at any places."""
        heights = np.array(found) / modes
        heights[:, 1:-1] *= 2
        return (heights @ np.exp(1j * np.outer(self.waves(modes), places - self.lower))).real


class Segment(Exponential):
    """The same between walls with fixed values, in the eigenvectors of the second derivative at Chebyshev points."""

    method, words = 'Chebyshev, ETDRK4', 'degree {}, {} steps'

    def __init__(self, lower, upper, walls, start, diffusion, growth, nonlinear):
        self.lower, self.upper, self.walls, self.start = lower, upper, walls, start
        self.diffusion, self.growth, self.nonlinear = diffusion, growth, nonlinear

    def solve(self, modes, steps, time, outputs):
        x, first = nodes.chebyshev(modes, self.lower, self.upper)
        second = first @ first
        values, vectors = np.linalg.eig(second[1:-1, 1:-1])
        back = np.linalg.inv(vectors)
        # u = line between the walls' values + w, w = 0 on the walls
        line = self.walls[0] + (self.walls[1] - self.walls[0]) * (x - self.lower) / (self.upper - self.lower)
        inner = line[1:-1]
        slopes = first[1:-1]

        def rate(t, w):
            u = line.copy()
            u[1:-1] += vectors @ w
            return back @ (self.growth * inner + self.nonlinear(u[1:-1], lambda: slopes @ u))

        symbols = self.diffusion * values.real + self.growth
        start = back @ (self.start(x[1:-1]) - inner)
        found = suites.etdrk4(symbols, rate, start, time, steps, outputs)
        return [np.concatenate([[self.walls[0]], inner + vectors @ w, [self.walls[1]]]) for w in found]

    def at(self, found, modes, places):
        return np.array(found) @ nodes.between(modes, self.lower, self.upper, places).T


class Linear(Segment):
    """u_t = diffusion u_xx: exact in time by the eigenvalues, whatever the number of steps."""

    method, words = 'Chebyshev, exponential', 'degree {}'

    def steps(self, size, outputs):
        return [outputs]

    def solve(self, modes, _, time, outputs):
        x, first = nodes.chebyshev(modes, self.lower, self.upper)
        values, vectors = np.linalg.eig((first @ first)[1:-1, 1:-1])
        start = np.linalg.solve(vectors, self.start(x[1:-1]))
        times = time * np.arange(1, outputs + 1) / outputs
        inner = (vectors @ (np.exp(self.diffusion * np.outer(values, times)) * start[:, None])).T
        return np.pad(inner.real, ((0, 0), (1, 1)))


class Crank:
    """u_t = diffusion u_xx by Crank and Nicolson's rule and second differences: what is taught first."""

    method, words = 'Crank-Nicolson', '{} cells, {} steps'

    def __init__(self, lower, upper, start, diffusion):
        self.lower, self.upper, self.start, self.diffusion = lower, upper, start, diffusion

    def steps(self, size, outputs):
        """In proportion to the cells: both errors are of second order."""
        return [max(outputs, outputs * size // 32)]

    def solve(self, cells, steps, time, outputs):
        x = np.linspace(self.lower, self.upper, cells + 1)
        ratio = self.diffusion * time / steps / (x[1] - x[0]) ** 2 / 2
        bands = np.array([[-ratio], [1 + 2 * ratio], [-ratio]]) * np.ones(cells - 1)
        u, found = self.start(x), []
        for step in range(steps):
            right = u[1:-1] + ratio * (u[2:] - 2 * u[1:-1] + u[:-2])
            u = np.pad(solve_banded((1, 1), bands, right, check_finite=False), 1)
            if (step + 1) * outputs % steps == 0:
                found.append(u)
        return found

    def at(self, found, cells, places):
        x = np.linspace(self.lower, self.upper, cells + 1)
        return np.array([np.interp(places, x, one) for one in found])


def burgers_ring():
    """Odd about both walls, so that a ring has them at 0."""
    viscosity = 0.01 / np.pi
    return Ring(-1, 2, lambda x: -np.sin(np.pi * x), lambda k: -viscosity * k**2, lambda u: -(u**2) / 2, True)


def burgers_segment():
    return Segment(-1, 1, (0, 0), lambda x: -np.sin(np.pi * x), 0.01 / np.pi, 0, lambda u, slope: -u * slope())


HEAT = {'lower': 0, 'upper': 1, 'start': lambda x: np.sin(np.pi * x) + np.sin(5 * np.pi * x) / 2, 'diffusion': 0.1}
COARSE, FINE = [32, 64, 128, 256, 512], [64, 128, 256, 512, 1024, 2048]

# Name: solvers, each with the sizes that are tried.
CASES = {
    'heat': [
        (Linear(HEAT['lower'], HEAT['upper'], (0, 0), HEAT['start'], HEAT['diffusion'], 0, None), [8, 12, 16, 20, 24, 32, 48]),
        (Crank(**HEAT), [16, 32, 64, 128, 256, 512]),
    ],
    'burgers1d': [(burgers_ring(), [128, 256, 512, 1024, 2048]), (burgers_segment(), [64, 128, 256])],
    'allen_cahn': [
        (
            Ring(-1, 2, lambda x: x**2 * np.cos(np.pi * x), lambda k: 5 - 1e-4 * k**2, lambda u: -5 * u**3, False),
            FINE,
        )
    ],
    'dde_allen_cahn': [
        (Segment(-1, 1, (-1, -1), lambda x: x**2 * np.cos(np.pi * x), 1e-3, 5, lambda u, _: -5 * u**3), [32, 64, 96, 128, 192])
    ],
    'kdv': [
        (Ring(-1, 2, lambda x: np.cos(np.pi * x), lambda k: 1j * 0.022**2 * k**3, lambda u: -(u**2) / 2, True), COARSE),
    ],
    'ks': [
        (
            Ring(-1, 2, lambda x: -np.sin(np.pi * x), lambda k: 0.5 * k**2 - 0.005 * k**4, lambda u: -2.5 * u**2, True),
            COARSE,
        )
    ],
}


def main():
    p = measure.parser(__doc__)
    p.add_argument('--case', choices=list(CASES), required=True)
    p.add_argument('--reference', type=Path, required=True, metavar='DIR')
    options = p.parse_args()
    times, places, truth = (np.load(options.reference / f'{name}.npy') for name in 'txu')
    # The start is given, so that it is not judged; of what follows the last time ends an integer number of equal parts.
    truth, times = truth[times > 0], times[times > 0]
    outputs = round(times[-1] / times[0])
    if not np.allclose(times, times[-1] * np.arange(1, outputs + 1) / outputs):
        raise SystemExit('error: the times of the reference must be equal parts of the last one')
    ladders = measure.Ladders(options.limit)
    for solver, sizes in CASES[options.case]:
        for size in sizes:
            ladders.climb(
                solver.method,
                [(size, steps) for steps in solver.steps(size, outputs)],
                lambda n, steps: lambda: solver.solve(n, steps, float(times[-1]), outputs),
                lambda found, n, _: (measure.relative(solver.at(found, n, places), truth), n),
                solver.words,
            )
    measure.answer('evolution', ladders)


if __name__ == '__main__':
    main()
