"""Peer: feature grids with normalised Gaussian interpolation in plain PyTorch (the method of the paper), images from their derivatives."""

import torch

import common


class GaussianGrid(torch.nn.Module):
    """Levels s = 0 ... L-1 of N/2^s cells an axis on [-1, 1]^2, F features a node, a linear decoder on all levels' features.

    A sample sees the (2 rings)^2 nodes around its cell, weighted by exp(-(epsilon r)^2) over their sum, r in grid units of the level.
    Beyond the edge the border node is repeated, index and position, and counted as often in the sum.

    All levels live in one (F, nodes) table, so that a pass is a handful of kernels whatever the number of levels, and the sample axis is
    the last and contiguous one: sums over neighbours then run along vectors of samples, which is several times faster on a CPU.
    """

    def __init__(self, resolution, levels, features, outputs, epsilon, rings, dtype, device):
        super().__init__()
        placed = dict(dtype=dtype, device=device)
        self.cells = [resolution >> s for s in range(levels)]
        self.features, self.epsilon = features, epsilon
        sides = torch.tensor(self.cells)
        nodes = (sides + 1) ** 2
        self.register_buffer('side', sides[:, None].to(**placed))  # (L, 1) against (L, samples)
        self.register_buffer('stride', (sides[:, None] + 1).to(device))
        self.register_buffer('first', (nodes.cumsum(0) - nodes)[:, None].to(device))
        self.register_buffer('offsets', torch.arange(1 - rings, rings + 1, device=device)[:, None, None].to(dtype))
        self.table = torch.nn.Parameter(torch.empty(features, int(nodes.sum()), **placed).uniform_(-1e-4, 1e-4))
        self.decoder = torch.nn.Linear(levels * features, outputs, **placed)
        torch.nn.init.xavier_uniform_(self.decoder.weight)
        torch.nn.init.zeros_(self.decoder.bias)

    def neighbours(self, coordinates):
        """Per axis: (2 rings, L, samples) clamped node indices and exponents -(epsilon (t - node))^2."""
        t = (coordinates + 1) * (0.5 * self.side)
        with torch.no_grad():
            cell = torch.minimum(t.floor().clamp_min(0), self.side - 1)
            node = torch.minimum((cell + self.offsets).clamp_min(0), self.side)
        return node.long(), -(self.epsilon * (t - node)).square()

    def forward(self, xs, ys):
        column, exponent_x = self.neighbours(xs)
        row, exponent_y = self.neighbours(ys)
        index = (row * self.stride + self.first)[:, None] + column  # (2 rings in y, 2 rings in x, L, samples)
        phi = torch.exp(exponent_y[:, None] + exponent_x).flatten(0, 1)
        nodes = self.table.gather(1, index.view(1, -1).expand(self.features, -1)).view(self.features, *phi.shape)
        mixed = (phi * nodes).sum(1) / phi.sum(0)  # (F, L, samples)
        return self.decoder(mixed.permute(2, 1, 0).flatten(1))

    def level(self, s):
        """Level s as a (nodes in y, nodes in x, F) view of the table."""
        n = self.cells[s] + 1
        first = int(self.first[s])
        return self.table[:, first:first + n * n].view(self.features, n, n).permute(1, 2, 0)

    @torch.no_grad()
    def read(self, directory):
        for name, place in self.named():
            array = common.load(directory / f'{name}.npy')
            if array.shape != tuple(place.shape):
                common.fail(f'{name}.npy is {array.shape}, {tuple(place.shape)} is needed')
            place.copy_(torch.from_numpy(array))

    def save(self, directory):
        for name, place in self.named():
            common.save(directory, name, place.contiguous())

    def named(self):
        levels = [(f'level{s}', self.level(s)) for s in range(len(self.cells))]
        return levels + [('decoder_weight', self.decoder.weight), ('decoder_bias', self.decoder.bias)]


class DirectGrid(GaussianGrid):
    """The same field written the way the formula reads, as a first implementation would be: each level by itself, the neighbours of a
    sample as (samples, (2 rings)^2, 2) positions, squared distances summed over the axes, all samples at once.
    """

    def forward(self, xs, ys):
        x = torch.stack([ys, xs], -1)
        features = []
        for s, cells in enumerate(self.cells):
            t = (x + 1) * (0.5 * cells)
            with torch.no_grad():
                cell = t.floor().clamp(0, cells - 1)
                offset = self.offsets.flatten()
                around = torch.stack(torch.meshgrid(offset, offset, indexing='ij'), -1).view(-1, 2)
                node = (cell[:, None] + around).clamp(0, cells)  # (samples, (2 rings)^2, 2)
                index = (node[..., 0] * (cells + 1) + node[..., 1]).long()
            phi = torch.exp(-self.epsilon**2 * (t[:, None] - node).square().sum(-1))
            weight = phi / phi.sum(-1, keepdim=True)
            values = self.level(s).reshape(-1, self.features)[index]  # (samples, (2 rings)^2, F)
            features.append((weight[..., None] * values).sum(1))
        return self.decoder(torch.cat(features, -1))


def sizes(options):
    """Resolution, levels and features: as asked, else as in --start, else the paper's."""
    found = {'resolution': 512, 'levels': 6, 'features': 2}
    if options.start and (options.start / 'level0.npy').is_file():
        shape = common.load(options.start / 'level0.npy').shape
        if len(shape) != 3:
            common.fail(f'level0.npy is {shape}: (nodes in y, nodes in x, features) is needed')
        levels = 1
        while (options.start / f'level{levels}.npy').is_file():
            levels += 1
        found = {'resolution': shape[0] - 1, 'levels': levels, 'features': shape[2]}
    chosen = {name: getattr(options, name) or value for name, value in found.items()}
    if chosen['resolution'] % (1 << (chosen['levels'] - 1)):
        common.fail(f'--resolution {chosen["resolution"]} does not halve {chosen["levels"] - 1} times')
    return chosen


def main():
    p = common.parser(__doc__)
    p.add_argument('--resolution', type=int, help='cells an axis of the finest level (default: as in --start, else 512)')
    p.add_argument('--levels', type=int, help='default: as in --start, else 6')
    p.add_argument('--features', type=int, help='features a node (default: as in --start, else 2)')
    p.add_argument('--layout', choices=('fast', 'direct'), default='fast', help='how the same method is laid out in memory')
    p.add_argument('--epsilon', type=float, default=1.0)
    p.add_argument('--rings', type=int, default=3)
    p.set_defaults(learning_rate=5e-3)
    options = p.parse_args()
    for name in ('resolution', 'levels', 'features', 'rings'):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            common.fail(f'--{name} must be at least 1')
    common.prepare(options)
    task = common.ImageTask(options)
    shape = sizes(options)
    layout = {'fast': GaussianGrid, 'direct': DirectGrid}[options.layout]
    model = layout(**shape, outputs=task.outputs, epsilon=options.epsilon, rings=options.rings, dtype=options.torch_dtype, device=options.device)
    if options.start and (options.start / 'level0.npy').is_file():
        model.read(options.start)
    chunk = options.chunk
    if chunk is None and options.layout == 'direct':
        chunk = 0
    if chunk is None:
        # On a CPU tensors of 8 to 16 MB are fastest (larger ones are mapped and faulted in anew each time); on a GPU one chunk of up to some 30 GB.
        entries = shape['levels'] * (2 * options.rings) ** 2
        chunk = max(256, (1 << 21) // entries) if options.device == 'cpu' else max(1024, (1 << 28) // entries)
    common.run('poisson_grid', model, task, options, chunk, **shape, epsilon=options.epsilon, rings=options.rings, layout=options.layout)


if __name__ == '__main__':
    main()
