"""Poisson's equation on the unit square or cube with values on its border: fast transforms, algebraic multigrid, sparse LU, Chebyshev.

    python3 poisson.py --dims 2 --source "-2*sin(x + y)" --exact "sin(x + y)"
"""

import functools
import itertools

import numpy as np
from scipy import fft, sparse
from scipy.sparse.linalg import splu

import measure
import nodes

# Of the compact stencils, in parts of 1/(6 h²): centre, neighbours along an axis, neighbours across an edge.
STENCILS = {(2, 2): (-24, 6, 0), (2, 4): (-20, 4, 1), (3, 2): (-36, 6, 0), (3, 4): (-24, 2, 1)}


class Box:
    """(n + 1)^d nodes; `order` 2: the 5- or 7-point stencil; 4: the 9- or 19-point one, with a corrected source."""

    def __init__(self, dims, order, source, exact):
        self.dims, self.order, self.source, self.exact = dims, order, source, exact
        self.centre, self.face, self.edge = STENCILS[dims, order]

    def axes(self, n):
        return np.meshgrid(*[np.arange(n + 1) / n] * self.dims, indexing='ij', sparse=True)

    def inner(self, n):
        return [one[tuple(slice(1, -1) if size > 1 else slice(None) for size in one.shape)] for one in self.axes(n)]

    def right_side(self, n):
        """The source, corrected where the order is 4, less what the border's values contribute."""
        if self.order == 2:
            right = np.array(self.source(*self.inner(n)))
        else:
            f = self.source(*self.axes(n))
            core = (slice(1, -1),) * self.dims
            right = f[core] * (1 - self.dims / 6)
            for axis in range(self.dims):
                for shift in (slice(None, -2), slice(2, None)):
                    right += f[core[:axis] + (shift,) + core[axis + 1 :]] / 12
        spacing = np.arange(n + 1) / n
        for axis in range(self.dims):
            others = [np.array(spacing) for _ in range(self.dims - 1)]
            across = np.meshgrid(*others, indexing='ij', sparse=True)
            for side in (0, 1):
                values = np.array(self.exact(*across[:axis], np.full((1,) * (self.dims - 1), float(side)), *across[axis:]))
                # Edges belong to the face of the first axis that has them.
                for k in range(axis):
                    values[(slice(None),) * k + ([0, -1],)] = 0
                core = (slice(1, -1),) * (self.dims - 1)
                part = self.face * values[core]
                if self.edge:
                    for k, shift in itertools.product(range(self.dims - 1), (slice(None, -2), slice(2, None))):
                        part = part + self.edge * values[core[:k] + (shift,) + core[k + 1 :]]
                right[(slice(None),) * axis + (-side,)] -= part * n * n / 6
        return right

    def transform(self, n):
        """Sines diagonalise all of these stencils."""
        symbols = -4 * n * n * np.sin(np.pi * np.arange(1, n) / (2 * n)) ** 2
        along = [symbols.reshape([-1 if k == axis else 1 for k in range(self.dims)]) for axis in range(self.dims)]
        symbol = sum(along)
        if self.order == 4:
            symbol = symbol + sum(a * b for a, b in itertools.combinations(along, 2)) / (6 * n * n)
        coefficients = fft.dstn(self.right_side(n), 1, workers=measure.THREADS, overwrite_x=True)
        coefficients /= symbol
        return fft.idstn(coefficients, 1, workers=measure.THREADS, overwrite_x=True)

    def stencil(self):
        """-h² times the operator: positive definite."""
        stencil = np.zeros((3,) * self.dims)
        for place in itertools.product((-1, 0, 1), repeat=self.dims):
            count = sum(map(abs, place))
            stencil[tuple(k + 1 for k in place)] = (self.centre, self.face, self.edge, 0)[count]
        return -stencil / 6

    def multigrid(self, n, make):
        """To a residual a thousandth of the discretisation's error, preconditioning conjugate gradients."""
        import pyamg  # where it is not installed nobody asks for it

        matrix = pyamg.gallery.stencil_grid(self.stencil(), (n - 1,) * self.dims, format='csr')
        right = -self.right_side(n).ravel() / n**2
        return make(matrix).solve(right, tol=1e-3 * n**-self.order, accel='cg', maxiter=60).reshape((n - 1,) * self.dims)

    def direct(self, n):
        """The same matrix, as the sum of products that it is."""
        one = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n - 1, n - 1))
        same = sparse.eye_array(n - 1)

        def product(*axes):
            parts = [one if k in axes else same for k in range(self.dims)]
            return functools.reduce(lambda a, b: sparse.kron(a, b, format='csr'), parts)

        matrix = sum(product(k) for k in range(self.dims))
        if self.order == 4:
            matrix = matrix - sum(product(*pair) for pair in itertools.combinations(range(self.dims), 2)) / 6
        factor = splu(matrix.tocsc(), permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0, options={'SymmetricMode': True})
        return factor.solve(-self.right_side(n).ravel() / n**2).reshape((n - 1,) * self.dims)

    def judge(self, found, n):
        return measure.relative(found, self.exact(*self.inner(n))), found.size


class Spectral:
    """Chebyshev points, each coordinate diagonalised: d small eigenvalue problems, products of small matrices."""

    def __init__(self, dims, source, exact):
        self.dims, self.source, self.exact = dims, source, exact

    def solve(self, n):
        x, first = nodes.chebyshev(n, 0, 1)
        second = first @ first
        axes = np.meshgrid(*[x] * self.dims, indexing='ij', sparse=True)
        whole = np.array(self.exact(*axes))
        core = (slice(1, -1),) * self.dims
        whole[core] = 0  # values on the border alone are known
        right = np.array(self.source(*axes))
        for axis in range(self.dims):
            right -= np.moveaxis(np.tensordot(second, whole, (1, axis)), 0, axis)
        inner = second[1:-1, 1:-1]
        whole[core] = nodes.Diagonalised([inner] * self.dims).solve(right[core]).real
        return whole

    def judge(self, found, n):
        places = np.linspace(0, 1, 42)
        matrix = nodes.between(n, 0, 1, places)
        for axis in range(self.dims):
            found = np.moveaxis(np.tensordot(matrix, found, (1, axis)), 0, axis)
        truth = self.exact(*np.meshgrid(*[places] * self.dims, indexing='ij', sparse=True))
        return measure.relative(found, truth), (n - 1) ** self.dims


def main():
    p = measure.parser(__doc__)
    p.add_argument('--dims', type=int, choices=(2, 3), required=True)
    p.add_argument('--source', required=True)
    p.add_argument('--exact', required=True)
    options = p.parse_args()
    dims, names = options.dims, 'xyz'[: options.dims]
    source, exact = measure.formula(options.source, names), measure.formula(options.exact, names)
    ladders = measure.Ladders(options.limit)
    points = {2: ('5-point', '9-point'), 3: ('7-point', '19-point')}[dims]
    fine = {2: [16, 32, 64, 128, 256, 512, 1024, 2048], 3: [8, 16, 32, 64, 96, 128, 192]}[dims]
    # What a factorisation fills in grows with the square of the nodes of a plane in 3-D.
    direct = {2: fine, 3: [8, 12, 16, 20, 24]}[dims]
    multigrids = measure.multigrids(ladders)
    for order, name in zip((2, 4), points):
        box = Box(dims, order, source, exact)
        ladders.climb(f'sine transform, {name}', fine, lambda n: lambda: box.transform(n), box.judge)
        for kind, make in multigrids.items():
            ladders.climb(f'pyamg {kind}, {name}', fine[1:], lambda n: lambda: box.multigrid(n, make), box.judge)
        ladders.climb(f'sparse LU, {name}', direct, lambda n: lambda: box.direct(n), box.judge)
    spectral = Spectral(dims, source, exact)
    ladders.climb('Chebyshev tensor', [4, 6, 8, 10, 12, 14, 16, 20, 24, 32], lambda n: lambda: spectral.solve(n), spectral.judge, 'degree {}')
    measure.answer('poisson', ladders)


if __name__ == '__main__':
    main()
