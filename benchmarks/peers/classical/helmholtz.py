"""The Helmholtz equation by differences of high order with a sparse LU, and by what knows that the box is a product.

    python3 helmholtz.py --task box --square 181 --source "(181 - 81*(x^2 + y^2))*cos(9*x*y)" --exact "sin(9*x + 10*y) + cos(9*x*y)"
    python3 helmholtz.py --task point --wavenumber 20

`box`: u_xx + u_yy + k² u = f on the unit square with values on the border. `point`: the wave of a narrow source on [-1, 1]² in absorbing
layers of width 1/2, in the stretched coordinates of `dinf-grid solve helmholtz`, judged as there: within the layers, beyond 0.05 of the
source, after the one complex scale that fits best.
"""

import numpy as np
from scipy import fft, sparse, special
from scipy.sparse.linalg import splu

import measure
import nodes

LAYER, VARIANCE, NEAREST = 0.5, 1e-4, 0.05


def factored(rows, columns, shift, right):
    """(rows ⊗ 1 + 1 ⊗ columns + shift) u = right."""
    rows, columns = sparse.csr_array(rows), sparse.csr_array(columns)
    same = [sparse.eye_array(one.shape[0], format='csr') for one in (rows, columns)]
    matrix = sparse.kron(rows, same[1], format='csc') + sparse.kron(same[0], columns, format='csc')
    matrix = matrix + shift * sparse.eye_array(matrix.shape[0], format='csc')
    # Of SuperLU's orderings this one was the fastest here, with pivots on the diagonal where they are not small.
    return splu(matrix.tocsc(), permc_spec='COLAMD', diag_pivot_thresh=0.1).solve(right.ravel()).reshape(right.shape)


class Box:
    def __init__(self, square, source, exact):
        self.square, self.source, self.exact = square, source, exact

    def posed(self, x, second):
        px, py = x[:, None], x[None]
        whole = np.array(self.exact(px, py))
        whole[1:-1, 1:-1] = 0
        right = nodes.laplace_right_side(np.array(self.source(px[1:-1], py[:, 1:-1])), whole, (second, second))
        return whole, right

    def differences(self, n, accuracy):
        second = nodes.second_differences(n, 1 / n, accuracy)
        whole, right = self.posed(np.arange(n + 1) / n, second)
        inner = second[1:-1, 1:-1]
        whole[1:-1, 1:-1] = factored(inner, inner, self.square, right)
        return whole

    def compact(self, n):
        """The 9-point stencil of fourth order, diagonal in sines."""
        x = np.arange(n + 1) / n
        px, py = x[:, None], x[None]
        f = np.array(self.source(px, py))
        whole = np.array(self.exact(px, py))
        whole[1:-1, 1:-1] = 0
        near = lambda v: v[:-2, 1:-1] + v[2:, 1:-1] + v[1:-1, :-2] + v[1:-1, 2:]
        right = f[1:-1, 1:-1] * (2 / 3) + near(f) / 12
        # The border's part of the stencil and of the corrected k² u.
        corners = whole[:-2, :-2] + whole[:-2, 2:] + whole[2:, :-2] + whole[2:, 2:]
        right -= (4 * near(whole) + corners) * n * n / 6 + self.square * near(whole) / 12
        symbol = -4 * n * n * np.sin(np.pi * np.arange(1, n) / (2 * n)) ** 2
        a, b = symbol[:, None], symbol[None]
        total = a + b + a * b / (6 * n * n) + self.square * (1 + (a + b) / (12 * n * n))
        coefficients = fft.dstn(right, 1, workers=measure.THREADS, overwrite_x=True)
        coefficients /= total
        whole[1:-1, 1:-1] = fft.idstn(coefficients, 1, workers=measure.THREADS, overwrite_x=True)
        return whole

    def spectral(self, n):
        x, first = nodes.chebyshev(n, 0, 1)
        second = first @ first
        whole, right = self.posed(x, second)
        inner = second[1:-1, 1:-1]
        whole[1:-1, 1:-1] = nodes.Diagonalised([inner, inner], self.square).solve(right).real
        return whole

    def judge(self, found, n):
        x = np.arange(n + 1) / n
        inner = slice(1, -1)
        return measure.relative(found[inner, inner], self.exact(x[inner, None], x[None, inner])), (n - 1) ** 2

    def judge_spectral(self, found, n):
        places = np.linspace(0, 1, 82)
        matrix = nodes.between(n, 0, 1, places)
        return measure.relative(matrix @ found @ matrix.T, self.exact(places[:, None], places[None])), (n - 1) ** 2


class Point:
    def __init__(self, wavenumber):
        self.wavenumber = wavenumber

    def stretched(self, n, accuracy):
        """(1/e d/dx)² on the inner nodes, by staggered differences; beyond the border the wave is 0, which it is there to rounding."""
        h = 2 / n
        x = -1 + h * np.arange(1, n)
        middle = -1 + h * (np.arange(n) + 0.5)

        def e(places):
            depth = np.maximum(0, np.abs(places) - (1 - LAYER)) / LAYER
            return 1 - 5j * depth**2

        half = accuracy // 2
        formula = nodes.weights(np.arange(-half, half) + 0.5, 1) / h

        def slopes(rows, first):
            """From values at places i (columns) to slopes halfway between i + first and the next."""
            offsets = [int(offset) for offset in np.arange(-half, half) + first]
            return sparse.diags_array([complex(weight) for weight in formula], offsets=offsets, shape=(rows, 2 * n - 1 - rows))

        forth, back = slopes(n, 0), slopes(n - 1, 1)
        return x, sparse.csr_array(sparse.diags_array(1 / e(x)) @ back @ sparse.diags_array(1 / e(middle)) @ forth)

    def source(self, x):
        density = np.exp(-(x**2) / (2 * VARIANCE))
        return (1 + 1j) * np.outer(density, density) / (2 * np.pi * VARIANCE)

    def direct(self, n, accuracy):
        x, second = self.stretched(n, accuracy)
        return factored(second, second, self.wavenumber**2, self.source(x))

    def diagonalised(self, n, accuracy):
        x, second = self.stretched(n, accuracy)
        dense = second.toarray()
        return nodes.Diagonalised([dense, dense], self.wavenumber**2).solve(self.source(x))

    def judge(self, found, n):
        x = -1 + 2 / n * np.arange(1, n)
        inside = np.abs(x) <= 1 - LAYER + 1e-12
        r = np.hypot(x[inside][:, None], x[inside][None])
        judged = r > NEAREST
        ours = found[np.ix_(inside, inside)][judged]
        truth = (1 + 1j) * 0.25j * special.hankel2(0, self.wavenumber * r[judged])
        scale = np.vdot(ours, truth) / np.vdot(ours, ours)
        return measure.relative(scale * ours, truth), found.size


def main():
    p = measure.parser(__doc__)
    p.add_argument('--task', choices=('box', 'point'), required=True)
    p.add_argument('--square', type=float, help='k² of the box')
    p.add_argument('--source')
    p.add_argument('--exact')
    p.add_argument('--wavenumber', type=float)
    options = p.parse_args()
    ladders = measure.Ladders(options.limit)
    if options.task == 'box':
        box = Box(options.square, measure.formula(options.source, 'xy'), measure.formula(options.exact, 'xy'))
        sizes = {2: [32, 64, 128, 256, 384], 4: [24, 32, 48, 64, 96, 128, 192], 6: [24, 32, 48, 64, 96, 128], 8: [24, 32, 48, 64, 96]}
        for accuracy, cells in sizes.items():
            ladders.climb(f'sparse LU, order {accuracy}', cells, lambda n: lambda: box.differences(n, accuracy), box.judge)
        ladders.climb('sine transform, 9-point', [32, 64, 128, 256, 512, 1024], lambda n: lambda: box.compact(n), box.judge)
        ladders.climb('Chebyshev tensor', [12, 16, 20, 24, 28, 32, 40], lambda n: lambda: box.spectral(n), box.judge_spectral, 'degree {}')
    else:
        point = Point(options.wavenumber)
        # The square of a staggered formula is as wide as 7 nodes at order 4 and 15 at order 8, which a factorisation pays for.
        for accuracy, cells in ((2, (100, 140, 200, 280)), (4, (60, 80, 100, 140))):
            ladders.climb(f'sparse LU, order {accuracy}', cells, lambda n: lambda: point.direct(n, accuracy), point.judge)
        for accuracy in (4, 8, 12):
            method, cells = f'product of eigenvectors, order {accuracy}', (80, 100, 140, 200, 280, 400)
            ladders.climb(method, cells, lambda n: lambda: point.diagonalised(n, accuracy), point.judge)
    measure.answer('helmholtz', ladders)


if __name__ == '__main__':
    main()
