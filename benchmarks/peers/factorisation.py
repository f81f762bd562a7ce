"""A peer of the direct solver: SuperLU (SciPy) on the normal matrix of Poisson's equation in B-splines, and the rate of a dense product.

The matrix is the sum of Kronecker products that the tensor grid gives, so that its pattern is that of ours: 2 p + 1 neighbours an axis.
"""

import argparse
import json
import os
import time

import numpy
import scipy
from scipy import sparse
from scipy.interpolate import BSpline
from scipy.sparse.linalg import splu


def dense_rate(size=3072, repeats=3):
    """Flops a second of a product of two square matrices: the best of a few, BLAS with as many threads as it takes."""
    a = numpy.random.default_rng(1).standard_normal((size, size))
    best = float('inf')
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - begun)
    return 2 * size**3 / best


def gram(cells, degree, order, other):
    """Integrals of products of derivatives of all B-splines of a uniform grid of [0, 1]."""
    knots = (numpy.arange(cells + 2 * degree + 1) - degree) / cells
    count = cells + degree
    nodes, weights = numpy.polynomial.legendre.leggauss(degree + 1)
    x = ((numpy.arange(cells)[:, None] + (nodes + 1) / 2) / cells).ravel()
    w = numpy.tile(weights / 2 / cells, cells)
    values = []
    for k in (order, other):
        basis = BSpline(knots, numpy.eye(count), degree)
        values.append(sparse.csr_matrix(basis.derivative(k)(x) if k else basis(x)))
    return (values[0].T @ sparse.diags(w) @ values[1]).tocsr()


def kron(parts):
    product = parts[0]
    for part in parts[1:]:
        product = sparse.kron(product, part, format='csr')
    return product


def normal_matrix(dims, cells, degree):
    """(laplacian B_i, laplacian B_j), scaled to a diagonal of one, and as much of the identity as boundary rows would give."""
    pieces = {(a, b): gram(cells, degree, a, b) for a in (0, 2) for b in (0, 2)}
    total = None
    for i in range(dims):
        for j in range(dims):
            part = kron([pieces[(2 if k == i else 0, 2 if k == j else 0)] for k in range(dims)])
            total = part if total is None else total + part
    scale = sparse.diags(1 / numpy.sqrt(total.diagonal()))
    return (scale @ total @ scale + 1e-3 * sparse.identity(total.shape[0])).tocsc()


def main():
    p = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    p.add_argument('--dims', type=int, required=True)
    p.add_argument('--cells', type=int, required=True)
    p.add_argument('--degree', type=int, required=True)
    p.add_argument('--superlu', type=int, default=1)
    given = p.parse_args()
    result = {
        'numpy': numpy.__version__,
        'scipy': scipy.__version__,
        'threads': os.environ.get('OPENBLAS_NUM_THREADS', 'as BLAS takes them'),
        'denseFlopsPerSecond': dense_rate(),
    }
    if given.superlu:
        matrix = normal_matrix(given.dims, given.cells, given.degree)
        begun = time.perf_counter()
        # A symmetric matrix: the ordering of its own pattern, pivots on the diagonal.
        factor = splu(matrix, permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0, options={'SymmetricMode': True})
        result['superluSeconds'] = time.perf_counter() - begun
        result['superluBytes'] = int((factor.L.nnz + factor.U.nnz) * 12)
        result['unknowns'] = matrix.shape[0]
        result['nonzeros'] = int(matrix.nnz)
    print(json.dumps(result))


if __name__ == '__main__':
    main()
