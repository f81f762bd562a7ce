"""div(a grad u) on the unit square with a different coefficient along each axis and values on the border: no transform knows it.

    python3 variable.py --along-x "1 + 0.5*x" --along-y "1 + x*y" --source "..." --exact "cos(2*x + y)"

Finite volumes of second order with algebraic multigrid and sparse LU; Chebyshev collocation with a dense matrix.
"""

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import splu

import measure
import nodes


class Volumes:
    """Fluxes through the middles between (n + 1)² nodes."""

    def __init__(self, a, b, source, exact):
        self.a, self.b, self.source, self.exact = a, b, source, exact

    def system(self, n):
        """-h² times the operator on the inner nodes, and the right side with the border's values."""
        x = np.arange(n + 1) / n
        middle = (np.arange(n) + 0.5) / n
        inner = x[1:-1]
        a = np.array(self.a(middle[:, None], inner[None]))
        b = np.array(self.b(inner[:, None], middle[None]))
        diagonal = a[:-1] + a[1:] + b[:, :-1] + b[:, 1:]
        right = -np.array(self.source(inner[:, None], inner[None])) / n**2
        for side in (0, -1):
            right[side] += a[side] * self.exact(np.full(n - 1, float(side == -1)), inner)
            right[:, side] += b[:, side] * self.exact(inner, np.full(n - 1, float(side == -1)))
        down = -a[1:-1].ravel()
        across = -b[:, 1:].copy()
        across[:, -1] = 0  # no neighbour beyond the end of a row
        across = across.ravel()[:-1]
        matrix = sparse.diags_array([down, across, diagonal.ravel(), across, down], offsets=[1 - n, -1, 0, 1, n - 1], format='csr')
        matrix.eliminate_zeros()
        return sparse.csr_matrix(matrix), right.ravel()

    def multigrid(self, n, make):
        matrix, right = self.system(n)
        return make(matrix).solve(right, tol=1e-3 / n**2, accel='cg', maxiter=60).reshape(n - 1, n - 1)

    def direct(self, n):
        matrix, right = self.system(n)
        factor = splu(matrix.tocsc(), permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0, options={'SymmetricMode': True})
        return factor.solve(right).reshape(n - 1, n - 1)

    def judge(self, found, n):
        inner = np.arange(1, n) / n
        return measure.relative(found, self.exact(inner[:, None], inner[None])), found.size


class Collocation:
    def __init__(self, a, b, source, exact):
        self.a, self.b, self.source, self.exact = a, b, source, exact

    def solve(self, n):
        x, d = nodes.chebyshev(n, 0, 1)
        px, py = x[:, None], x[None]
        same = np.eye(n + 1)
        along_x = np.einsum('ik,kj,kl->jil', d, self.a(px, py), d)  # at each y a matrix over x
        along_y = np.einsum('ik,jk,kl->jil', d, self.b(px, py), d)  # at each x a matrix over y
        whole = np.einsum('jil,jm->ijlm', along_x, same) + np.einsum('ijm,il->ijlm', along_y, same)
        values = np.array(self.exact(px, py))
        inner = slice(1, -1)
        border = values.copy()
        border[inner, inner] = 0
        right = np.array(self.source(px, py))[inner, inner] - np.einsum('ijlm,lm->ij', whole, border)[inner, inner]
        size = (n - 1) ** 2
        matrix = whole[inner, inner, inner, inner].reshape(size, size)
        border[inner, inner] = linalg.solve(matrix, right.ravel(), overwrite_a=True, check_finite=False).reshape(n - 1, n - 1)
        return border

    def judge(self, found, n):
        places = np.linspace(0, 1, 42)
        matrix = nodes.between(n, 0, 1, places)
        return measure.relative(matrix @ found @ matrix.T, self.exact(places[:, None], places[None])), (n - 1) ** 2


def main():
    p = measure.parser(__doc__)
    for name in ('along-x', 'along-y', 'source', 'exact'):
        p.add_argument(f'--{name}', required=True)
    options = p.parse_args()
    functions = [measure.formula(text, 'xy') for text in (options.along_x, options.along_y, options.source, options.exact)]
    ladders = measure.Ladders(options.limit)
    volumes = Volumes(*functions)
    fine = [16, 32, 64, 128, 256, 512, 1024]
    for kind, make in measure.multigrids(ladders).items():
        ladders.climb(f'pyamg {kind}, finite volumes', fine[1:], lambda n: lambda: volumes.multigrid(n, make), volumes.judge)
    ladders.climb('sparse LU, finite volumes', fine, lambda n: lambda: volumes.direct(n), volumes.judge)
    collocation = Collocation(*functions)
    ladders.climb('Chebyshev collocation', [4, 6, 8, 10, 12, 14, 16, 20, 24, 32], lambda n: lambda: collocation.solve(n), collocation.judge, 'degree {}')
    measure.answer('variable', ladders)


if __name__ == '__main__':
    main()
