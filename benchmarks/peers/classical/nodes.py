"""One coordinate at a time: nodes with second-derivative matrices, spectral or by differences, and tensor products of them."""

import numpy as np


def chebyshev(n, lower, upper):
    """n + 1 Chebyshev points, rising, and the matrix of the first derivative there."""
    j = np.arange(n + 1)
    x = -np.cos(np.pi * j / n)
    ends = np.where((j == 0) | (j == n), 2.0, 1.0) * (-1.0) ** j
    gaps = x[:, None] - x[None] + np.eye(n + 1)
    d = np.outer(ends, 1 / ends) / gaps
    d -= np.diag(d.sum(1))
    return lower + (upper - lower) * (x + 1) / 2, d * 2 / (upper - lower)


def between(n, lower, upper, places):
    """The matrix that takes values at Chebyshev points to the polynomial's values at `places` (barycentric formula)."""
    x = lower + (upper - lower) * (1 - np.cos(np.pi * np.arange(n + 1) / n)) / 2
    weights = (-1.0) ** np.arange(n + 1)
    weights[[0, -1]] /= 2
    gaps = places[:, None] - x[None]
    exact = gaps == 0
    with np.errstate(divide='ignore', invalid='ignore'):
        terms = weights / gaps
        matrix = terms / terms.sum(1, keepdims=True)
    hit = exact.any(1)
    matrix[hit] = exact[hit]
    return matrix


def weights(offsets, order):
    """Of a difference formula for a derivative at 0, from values at `offsets`: the one that is exact for polynomials."""
    offsets = np.asarray(offsets, float)
    rows = np.vander(offsets, increasing=True).T
    right = np.zeros(len(offsets))
    right[order] = np.prod(np.arange(1, order + 1), initial=1)
    return np.linalg.solve(rows, right)


def second_differences(n, spacing, accuracy):
    """(n + 1)² matrix of second derivatives, centred, and one-sided of the same order near the ends."""
    half = accuracy // 2
    matrix = np.zeros((n + 1, n + 1))
    centre = weights(np.arange(-half, half + 1), 2)
    count = accuracy + 2
    for i in range(1, n):
        if half <= i <= n - half:
            matrix[i, i - half : i + half + 1] = centre
        else:
            first = 0 if i < half else n + 1 - count
            matrix[i, first : first + count] = weights(np.arange(first, first + count) - i, 2)
    return matrix / spacing**2


def laplace_right_side(f, values, second):
    """f less what the known values on the border contribute, in two coordinates; `second`: matrices over all nodes."""
    a, b = second
    ends = [0, -1]
    inner = slice(1, -1)
    return f - a[inner][:, ends] @ values[ends][:, inner] - values[inner][:, ends] @ b[inner][:, ends].T


class Diagonalised:
    """(A₁ + A₂ + … + shift) u = f, A_k along axis k, by their eigenvectors: some small eigenvalue problems and products."""

    def __init__(self, matrices, shift=0):
        pairs = {}
        self.parts = []
        for matrix in matrices:
            if id(matrix) not in pairs:
                values, vectors = np.linalg.eig(matrix)
                pairs[id(matrix)] = values, vectors, np.linalg.inv(vectors)
            self.parts.append(pairs[id(matrix)])
        self.symbol = shift
        for axis, (values, _, _) in enumerate(self.parts):
            self.symbol = self.symbol + values.reshape([-1 if k == axis else 1 for k in range(len(matrices))])

    def along(self, which, values):
        for axis, part in enumerate(self.parts):
            values = np.moveaxis(np.tensordot(part[which], values, (1, axis)), 0, axis)
        return values

    def solve(self, f):
        return self.along(1, self.along(2, f) / self.symbol)
