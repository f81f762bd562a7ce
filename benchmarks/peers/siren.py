"""Peer: Siren (an MLP with sine activations) in plain PyTorch, images from their derivatives."""

import math

import torch

import common


class Siren(torch.nn.Module):
    """sin(omega (W x + b)) in every layer but the last: one from the coordinates, then `hidden` of `width` x `width`.

    Its authors' initialisation: weights uniform in +-1/inputs in the first layer and +-sqrt(6/inputs)/omega in all others, biases
    PyTorch's default, uniform in +-1/sqrt(inputs).
    """

    def __init__(self, width, hidden, outputs, omega, dtype, device):
        super().__init__()
        self.omega = omega
        widths = [2] + [width] * (hidden + 1) + [outputs]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b, dtype=dtype, device=device) for a, b in zip(widths, widths[1:]))
        for k, layer in enumerate(self.layers):
            bound = math.sqrt(6 / layer.in_features) / omega if k else 1 / layer.in_features
            torch.nn.init.uniform_(layer.weight, -bound, bound)

    def forward(self, xs, ys):
        h = torch.stack((xs, ys), 1)
        for layer in self.layers[:-1]:
            h = torch.sin(self.omega * layer(h))
        return self.layers[-1](h)

    def named(self):
        for k, layer in enumerate(self.layers):
            yield f'layer{k}_weight', layer.weight
            yield f'layer{k}_bias', layer.bias

    @torch.no_grad()
    def read(self, directory):
        for name, place in self.named():
            array = common.load(directory / f'{name}.npy')
            if array.shape != tuple(place.shape):
                common.fail(f'{name}.npy is {array.shape}, {tuple(place.shape)} is needed')
            place.copy_(torch.from_numpy(array))

    def save(self, directory):
        for name, place in self.named():
            common.save(directory, name, place)


def main():
    p = common.parser(__doc__)
    p.add_argument('--width', type=int, default=256)
    p.add_argument('--hidden', type=int, default=5, help='hidden layers after the first one (default 5)')
    p.add_argument('--omega', type=float, default=30.0)
    p.set_defaults(learning_rate=5e-5)
    options = p.parse_args()
    if options.width < 1 or options.hidden < 0:
        common.fail('--width must be at least 1 and --hidden at least 0')
    common.prepare(options)
    task = common.ImageTask(options)
    shape = {'width': options.width, 'hidden': options.hidden}
    model = Siren(**shape, outputs=task.outputs, omega=options.omega, dtype=options.torch_dtype, device=options.device)
    if options.start and (options.start / 'layer0_weight.npy').is_file():
        model.read(options.start)
    chunk = options.chunk
    if chunk is None:
        # values in one activation: 2 MB stays in a CPU's cache; on a GPU one chunk of up to some 30 GB
        chunk = max(256, (1 << (19 if options.device == 'cpu' else 27)) // options.width)
    common.run('siren', model, task, options, chunk, **shape, omega=options.omega)


if __name__ == '__main__':
    main()
