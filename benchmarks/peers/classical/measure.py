"""What the classical solvers share: formulas, timing, ladders of resolutions, one JSON line.

A ladder is the same method at rising resolution; each rung says how long the whole of a solve takes (sampling the data, assembly,
set-up, solution; not the start of Python, nor the judging) and its relative L2 error. The line holds all rungs: whoever compares
takes the fastest one that is accurate enough.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
import warnings

import numpy as np
import scipy

THREADS = int(os.environ.get('OPENBLAS_NUM_THREADS') or os.cpu_count() or 1)
"""As many as BLAS was given; transforms take as many."""

NAMES = {name: getattr(np, name) for name in ('sin', 'cos', 'exp', 'sqrt', 'pi', 'log', 'tanh')}


def formula(text, coordinates):
    """A function of arrays from a formula of the equation language that uses arithmetic and elementary functions alone."""
    code = compile(text.replace('^', '**'), text, 'eval')

    def at(*places):
        values = eval(code, {'__builtins__': {}}, NAMES | dict(zip(coordinates, places)))
        return np.broadcast_to(values, np.broadcast_shapes(*(np.shape(one) for one in places)))

    return at


def relative(found, truth):
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def timed(solve, enough=0.25, most=9):
    """The last result and the seconds of repeats after one that warms up, until they are `enough` together; what takes long runs once."""
    began = time.perf_counter()
    result = solve()
    first = time.perf_counter() - began
    if first > 2:
        return result, [first]
    seconds = []
    while sum(seconds) < enough and len(seconds) < most:
        began = time.perf_counter()
        result = solve()
        seconds.append(time.perf_counter() - began)
    return result, seconds


def spread(values):
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values), 'count': len(values)}


class Ladders:
    """Collects rungs. A ladder ends where a solve took longer than `limit` seconds, or where two more rungs gained nothing."""

    def __init__(self, limit):
        self.limit = limit
        self.rungs = []
        self.left_out = []

    def climb(self, method, settings, make, judge, words='{} cells'):
        """`make(*setting)` gives a solve without arguments; `judge(result, *setting)` its error and number of unknowns; `words` say it."""
        errors = []
        for setting in settings:
            setting = setting if isinstance(setting, tuple) else (setting,)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    with np.errstate(all='ignore'):
                        result, seconds = timed(make(*setting))
                error, unknowns = judge(result, *setting)
            except (ArithmeticError, MemoryError) as failure:
                self.left_out.append(f'{method}, {words.format(*setting)}: {failure}')
                continue
            self.rungs.append(
                {
                    'method': method,
                    'setting': words.format(*setting),
                    'unknowns': unknowns,
                    'error': error,
                    'seconds': spread(seconds),
                    'rawSeconds': seconds,
                }
            )
            errors.append(error)
            if statistics.median(seconds) > self.limit or (len(errors) > 2 and min(errors[-2:]) > 0.7 * errors[-3]):
                break


def parser(description):
    p = argparse.ArgumentParser(description=description, allow_abbrev=False)
    p.add_argument('--limit', type=float, default=2.0, help='seconds of a solve after which no finer one is tried')
    return p


def multigrids(ladders):
    """By name: pyamg's, or none where it is not installed, which the line then says."""
    try:
        import pyamg
    except ImportError:
        ladders.left_out.append('pyamg is not installed')
        return {}
    return {'Ruge-Stuben': pyamg.ruge_stuben_solver, 'smoothed aggregation': pyamg.smoothed_aggregation_solver}


def answer(peer, ladders):
    versions = {'python': platform.python_version(), 'numpy': np.__version__, 'scipy': scipy.__version__}
    if 'pyamg' in sys.modules:
        versions['pyamg'] = sys.modules['pyamg'].__version__
    line = {'peer': peer, 'versions': versions, 'threads': THREADS, 'leftOut': ladders.left_out, 'ladder': ladders.rungs}
    print(json.dumps(line))
