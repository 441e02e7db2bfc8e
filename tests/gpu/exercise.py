"""A short program that uses every kernel of a training step, to be watched by compute-sanitizer.

Networks with batch norm, pooling, dropout, a residual sum, and each optimiser; convolutions at shapes that end inside
tiles, in both precisions. With --planted it reads where no memory is: what watches must see it.
"""
import argparse

import models
import numpy as np

import numbacnn
from numbacnn import nn, optim
from numbacnn.nn import functional as F

# inputs, image, outputs, size, stride, groups: no number is a multiple of a tile
CONVOLUTIONS = [(3, 17, 40, 7, 2, 1), (64, 13, 72, 3, 1, 1), (64, 14, 136, 1, 1, 1), (72, 9, 64, 3, 2, 1),
                (128, 7, 264, 1, 2, 1), (40, 11, 40, 3, 1, 40), (48, 6, 80, 3, 1, 2)]
TINY = [(3, 4, 4, 3, 2, 1), (4, 3, 4, 3, 1, 4)]


def convolve(inputs, image, outputs, size, stride, groups, batch):
    """One convolution, forward and backward."""
    rng = np.random.default_rng(0)
    x = numbacnn.tensor(rng.standard_normal((batch, inputs, image, image), "float32"), requires_grad=True)
    weight = numbacnn.tensor(rng.standard_normal((outputs, inputs // groups, size, size), "float32"),
                             requires_grad=True)
    y = F.conv2d(x, weight, None, stride, size // 2, groups=groups)
    y.backward(numbacnn.ones(y.shape))
    return [each.numpy() for each in (x.grad, weight.grad)]


def train(rehearse):
    """Networks and optimisers."""
    n = 2 if rehearse else 9
    steps = 1 if rehearse else 2
    if not rehearse:
        models.train(models.SimpleCNN(), steps, n)
    batches = [models.batch(n, 3, 4 if rehearse else 15, seed=seed) for seed in range(steps)]
    for make in (optim.SGD,) if rehearse else (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop):
        more = {"momentum": 0.9} if make is optim.SGD else {}
        models.train(models.SmallResNet(channels=3, depth=1 if rehearse else 3), steps, n, batches=batches,
                     make=lambda parameters, lr, make=make, more=more: make(parameters, lr=lr, **more))
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d(2), nn.Dropout(0.5),
                          nn.Flatten(), nn.Linear(
                              6 * ((batches[0][0].shape[2] - 2) // 2)**2, 10))
    models.train(model, steps, n, batches=batches)


def planted():
    """Read a gigabyte behind an array."""
    import numbacnn_cuda as backend
    from numbacnn_cuda.runtime import runtime

    from numbacnn.kernels import Place

    x, y = backend.empty(4096), backend.empty(4096)
    backend.Program([("relu", [Place(0, 1 << 30, (1024,), "float32"), Place(1, 0, (1024,), "float32")])]).run(
        [x.address, y.address])
    runtime().device(0).synchronize()


def main():
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m gpu.exercise")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--planted", action="store_true")
    options = parser.parse_args()
    if options.planted:
        return planted()
    train(options.rehearse)
    for precision in "default", "highest":
        numbacnn.set_precision(precision)
        for row in TINY if options.rehearse else CONVOLUTIONS:
            convolve(*row, batch=1 if options.rehearse else 5)
    print("done")
    return None


if __name__ == "__main__":
    main()
