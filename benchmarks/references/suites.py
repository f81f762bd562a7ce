"""Answers of the suites' problems that take transforms in two coordinates or large dense systems: python3 suites.py NAME

prints one object: axes, values at all combinations of them (the last one fastest), how they were found, and `accuracy`, the relative L2
difference to the same method at lower resolution: more than the error. Unknowns in `free` are known up to a constant. Exit code 3 says
that NumPy or SciPy is missing. Nothing here has anything in common with the package: transforms and ETDRK4 (Cox and Matthews 2002) for
what begins somewhere, a Galerkin method of Legendre polynomials with the corners' singularities taken out for the cavities.
"""

import json
import sys

try:
    import numpy as np
    from numpy.polynomial import legendre
    from scipy import fft
except ImportError:
    sys.exit(3)


def etdrk4(symbols, rate, start, time, steps, outputs):
    """u_t = L u + N(t, u) for transforms u of any shape, L diagonal; the transforms at the ends of `outputs` equal parts of the time."""
    h = time / steps
    whole, half = np.exp(h * symbols), np.exp(h * symbols / 2)
    q, first, second, third = (np.zeros(symbols.shape, complex) for _ in range(4))
    around = np.exp(2j * np.pi * (np.arange(32) + 0.5) / 32)  # means over this circle: the formulas do not cancel there
    for turn in around:
        z = h * symbols + turn
        e = np.exp(z)
        q += h * (np.exp(z / 2) - 1) / z / 32
        first += h * (-4 - z + e * (4 - 3 * z + z**2)) / z**3 / 32
        second += h * (2 + z + e * (z - 2)) / z**3 / 32
        third += h * (-4 - 3 * z - z**2 + e * (4 - z)) / z**3 / 32
    if np.isrealobj(symbols):
        q, first, second, third = (one.real for one in (q, first, second, third))
    u, found = start, []
    for step in range(steps):
        t = step * h
        nu = rate(t, u)
        a = half * u + q * nu
        na = rate(t + h / 2, a)
        nb = rate(t + h / 2, half * u + q * na)
        nc = rate(t + h, half * a + q * (2 * nb - nu))
        u = whole * u + first * nu + 2 * second * (na + nb) + third * nc
        if (step + 1) * outputs % steps == 0:
            found.append(u)
    if not all(np.isfinite(one).all() for one in found):
        raise ArithmeticError("the steps are too long")
    return found


def ends(time, outputs):
    """Not the start: what begins with a kink is worst at that one moment, which has no weight in a mean over time."""
    return time * np.arange(1, outputs + 1) / outputs


def difference(coarse, fine):
    return float(np.linalg.norm(coarse - fine) / np.linalg.norm(fine))


def answer(solve, resolutions, axes, how, free=()):
    """The better of two resolutions; `solve` gives values by unknown on `axes`."""
    coarse, fine = (solve(*resolution) for resolution in resolutions)
    return {
        "axes": {name: list(map(float, places)) for name, places in axes.items()},
        "values": {name: np.ravel(values).tolist() for name, values in fine.items()},
        "how": f"{how}, {' × '.join(map(str, resolutions[1]))}",
        "accuracy": max(difference(coarse[name], values) for name, values in fine.items()),
        "free": list(free),
    }


def allen_cahn():
    """On a ring, where the initial values have a kink: their Fourier coefficients are those of the integral, not of samples."""
    x = -1 + np.arange(256) / 128

    def of_square(m):
        """The integral of x^2 cos(m pi x) over the ring."""
        m = np.abs(m)
        return np.where(m == 0, 2 / 3, 4 * (-1.0) ** m / (np.maximum(m, 1) * np.pi) ** 2)

    def solve(points, steps):
        wave = np.pi * np.arange(points // 2 + 1)
        k = np.arange(points // 2 + 1)
        start = points * (-1.0) ** k * (of_square(k - 1) + of_square(k + 1)) / 4  # samples begin at -1
        start[-1] = 0
        rate = lambda t, u: fft.rfft(-5 * fft.irfft(u) ** 3)
        found = etdrk4(5 - 1e-4 * wave**2, rate, start, 1, steps, 8)
        return {"u": np.array([fft.irfft(one)[:: points // 256] for one in found])}

    return answer(solve, [(2048, 1000), (4096, 4000)], {"t": ends(1, 8), "x": x}, "Fourier and ETDRK4, modes × steps")


def dde_allen_cahn():
    """w = u + 1 is 0 on both ends: a series of sines."""
    x = -1 + 2 * np.arange(257) / 256

    def solve(points, steps):
        wave = np.pi / 2 * np.arange(1, points)
        places = -1 + 2 * np.arange(1, points) / points
        start = fft.dst(places**2 * np.cos(np.pi * places) + 1, 1)

        def rate(t, w):
            u = fft.idst(w, 1) - 1
            return fft.dst(5 * (u - u**3), 1)

        found = etdrk4(-1e-3 * wave**2, rate, start, 1, steps, 8)
        inside = lambda w: np.pad(fft.idst(w, 1), 1)[:: points // 256] - 1
        return {"u": np.array([inside(one) for one in found])}

    return answer(solve, [(1024, 1000), (2048, 2000)], {"t": ends(1, 8), "x": x}, "sines and ETDRK4, modes × steps")


def dde_schrodinger():
    """On a ring, where the initial values have a small kink."""
    x = -5 + 10 * np.arange(256) / 256

    def solve(points, steps):
        wave = 2 * np.pi / 10 * fft.fftfreq(points, 1 / points)
        places = -5 + 10 * np.arange(points) / points

        def rate(t, w):
            h = fft.ifft(w)
            return fft.fft(1j * abs(h) ** 2 * h)

        found = etdrk4(-0.5j * wave**2, rate, fft.fft(2 / np.cosh(places) + 0j), np.pi / 2, steps, 8)
        values = np.array([fft.ifft(one)[:: points // 256] for one in found])
        return {"u": values.real, "v": values.imag}

    return answer(solve, [(1024, 8000), (2048, 16000)], {"t": ends(np.pi / 2, 8), "x": x}, "Fourier and ETDRK4, modes × steps")


def heat2d_lt():
    """Sines. The answer has the period 1/2 in x and is odd about 1/4, as its source and its beginning are: a quarter is enough."""
    outputs = 50
    y = np.arange(1, 32) / 32
    x = np.arange(1, 32) / 32

    def solve(points, steps):
        across = points // 4
        k, l = 4 * np.pi * np.arange(1, across)[:, None], np.pi * np.arange(1, points)[None]
        px, py = np.arange(1, across)[:, None] / points, np.arange(1, points)[None] / points
        source = 5 * np.sin(4 * np.pi * px) * np.sin(2 * np.pi * py)
        start = fft.dstn(np.sin(4 * np.pi * px) * np.sin(3 * np.pi * py), 1)

        def rate(t, w):
            return fft.dstn(np.sin(fft.idstn(w, 1) ** 2) * source * (1 + 2 * np.sin(np.pi * t / 4)), 1)

        found = etdrk4(-1e-3 * (k**2 + l**2), rate, start, 100, steps, outputs)
        rows = []
        for one in found:
            quarter = np.pad(fft.idstn(one, 1), 1)
            half = np.concatenate([quarter, -quarter[-2::-1]])
            whole = np.concatenate([half, half[1:]])
            rows.append(whole[:: points // 32, :: points // 32][1:-1, 1:-1])
        return {"u": np.array(rows)}

    axes = {"t": ends(100, outputs), "x": x, "y": y}
    return answer(solve, [(128, 5000), (256, 10000)], axes, "sines and ETDRK4, modes × steps")


def grayscott():
    """Cosines: no flux through the sides."""
    outputs = 20
    count = 64
    x = -1 + 2 * (np.arange(count) + 0.5) / count

    def solve(points, steps):
        wave = np.pi / 2 * np.arange(points)
        square = wave[:, None] ** 2 + wave[None] ** 2
        # Odd multiples of the lattice of the answer have its places among theirs.
        places = -1 + 2 * (np.arange(points) + 0.5) / points
        px, py = places[:, None], places[None]
        both = lambda f, values: np.array([f(one, 2, workers=2) for one in values])
        u = 1 - np.exp(-80 * ((px + 0.05) ** 2 + (py + 0.02) ** 2))
        v = np.exp(-80 * ((px - 0.05) ** 2 + (py - 0.02) ** 2))
        constant = np.zeros((points, points))
        constant[0, 0] = 0.04 * 4 * points**2

        def rate(t, w):
            a, b = both(fft.idctn, w)
            reaction = fft.dctn(a * b * b, 2, workers=2)
            return np.array([constant - reaction, reaction])

        symbols = np.array([-1e-5 * square - 0.04, -5e-6 * square - 0.1])
        found = etdrk4(symbols, rate, both(fft.dctn, [u, v]), 200, steps, outputs)
        part = slice(points // count // 2, None, points // count)
        values = np.array([both(fft.idctn, one)[:, part, part] for one in found])
        return {"u": values[:, 0], "v": values[:, 1]}

    axes = {"t": ends(200, outputs), "x": x, "y": x}
    return answer(solve, [(3 * count, 400), (5 * count, 800)], axes, "cosines and ETDRK4, modes × steps")


def burgers2d():
    """Fourier on one of the sixteen equal squares of the domain, all of whose waves have the period 1."""
    draws = np.random.RandomState(20220722)
    heights = [[draws.randn(4, 4), draws.randn(4, 4)] for _ in "uv"]
    lattice = np.linspace(0, 4, 512)

    def waves(which, px, py):
        angles = lambda i, j: 2 * np.pi * (i * px + j * py)
        sines, cosines = heights[which]
        return sum(sines[i, j] * np.sin(angles(i, j)) + cosines[i, j] * np.cos(angles(i, j)) for i in range(4) for j in range(4))

    largest = max(waves(which, lattice[:, None], lattice[None]).max() for which in (0, 1))
    wind = draws.randn(2)
    step = 9 / 128
    count = 57
    outputs = 8

    def solve(points, steps):
        kx = 2 * np.pi * fft.fftfreq(points, 1 / points)[:, None]
        ky = 2 * np.pi * np.arange(points // 2 + 1)[None]
        kept = 1.0 * ((abs(kx) < 2 * np.pi * points / 3) & (ky < 2 * np.pi * points / 3))
        places = np.arange(points) / points
        forth = lambda values: fft.rfft2(values, workers=2)
        back = lambda values: fft.irfft2(values, s=(points, points), workers=2)
        start = np.array([forth(2 / largest * waves(which, places[:, None], places[None]) + wind[which]) for which in (0, 1)])

        def rate(t, w):
            u, v = back(w[0]), back(w[1])
            return np.array([-kept * forth(u * back(1j * kx * one) + v * back(1j * ky * one)) for one in w])

        symbols = np.broadcast_to(-1e-3 * (kx**2 + ky**2), start.shape).copy()
        found = etdrk4(symbols, rate, start, 1, steps, outputs)
        nodes = np.arange(count) * (points // 128) * 9 % points
        values = np.array([[back(one)[np.ix_(nodes, nodes)] for one in both] for both in found])
        return {"u": values[:, 0], "v": values[:, 1]}

    axes = {"t": ends(1, outputs), "x": step * np.arange(count), "y": step * np.arange(count)}
    return answer(solve, [(256, 1000), (384, 1600)], axes, "Fourier and ETDRK4, modes × steps")


class Corner:
    """
    What makes derivatives of a stream function infinite in an upper corner whose wall is still and whose lid slides with velocity `value` +
    `slope` s at distance s. With q the depth below the lid and θ the angle from the wall: Stokes flows C (-π/2 s + s θ + π/2 q θ) for the
    value and C (-π/2 s² - s q + r² θ) for the slope, and r² F(θ) for the inertia of the first, which stands in an equation for F.
    """

    def __init__(self, right, value, slope, viscosity):
        self.right, self.value, self.slope = right, value, slope
        nodes = np.cos(np.pi * np.arange(29) / 28)
        theta = (nodes + 1) * np.pi / 4
        orders = [legendre.legvander(nodes, 28)]
        orders += [legendre.legval(nodes, legendre.legder(np.eye(29), m)).T * (4 / np.pi) ** m for m in range(1, 5)]
        rows = orders[4] + 4 * orders[2]
        at = self.signed(self.jump(np.sin(theta), np.cos(theta)))
        force = (at[2] * at[6] - at[1] * at[7]) / viscosity
        # value and slope are 0 at both ends, instead of the equation at the two nodes that are nearest
        rows[[0, -1]], rows[[1, -2]] = orders[0][[0, -1]], orders[1][[0, -1]]
        force[[0, 1, -2, -1]] = 0
        self.inertia = np.linalg.solve(rows, force)

    def jump(self, s, q):
        r2 = np.maximum(s * s + q * q, 1e-300)
        theta = np.arctan2(s, q)
        ts, tq = q / r2, -s / r2
        tss, tsq = -2 * q * s / r2**2, (s * s - q * q) / r2**2
        c = -self.value / (np.pi**2 / 4 - 1)
        a, e = -c * np.pi / 2, c * np.pi / 2
        turn = (2 * c * q - 2 * e * s) / r2
        return [
            a * s + c * s * theta + e * q * theta,
            a + c * (theta + s * ts) + e * q * ts,
            c * s * tq + e * (theta + q * tq),
            c * (2 * ts + s * tss) + e * q * tss,
            c * (tq + s * tsq) + e * (ts + q * tsq),
            -c * s * tss + e * (2 * tq - q * tss),
            -2 * e / r2 - turn * 2 * s / r2,
            2 * c / r2 - turn * 2 * q / r2,
            0 * s,
        ]

    def ramp(self, s, q):
        r2 = np.maximum(s * s + q * q, 1e-300)
        theta = np.arctan2(s, q)
        c = self.slope / 2
        return [
            c * (-np.pi / 2 * s * s - s * q + r2 * theta),
            c * (2 * s * theta - np.pi * s),
            c * (2 * q * theta - 2 * s),
            c * (2 * theta - np.pi + 2 * s * q / r2),
            -2 * c * s * s / r2,
            c * (2 * theta - 2 * s * q / r2),
            4 * c * q / r2,
            -4 * c * s / r2,
            0 * s,
        ]

    def drift(self, s, q):
        r = np.sqrt(np.maximum(s * s + q * q, 1e-300))
        theta = np.arctan2(s, q)
        f = [legendre.legval(theta * 4 / np.pi - 1, legendre.legder(self.inertia, m)) * (4 / np.pi) ** m for m in range(5)]
        sine, cosine = s / r, q / r
        a, b = 2 * sine * f[0] + cosine * f[1], 2 * cosine * f[0] - sine * f[1]
        a1, b1 = 2 * cosine * f[0] + sine * f[1] + cosine * f[2], cosine * f[1] - 2 * sine * f[0] - sine * f[2]
        curl = 4 * f[1] + f[3]
        return [
            r * r * f[0],
            r * a,
            r * b,
            sine * a + cosine * a1,
            cosine * a - sine * a1,
            cosine * b - sine * b1,
            cosine * curl / r,
            -sine * curl / r,
            (f[4] + 4 * f[2]) / r**2,
        ]

    def signed(self, at):
        across = -1 if self.right else 1
        return np.array([sign * one for sign, one in zip([1, across, -1, 1, -across, 1, across, -1, 1], at)])

    def at(self, x, y):
        """ψ, ψ_x, ψ_y, ψ_xx, ψ_xy, ψ_yy, of its Laplacian the slopes along x and y, and the Laplacian of that."""
        s, q = np.broadcast_arrays(1 - x if self.right else x, 1 - y)
        return self.signed([sum(parts) for parts in zip(self.jump(s, q), self.ramp(s, q), self.drift(s, q))])


def derivatives(series, places):
    """Of Legendre series on 0..1 (a column each): values and four derivatives at places, as [order][place, column]."""
    return [legendre.legval(2 * places - 1, 2**m * legendre.legder(series, m)).T for m in range(5)]


class Cavity:
    """
    A square whose lid slides with the velocity `lid` of x (values and slopes at its ends: `ends`, away from each corner), as a stream
    function: the corners' flows, a polynomial that meets what these leave of the conditions, and Shen's clamped polynomials. For a lid
    of velocity 1 at a Reynolds number of 1000 the velocity in the middle is -0.0620561, as Botella and Peyret (1998) found.
    """

    NODES = 32

    def __init__(self, modes, lid, ends, viscosity):
        self.corners = [Corner(right, *end, viscosity) for right, end in zip((False, True), ends)]
        self.lid = lid
        k = np.arange(modes)
        clamped = np.zeros((modes + 4, modes))
        clamped[k, k], clamped[k + 2, k], clamped[k + 4, k] = 1, -2 * (2 * k + 5) / (2 * k + 7), (2 * k + 3) / (2 * k + 7)
        self.series = clamped / np.sqrt(2 * (2 * k + 3) ** 2 * (2 * k + 5))
        self.heights = np.zeros((modes, modes))
        self.lift = self.lifted()
        points, weights = legendre.leggauss(modes + modes // 2 + 8)
        self.points, self.weights = (points + 1) / 2, weights / 2
        self.basis = derivatives(self.series, self.points)
        self.fixed = self.known(self.points, self.points)
        tested = self.weights[:, None] * self.basis[0]
        self.pairs = [np.einsum("ip,ik->pki", tested, basis).reshape(modes**2, -1) for basis in self.basis[:4]]
        one = [tested.T @ basis for basis in self.basis]
        self.stiffness = np.kron(one[4], one[0]) + 2 * np.kron(one[2], one[2]) + np.kron(one[0], one[4])
        self.tested = tested
        # Newton's method begins with the flow without inertia.
        rest = tested.T @ self.fixed[-1] @ tested
        self.heights = np.linalg.solve(self.stiffness, -rest.ravel()).reshape(modes, modes)

    def lifted(self):
        """Coons' patch through what the corners leave, cubic Hermite in each coordinate, as a Legendre series."""
        nodes = (1 - np.cos(np.pi * np.arange(self.NODES + 1) / self.NODES)) / 2
        vander = legendre.legvander(2 * nodes - 1, self.NODES)
        rest = lambda x, y: -sum(corner.at(x, y)[:3] for corner in self.corners)
        left, right = -self.corners[1].at(0 * nodes, nodes), -self.corners[0].at(0 * nodes + 1, nodes)
        floor = rest(nodes, 0 * nodes)
        slides = self.lid(nodes) - sum(
            corner.value + corner.slope * (1 - nodes if corner.right else nodes) for corner in self.corners
        )
        hermite = np.array(
            [1 - 3 * nodes**2 + 2 * nodes**3, nodes - 2 * nodes**2 + nodes**3, 3 * nodes**2 - 2 * nodes**3, nodes**3 - nodes**2]
        )
        along = derivatives(np.linalg.inv(vander), nodes)[1]
        down = np.outer(floor[0], hermite[0]) + np.outer(floor[2], hermite[1]) + np.outer(slides, hermite[3])
        traces = lambda first, first_slope, last, last_slope: sum(
            np.outer(h, trace) for h, trace in zip(hermite, (first, first_slope, last, last_slope))
        )
        both = traces(down[0], along[0] @ down, down[-1], along[-1] @ down)
        patch = down + traces(left[0], left[1], right[0], right[1]) - both
        inverse = np.linalg.inv(vander)
        return inverse @ patch @ inverse.T

    def known(self, x, y):
        """All but Shen's polynomials: ψ_x, ψ_y, ψ_xx, ψ_xy, ψ_yy, ∆ψ_x, ∆ψ_y, ∆∆ψ on the lattice of x and y."""
        bx, by = (derivatives(np.eye(self.NODES + 1), places) for places in (x, y))
        part = lambda a, b: bx[a] @ self.lift @ by[b].T
        corners = sum(corner.at(x[:, None], y[None]) for corner in self.corners)
        return self.combined(part) + corners[1:]

    @staticmethod
    def combined(part):
        return np.array(
            [
                *(part(1, 0), part(0, 1), part(2, 0), part(1, 1), part(0, 2)),
                *(part(3, 0) + part(1, 2), part(2, 1) + part(0, 3), part(4, 0) + 2 * part(2, 2) + part(0, 4)),
            ]
        )

    def at(self, x, y):
        bx, by = (derivatives(self.series, places) for places in (x, y))
        return self.known(x, y) + self.combined(lambda a, b: bx[a] @ self.heights @ by[b].T)

    def solve(self, viscosity):
        """Newton's method, from where it stands."""
        modes = len(self.heights)
        for _ in range(30):
            inner = self.combined(lambda a, b: self.basis[a] @ self.heights @ self.basis[b].T)
            px, py, _, _, _, lx, ly, biharmonic = self.fixed + inner
            residual = self.tested.T @ (py * lx - px * ly - viscosity * biharmonic) @ self.tested
            terms = [(py, 3, 0), (py, 1, 2), (-px, 2, 1), (-px, 0, 3), (lx, 0, 1), (-ly, 1, 0)]
            jacobian = sum((self.pairs[a] @ values) @ self.pairs[b].T for values, a, b in terms)
            jacobian = jacobian.reshape(modes, modes, modes, modes).transpose(0, 2, 1, 3).reshape(modes**2, modes**2)
            change = np.linalg.solve(jacobian - viscosity * self.stiffness, -residual.ravel()).reshape(modes, modes)
            self.heights = self.heights + change
            if np.linalg.norm(change) < 1e-10 * np.linalg.norm(self.heights):
                return
        raise ArithmeticError("Newton's method does not converge")

    def pressure(self, x, y, viscosity):
        """Up to a constant: from the middle along x, and from there along y, by Gauss's rule between neighbours."""
        points, weights = legendre.leggauss(12)

        def between(places):
            steps = np.diff(places)
            return (places[:-1, None] + (points + 1) / 2 * steps[:, None]).ravel(), steps

        def summed(values, steps):
            pieces = (values.reshape(len(values), len(steps), -1) @ weights / 2) * steps
            sums = np.pad(np.cumsum(pieces, axis=1), ((0, 0), (1, 0)))
            return sums - sums[:, len(steps) // 2][:, None]

        def slopes(at):
            px, py, pxx, pxy, pyy, lx, ly, _ = at
            return viscosity * ly - py * pxy + px * pyy, -viscosity * lx + py * pxx - px * pxy

        middle = len(x) // 2
        at, steps = between(x)
        across = summed(slopes(self.at(at, y[middle : middle + 1]))[0].T, steps)[0]
        at, steps = between(y)
        return across[:, None] + summed(slopes(self.at(x, at))[1], steps)


def cavity(lid, ends, viscosities, pressure, resolutions):
    """Through the viscosities with the fewest modes, and from there, at the last, with more of them."""
    places = (np.arange(41) + 0.5) / 41
    least = resolutions[0]
    heights = np.zeros((0, 0))

    def solve(modes):
        nonlocal heights
        flow = Cavity(modes, lid, ends, viscosities[-1])
        if len(heights):
            flow.heights = np.pad(heights, (0, modes - len(heights)))
        for viscosity in [viscosities[-1]] if len(heights) else viscosities:
            flow.solve(viscosity)
        heights = flow.heights
        px, py = flow.at(places, places)[:2]
        values = {"u": py, "v": -px}
        if pressure:
            p = flow.pressure(places, places, viscosities[-1])
            values["p"] = p - p.mean()
        return values

    solve(least)
    how = "Legendre-Galerkin with the corners' singularities, modes a coordinate"
    return answer(solve, [(modes,) for modes in resolutions[1:]], {"x": places, "y": places}, how, ["p"])


def parabolic(speed):
    """A lid that slides with speed x (1 - x)."""
    return lambda: cavity(lambda x: speed * x * (1 - x), [(0, speed), (0, speed)], [0.01], True, (24, 32, 48))


def sliding(viscosities, resolutions):
    """A lid that slides with velocity 1; its pressure has no mean square."""
    return lambda: cavity(np.ones_like, [(1, 0), (1, 0)], viscosities, False, resolutions)


ANSWERS = {
    "allen_cahn": allen_cahn,
    "dde_allen_cahn": dde_allen_cahn,
    "dde_schrodinger": dde_schrodinger,
    "heat2d_lt": heat2d_lt,
    "grayscott": grayscott,
    "burgers2d": burgers2d,
    "ns2d_c": parabolic(4),
    "ns2d_c_fast": parabolic(16),
    "ldc_re100": sliding([0.01], (32, 48, 64)),
    "ldc_re400": sliding([0.01, 0.0025], (32, 48, 64)),
    "ldc_re1000": sliding([0.01, 0.0025, 0.001], (40, 56, 72)),
    "ldc_re3200": sliding([0.01, 0.0025, 0.001, 0.0005, 0.0003125], (40, 60, 80)),
}

if __name__ == "__main__":
    print(json.dumps(ANSWERS[sys.argv[1]]()))
