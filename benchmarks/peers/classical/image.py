"""An image from the differences between its pixels: cosine and sine transforms, algebraic multigrid, sparse LU.

    python3 image.py --image scene.npy --supervision gradient

`gradient`: of both differences, by least squares, up to a constant. `laplacian`: of the five-point Laplacian, with the border known.
The error is the root mean square over the range of the image, so that 40 dB are 1e-2.
"""

from pathlib import Path

import numpy as np
from scipy import fft, sparse
from scipy.sparse.linalg import splu

import measure


def kronecker_sum(rows, columns):
    """rows ⊗ 1 + 1 ⊗ columns."""
    same = [sparse.eye_array(one.shape[0]) for one in (rows, columns)]
    return sparse.csr_matrix(sparse.kron(rows, same[1]) + sparse.kron(same[0], columns))


class Gradient:
    """The normal equations of all differences: a Laplacian with no flux through the border, which cosines diagonalise."""

    def __init__(self, image):
        self.across, self.down = np.diff(image, axis=1), np.diff(image, axis=0)
        self.shape = image.shape

    def right_side(self, dtype=float):
        """Differences that arrive at a pixel less those that leave it."""
        right = np.zeros(self.shape, dtype)
        right[:, 1:] += self.across
        right[:, :-1] -= self.across
        right[1:] += self.down
        right[:-1] -= self.down
        return right

    def transform(self, dtype):
        symbols = [2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in self.shape]
        symbol = (symbols[0][:, None] + symbols[1][None]).astype(dtype)
        symbol[0, 0] = 1
        coefficients = fft.dctn(self.right_side(dtype), 2, workers=measure.THREADS, overwrite_x=True)
        coefficients /= symbol
        coefficients[0, 0] = 0
        return fft.idctn(coefficients, 2, workers=measure.THREADS, overwrite_x=True)

    def matrix(self):
        def line(n):
            ends = np.full(n, 2.0)
            ends[[0, -1]] = 1
            return sparse.diags_array([np.full(n - 1, -1.0), ends, np.full(n - 1, -1.0)], offsets=[-1, 0, 1])

        rows, columns = (line(n) for n in self.shape)
        return kronecker_sum(rows, columns)

    def multigrid(self, make, tolerance):
        return make(self.matrix()).solve(self.right_side().ravel(), tol=tolerance, accel='cg', maxiter=60).reshape(self.shape)

    def direct(self):
        """The first pixel is 0."""
        factor = splu(self.matrix()[1:, 1:].tocsc(), permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0, options={'SymmetricMode': True})
        return np.concatenate([[0.0], factor.solve(self.right_side().ravel()[1:])]).reshape(self.shape)

    def compare(self, found, image):
        return found - found.mean(), image - image.mean()


class Laplacian:
    """A Laplacian with known values on the border, which sines diagonalise."""

    def __init__(self, image):
        inner = image[1:-1, 1:-1]
        self.source = 4 * inner - image[:-2, 1:-1] - image[2:, 1:-1] - image[1:-1, :-2] - image[1:-1, 2:]
        self.border = image.copy()
        self.border[1:-1, 1:-1] = 0
        self.shape = inner.shape

    def right_side(self, dtype=float):
        right = self.source.astype(dtype)
        right[0] += self.border[0, 1:-1]
        right[-1] += self.border[-1, 1:-1]
        right[:, 0] += self.border[1:-1, 0]
        right[:, -1] += self.border[1:-1, -1]
        return right

    def transform(self, dtype):
        symbols = [2 - 2 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1)) for n in self.shape]
        coefficients = fft.dstn(self.right_side(dtype), 1, workers=measure.THREADS, overwrite_x=True)
        coefficients /= symbols[0][:, None] + symbols[1][None]
        return fft.idstn(coefficients, 1, workers=measure.THREADS, overwrite_x=True)

    def matrix(self):
        rows, columns = (sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n, n)) for n in self.shape)
        return kronecker_sum(rows, columns)

    def multigrid(self, make, tolerance):
        return make(self.matrix()).solve(self.right_side().ravel(), tol=tolerance, accel='cg', maxiter=60).reshape(self.shape)

    def direct(self):
        factor = splu(self.matrix().tocsc(), permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0, options={'SymmetricMode': True})
        return factor.solve(self.right_side().ravel()).reshape(self.shape)

    def compare(self, found, image):
        return found, image[1:-1, 1:-1]


def main():
    p = measure.parser(__doc__)
    p.add_argument('--image', type=Path, required=True, metavar='FILE.npy')
    p.add_argument('--supervision', choices=('gradient', 'laplacian'), required=True)
    options = p.parse_args()
    image = np.load(options.image).astype(float)
    image = image[..., 0] if image.ndim == 3 else image
    task = {'gradient': Gradient, 'laplacian': Laplacian}[options.supervision](image)
    extent = image.max() - image.min()

    def judge(found, *_):
        ours, truth = task.compare(found, image)
        return float(np.sqrt(np.mean((ours - truth) ** 2)) / extent), found.size

    ladders = measure.Ladders(options.limit)
    name = {'gradient': 'cosine transform', 'laplacian': 'sine transform'}[options.supervision]
    ladders.climb(name, ['float32', 'float64'], lambda dtype: lambda: task.transform(np.dtype(dtype)), judge, '{}')
    for kind, make in measure.multigrids(ladders).items():
        ladders.climb(f'pyamg {kind}', [1e-2, 1e-5, 1e-8], lambda tolerance: lambda: task.multigrid(make, tolerance), judge, 'residual {}')
    ladders.climb('sparse LU', ['float64'], lambda _: lambda: task.direct(), judge, '{}')
    measure.answer('image', ladders)


if __name__ == '__main__':
    main()
