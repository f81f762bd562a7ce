"""What the PyTorch peers share: command line, image task, Adam loop with timing, .npy exchange, one JSON line.

A peer is a torch module `model(xs, ys) -> (samples, outputs)` with `save(directory)`, plus a `main` that builds it. The training
loop here is plain nested autograd: derivatives with respect to the coordinates first, then the loss's gradient by `backward()`.
"""

import argparse
import json
import math
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy
import torch

MODES = ('eager', 'graph', 'compile')
SCALE = {'gradient': 10.0, 'laplacian': 1e4}  # of the image's differences, as in the paper's protocol


def parser(description):
    """The options that every peer has. A peer adds its own and passes the result to `prepare`."""
    p = argparse.ArgumentParser(description=description, allow_abbrev=False)
    p.add_argument('--start', type=Path, metavar='DIR', help='initial parameters, targets and (optionally) draws as .npy files')
    p.add_argument('--image', type=Path, metavar='FILE.npy', help='(H, W) or (H, W, C), values in [0, 1]: the target, when --start has none, and the truth for psnrPaper')
    p.add_argument('--supervision', choices=list(SCALE), help='default: what --start has files for, else gradient')
    p.add_argument('--iterations', type=int, help='default: WARMUP + COUNT with --time, else 100')
    p.add_argument('--samples', type=int, help='samples an iteration; default: as many as in draws.npy, else as many as pixels')
    p.add_argument('--learning-rate', type=float)
    p.add_argument('--decay-steps', type=float, default=5000, help='lr * 0.1^(i / STEPS); 0: constant (default 5000)')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    p.add_argument('--dtype', choices=['float32', 'float64'], default='float32')
    p.add_argument('--tf32', action='store_true', help='TensorFloat-32 matrix products (CUDA; PyTorch leaves them off)')
    p.add_argument('--threads', type=int, help='CPU threads of PyTorch; default: its own choice')
    p.add_argument('--mode', choices=list(MODES), default='eager', help='eager: nested autograd; graph: the same as one CUDA graph; compile: forward derivatives through torch.compile')
    p.add_argument('--chunk', type=int, help='samples differentiated at a time, gradients accumulated; 0: all at once; default: what was fastest')
    p.add_argument('--time', metavar='WARMUP,COUNT', help='which iterations the timing covers; default: all but the first')
    p.add_argument('--out', type=Path, metavar='DIR', help='writes losses.npy, prediction.npy and the final parameters')
    return p


def fail(message):
    print(f'error: {message}', file=sys.stderr)
    sys.exit(2)


def load(path):
    try:
        array = numpy.load(path)
    except (OSError, ValueError) as error:
        fail(f'{path}: {error}')
    if not numpy.isfinite(array).all():
        fail(f'{path} has values that are not finite')
    return array


def save(directory, name, tensor):
    numpy.save(directory / f'{name}.npy', tensor.detach().cpu().numpy())


def prepare(options):
    """Checks the common options, sets threads and seed; adds .torch_dtype, .warmup and .count."""
    if options.start is None and options.image is None:
        fail('give --start DIR, --image FILE.npy or both')
    for name in ('iterations', 'samples', 'threads'):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            fail(f'--{name} must be at least 1')
    if options.chunk is not None and options.chunk < 0:
        fail('--chunk must be at least 0')
    if options.device == 'cuda' and not torch.cuda.is_available():
        fail('no CUDA device, or a PyTorch without CUDA')
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.mode == 'graph' and options.device != 'cuda':
        fail('--mode graph needs --device cuda')
    torch.backends.cuda.matmul.allow_tf32 = options.tf32
    torch.manual_seed(options.seed)
    options.torch_dtype = getattr(torch, options.dtype)
    options.warmup, options.count = 1, None
    if options.time:
        try:
            options.warmup, options.count = (int(part) for part in options.time.split(','))
        except ValueError:
            fail(f'--time takes WARMUP,COUNT, not {options.time}')
        if options.warmup < 0 or options.count < 1:
            fail('--time needs WARMUP >= 0 and COUNT >= 1')
    window = options.warmup + options.count if options.count else None
    options.iterations = options.iterations or window or 100
    if window and options.iterations < window:
        fail(f'--iterations {options.iterations} is less than WARMUP + COUNT = {window}')


class ImageTask:
    """An image to be recovered from its gradient or Laplacian: targets and draws on the lattice of its pixel centres.

    Rows are y, columns are x; the lattice is linspace(-1, 1, W) by linspace(-1, 1, H), both ends included.
    """

    def __init__(self, options):
        self.truth = load(options.image).astype(numpy.float64) if options.image else None
        if self.truth is not None and (self.truth.ndim not in (2, 3) or self.truth.min() < 0 or self.truth.max() > 1):
            fail(f'{options.image}: an (H, W) or (H, W, C) array with values in [0, 1] is needed')
        start = options.start
        files = {'gradient': ['target_x.npy', 'target_y.npy'], 'laplacian': ['target.npy']}
        there = [kind for kind in files if start and all((start / name).is_file() for name in files[kind])]
        self.supervision = options.supervision or (there[0] if there else 'gradient')
        if self.supervision in there:
            targets = [load(start / name) for name in files[self.supervision]]
        elif self.truth is not None:
            targets = differences(self.truth, self.supervision)
        else:
            fail(f'{start} has no {" and ".join(files[self.supervision])}: add them or give --image')
        if any(t.ndim not in (2, 3) or t.shape != targets[0].shape for t in targets):
            fail('targets must be (H, W) or (H, W, C), all of one shape')
        self.shape = targets[0].shape
        self.height, self.width = self.shape[:2]
        self.outputs = self.shape[2] if len(self.shape) == 3 else 1
        if self.truth is not None and self.truth.shape != self.shape:
            fail(f'--image is {self.truth.shape}, the target {self.shape}')

        placed = dict(dtype=options.torch_dtype, device=options.device)
        pixels = self.height * self.width
        # (components, pixels, outputs): one component for the Laplacian, two for the gradient
        self.targets = torch.stack([torch.as_tensor(t.reshape(pixels, self.outputs), **placed) for t in targets])
        self.xs = torch.linspace(-1, 1, self.width, dtype=torch.float64).repeat(self.height).to(**placed)
        self.ys = torch.linspace(-1, 1, self.height, dtype=torch.float64).repeat_interleave(self.width).to(**placed)

        self.draws = None
        self.samples = options.samples or pixels
        if start and (start / 'draws.npy').is_file():
            self.draws = numpy.load(start / 'draws.npy', mmap_mode='r')
            if self.draws.ndim != 2 or self.draws.dtype != numpy.int64:
                fail('draws.npy must be int64 of shape (iterations, samples)')
            if len(self.draws) < options.iterations:
                fail(f'draws.npy has {len(self.draws)} iterations, {options.iterations} were asked for')
            if options.samples not in (None, self.draws.shape[1]):
                fail(f'draws.npy has {self.draws.shape[1]} samples an iteration, not {options.samples}')
            if self.draws[:options.iterations].min() < 0 or self.draws[:options.iterations].max() >= pixels:
                fail(f'draws.npy has pixel indices outside 0 ... {pixels - 1}')
            self.samples = self.draws.shape[1]

    def draw(self, iteration):
        """Flat pixel indices, drawn with replacement."""
        if self.draws is not None:
            return torch.from_numpy(self.draws[iteration].copy()).to(self.xs.device)
        return torch.randint(len(self.xs), (self.samples,), device=self.xs.device)

    def loss(self, model, index):
        """Mean squared residual over all samples and components; of a chunk, its share of that mean."""
        xs, ys = self.xs[index].requires_grad_(), self.ys[index].requires_grad_()
        u = model(xs, ys)
        residual = 0.0
        for c in range(self.outputs):
            target = self.targets[:, index, c]
            u_x, u_y = torch.autograd.grad(u[:, c].sum(), (xs, ys), create_graph=True)
            if self.supervision == 'gradient':
                residual = residual + (u_x - target[0]).square().sum() + (u_y - target[1]).square().sum()
            else:
                # xs and ys are leaves of their own, so that autograd does not compute the mixed derivative
                u_xx, = torch.autograd.grad(u_x.sum(), xs, create_graph=True)
                u_yy, = torch.autograd.grad(u_y.sum(), ys, create_graph=True)
                residual = residual + (u_xx + u_yy - target[0]).square().sum()
        return residual / (len(self.targets) * self.outputs * self.samples)

    def forward_loss(self, model, index):
        """The same with derivatives by forward differentiation, which torch.compile can follow (it refuses nested backward passes)."""
        try:
            from torch.func import jvp
        except ImportError:  # PyTorch 1.13 has it under its former name
            from functorch import jvp
        xs, ys = self.xs[index], self.ys[index]
        one = torch.ones_like(xs)

        def along_x(x):
            return jvp(lambda x: model(x, ys), (x,), (one,))[1]

        def along_y(y):
            return jvp(lambda y: model(xs, y), (y,), (one,))[1]

        target = self.targets[:, index]
        if self.supervision == 'gradient':
            residual = (along_x(xs) - target[0]).square().sum() + (along_y(ys) - target[1]).square().sum()
        else:
            u_xx, u_yy = jvp(along_x, (xs,), (one,))[1], jvp(along_y, (ys,), (one,))[1]
            residual = (u_xx + u_yy - target[0]).square().sum()
        return residual / (len(self.targets) * self.outputs * self.samples)

    @torch.no_grad()
    def predict(self, model, chunk=65536):
        parts = [model(xs, ys) for xs, ys in zip(self.xs.split(chunk), self.ys.split(chunk))]
        return torch.cat(parts).reshape(self.shape)


def differences(image, supervision):
    """The paper's targets: unnormalised Sobel x 10, or the five-point Laplacian x 1e4, of 2v - 1, the image mirrored at its border (the edge pixel is not repeated)."""
    from scipy import ndimage
    v = 2 * image - 1
    if supervision == 'gradient':
        return [SCALE['gradient'] * ndimage.sobel(v, axis=axis, mode='mirror') for axis in (1, 0)]
    kernel = numpy.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    return [SCALE['laplacian'] * ndimage.convolve(v, kernel[(...,) + (None,) * (v.ndim - 2)], mode='mirror')]


def psnr_paper(prediction, truth):
    """The prediction clipped to and rescaled by its 0.01 and 99.99 percentiles, the truth by its extremes; peak 1."""
    low, high = numpy.percentile(prediction, (0.01, 99.99))
    p = numpy.clip((prediction - low) / (high - low), 0, 1)
    t = (truth - truth.min()) / (truth.max() - truth.min())
    return float(-10 * math.log10(((p - t) ** 2).mean()))


def learning_rate(base, decay_steps, iteration):
    return base * 0.1 ** (iteration / decay_steps) if decay_steps else base


def backward(loss_of, model, index, chunk):
    """Adds the gradient of the loss over all draws, a chunk at a time; returns the loss."""
    total = 0.0
    for part in index.split(chunk):
        loss = loss_of(model, part)
        loss.backward()
        total = total + loss.detach()
    return total


def plain_step(model, task, options, chunk):
    """One iteration as PyTorch runs it, or with the loss of a chunk compiled."""
    fused = options.device == 'cuda' or tuple(int(part) for part in torch.__version__.split('.')[:2]) >= (2, 4)
    adam = torch.optim.Adam(model.parameters(), lr=options.learning_rate, betas=(0.9, 0.999), eps=1e-8, **({'fused': True} if fused else {}))
    loss_of = task.loss
    if options.mode == 'compile':
        loss_of = torch.compile(task.forward_loss, mode='reduce-overhead' if options.device == 'cuda' else None, dynamic=False)

    def step(i):
        adam.param_groups[0]['lr'] = learning_rate(options.learning_rate, options.decay_steps, i)
        adam.zero_grad(set_to_none=True)
        loss = backward(loss_of, model, task.draw(i), chunk)
        adam.step()
        return loss

    return step


def graphed_step(model, task, options, chunk):
    """One iteration captured once as a CUDA graph, and launched as one: draws and the learning rate are copied to where it reads them."""
    rate = torch.tensor(options.learning_rate, device=options.device)
    adam = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.999), eps=1e-8, fused=True, capturable=True)
    index = task.draw(0).clone()
    start = [parameter.detach().clone() for parameter in model.parameters()]

    def body():
        adam.zero_grad(set_to_none=False)
        loss = backward(task.loss, model, index, chunk)
        adam.step()
        return loss

    # What is allocated on first use must be there before the capture; training itself begins at the start all the same.
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            body()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = body()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), start):
            parameter.copy_(value)
        for state in adam.state.values():
            for value in state.values():
                value.zero_()

    def step(i):
        rate.fill_(learning_rate(options.learning_rate, options.decay_steps, i))
        index.copy_(task.draw(i))
        graph.replay()
        return loss

    return step


def train(model, task, options, chunk):
    """Adam on everything. Returns losses before each step (float64), seconds of each iteration and the number of chunks."""
    cuda = options.device == 'cuda'
    losses = torch.zeros(options.iterations, dtype=torch.float64, device=options.device)
    seconds = []
    chunk = min(chunk or task.samples, task.samples)
    step = (graphed_step if options.mode == 'graph' else plain_step)(model, task, options, chunk)
    for i in range(options.iterations):
        if cuda:
            torch.cuda.synchronize()
        begin = time.perf_counter()
        losses[i] = step(i)
        if cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    return losses.cpu().numpy(), seconds, math.ceil(task.samples / chunk)


def processor():
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        return next(line.split(':', 1)[1].strip() for line in lines if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def run(peer, model, task, options, chunk, **extra):
    """Trains, writes --out and prints the one JSON object."""
    losses, seconds, chunks = train(model, task, options, chunk)
    timed = seconds[options.warmup:][:options.count] or seconds
    report = {
        'peer': peer,
        'torch': torch.__version__,
        'device': options.device,
        'processor': processor(),
        'gpu': torch.cuda.get_device_name() if options.device == 'cuda' else None,
        'threads': torch.get_num_threads(),
        'dtype': options.dtype,
        'tf32': options.tf32,
        'mode': options.mode,
        'supervision': task.supervision,
        'image': [task.height, task.width],
        'outputs': task.outputs,
        'parameters': sum(p.numel() for p in model.parameters()),
        'learningRate': options.learning_rate,
        'decaySteps': options.decay_steps,
        'seed': options.seed,
        'iterations': options.iterations,
        'samples': task.samples,
        'chunks': chunks,
        'secondsPerIteration': {'median': statistics.median(timed), 'min': min(timed), 'max': max(timed), 'count': len(timed)},
        'seconds': sum(seconds),
        'losses': [number(losses[0]), number(losses[-1])],
        'hostMemoryPeak': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024),
        'deviceMemoryPeak': torch.cuda.max_memory_allocated() if options.device == 'cuda' else None,
        **extra,
    }
    if options.out or task.truth is not None:
        prediction = task.predict(model)
        if task.truth is not None:
            finite = bool(torch.isfinite(prediction).all())
            report['psnrPaper'] = psnr_paper(prediction.double().cpu().numpy(), task.truth) if finite else None
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            numpy.save(options.out / 'losses.npy', losses)
            save(options.out, 'prediction', prediction)
            model.save(options.out)
    print(json.dumps(report, allow_nan=False), flush=True)


def number(value):
    """A JSON number, or null for what JSON cannot say."""
    return float(value) if math.isfinite(value) else None
