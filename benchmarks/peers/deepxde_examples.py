"""What DeepXDE's own examples reach: python3 deepxde_examples.py --examples DIR [--only NAME,...] [--seconds 900]

DIR is `examples/pinn_forward` of a checkout of DeepXDE, which has to be importable (PYTHONPATH=CHECKOUT or installed), with PyTorch. Each
example runs as it is, in a process of its own, without pictures, with torch in the place of TensorFlow; its error is what it says itself: the least of its metric "l2 relative
error" over its training (at its own points), or the relative L2 error that it prints at its end, the largest where it prints several.
One JSON line an example. None of DeepXDE's code is here.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

#: Our name of the problem, and the example's file.
EXAMPLES = {
    "dde_allen_cahn": "Allen_Cahn.py",
    "dde_euler_beam": "Euler_beam.py",
    "dde_helmholtz_dirichlet": "Helmholtz_Dirichlet_2d.py",
    "dde_klein_gordon": "Klein_Gordon.py",
    "dde_kovasznay": "Kovasznay_flow.py",
    "dde_lotka_volterra": "Lotka_Volterra.py",
    "dde_poisson_dirichlet_1d": "Poisson_Dirichlet_1d.py",
    "dde_poisson_neumann_1d": "Poisson_Neumann_1d.py",
    "dde_poisson_robin_1d": "Poisson_Robin_1d.py",
    "dde_poisson_periodic_1d": "Poisson_periodic_1d.py",
    "dde_poisson_multiscale_1d": "Poisson_multiscale_1d.py",
    "dde_diffusion_1d": "diffusion_1d.py",
    "dde_diffusion_reaction": "diffusion_reaction.py",
    "dde_heat": "heat.py",
    "dde_wave_1d": "wave_1d.py",
    "dde_ode_2nd": "ode_2nd.py",
    "dde_ode_system": "ode_system.py",
    "dde_ide": "ide.py",
    "dde_volterra": "Volterra_IDE.py",
    "dde_laplace_disk": "Laplace_disk.py",
    "dde_black_scholes": "black_scholes_call.py",
    "dde_elasticity": "elasticity_plate.py",
}

#: Runs one example in the child, and prints the least metric of every model that it trained.
CHILD = r"""
import json, os, runpy, sys
import matplotlib
matplotlib.use("Agg")
import deepxde as dde
import torch
from deepxde import backend
backend.tf = torch  # what their comments say to write for PyTorch; the functions that they call have the same names
dde.saveplot = lambda *args, **kwargs: None
dde.config.set_random_seed(0)
kept = []
train = dde.Model.train
def remembered(self, *args, **kwargs):
    result = train(self, *args, **kwargs)
    kept.append(self)
    return result
dde.Model.train = remembered
os.chdir(os.path.dirname(sys.argv[1]))
runpy.run_path(sys.argv[1], init_globals={"sin": torch.sin, "cos": torch.cos}, run_name="__main__")
names = [getattr(m, "__name__", "") for model in kept for m in (model.metrics or [])]
least = None
if "l2_relative_error" in names:
    history = [row for model in kept for row in model.losshistory.metrics_test if row is not None and len(row) > 0]
    least = min(float(row[names.index("l2_relative_error") % len(row)]) for row in history)
print("@" + json.dumps({"least": least, "iterations": kept[-1].train_state.step, "deepxde": dde.__version__}))
"""


def run(name, file, seconds):
    began = time.perf_counter()
    line = {"peer": "deepxde", "case": name, "example": os.path.basename(file)}
    environment = {**os.environ, "DDE_BACKEND": "pytorch", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, os.path.abspath(file)], capture_output=True, text=True, timeout=seconds, env=environment
        )
    except subprocess.TimeoutExpired:
        return {**line, "relativeL2": None, "failure": f"ended after {seconds} s"}
    line["seconds"] = time.perf_counter() - began
    if done.returncode != 0:
        return {**line, "relativeL2": None, "failure": done.stderr.strip().splitlines()[-1][:200]}
    told = json.loads(done.stdout.splitlines()[-1][1:])
    printed = [float(value) for value in re.findall(r"(?i)l2 relative error[^:\n]*:\s*([-+.\de]+)", done.stdout)]
    error = told.pop("least")
    return {**line, **told, "relativeL2": error if error is not None else max(printed, default=None)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=900)
    given = parser.parse_args()
    import torch

    checkout = subprocess.run(["git", "-C", given.examples, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    for name, file in EXAMPLES.items():
        if given.only and name not in given.only.split(","):
            continue
        line = run(name, os.path.join(given.examples, file), given.seconds)
        print(json.dumps({**line, "torch": torch.__version__, "checkout": checkout or None}), flush=True)


if __name__ == "__main__":
    main()
