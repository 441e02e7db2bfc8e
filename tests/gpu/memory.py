"""Which share of the bandwidth of a copy the memory-bound kernels reach.

Bytes are counted once for each array that must be read or written, and twice for those of which a statistic must be
known before the first result: x in batch norm forward; x and dy backward.
"""
import statistics

import numbacnn
from numbacnn import nn, ops, optim
from numbacnn.graph import storage_of

from . import clock, plans
from .results import arguments

IMAGES, TINY_IMAGES = (256, 64, 56, 56), (2, 8, 6, 6)   # 205 MB: more than three times the cache of an H200
SCORES, TINY_SCORES = (65536, 1000), (8, 10)
SIZES, TINY_SIZES = ([1 << 24] * 3 + [2359296] * 8 + [512] * 64), [1000, 7]


def forward(function, *shapes, passes):
    """A function of arrays of these shapes: its kernels run when the result is asked for."""
    inputs = [numbacnn.randn(*shape) for shape in shapes]
    numbacnn.evaluate(*inputs)
    return lambda: function(*inputs), passes * inputs[0].numel() * 4


def backward(function, shape, passes):
    """The gradient of a function, which has run before."""
    x = numbacnn.randn(*shape, requires_grad=True)
    y = function(x)
    dy = numbacnn.randn(*y.shape)
    numbacnn.evaluate(y, dy)

    def run():
        y.backward(dy)
        return x.grad

    return run, passes * x.numel() * 4


def entropy(scores, gradient):
    """The loss of classes, which writes probabilities, and the gradient, which reads them."""
    logits = numbacnn.randn(*scores, requires_grad=True)
    targets = numbacnn.randint(0, scores[1], (scores[0],))
    numbacnn.evaluate(logits, targets)
    criterion = nn.CrossEntropyLoss()
    if not gradient:
        return lambda: criterion(logits, targets), 2 * logits.numel() * 4
    loss = criterion(logits, targets)
    numbacnn.evaluate(loss)

    def run():
        loss.backward()
        return logits.grad

    return run, 2 * logits.numel() * 4


def update(make, passes, sizes):
    """A step of an optimiser."""
    given = [nn.Parameter(numbacnn.randn(n)) for n in sizes]
    for p in given:
        p.grad = numbacnn.randn(*p.shape)
    optimizer = make(given)
    for _ in range(2):                                   # the first step has no state to read
        optimizer.step()
        numbacnn.evaluate()
    return optimizer.step, passes * sum(sizes) * 4


def cases(images, scores, sizes):
    """Return what makes each case, by name: (function that runs the kernels, bytes)."""
    n, c, h, w = images
    flat = (n * c * h * w // 1024 or 1, 1024) if images is IMAGES else (8, 40)
    quarter = 1 + 2 / 4                                  # of the results, and of where each was found
    return {
        "relu": lambda: forward(ops.relu, images, passes=2),
        "gelu": lambda: forward(ops.gelu, images, passes=2),
        "add": lambda: forward(ops.add, images, images, passes=3),
        "multiply by a channel's number": lambda: forward(ops.multiply, images, (c, 1, 1), passes=2),
        "relu backward": lambda: backward(ops.relu, images, 3),
        "dropout": lambda: forward(nn.Dropout(0.5), images, passes=2),
        "batch norm forward": lambda: forward(nn.BatchNorm2d(c), images, passes=3),
        "batch norm backward": lambda: backward(nn.BatchNorm2d(c), images, 5),
        "layer norm forward": lambda: forward(nn.LayerNorm(flat[1]), flat, passes=2),
        "max pool 2x2 forward": lambda: forward(nn.MaxPool2d(2), images, passes=quarter),
        "max pool 2x2 backward": lambda: backward(nn.MaxPool2d(2), images, quarter),
        "max pool 3x3/2 forward": lambda: forward(nn.MaxPool2d(3, 2, 1), images, passes=quarter),
        "max pool 3x3/2 backward": lambda: backward(nn.MaxPool2d(3, 2, 1), images, quarter),
        "average pool 2x2 forward": lambda: forward(nn.AvgPool2d(2), images, passes=1.25),
        "average pool 2x2 backward": lambda: backward(nn.AvgPool2d(2), images, 1.25),
        "mean of each channel's image": lambda: forward(nn.AdaptiveAvgPool2d(1), images, passes=1),
        "softmax": lambda: forward(lambda x: ops.softmax(x, 1), scores, passes=2),
        "cross entropy forward": lambda: entropy(scores, False),
        "cross entropy backward": lambda: entropy(scores, True),
        "SGD": lambda: update(lambda p: optim.SGD(p, lr=1e-3), 3, sizes),
        "SGD, momentum": lambda: update(lambda p: optim.SGD(p, lr=1e-3, momentum=0.9), 5, sizes),
        "Adam": lambda: update(lambda p: optim.Adam(p, lr=1e-3), 7, sizes),
        "sum of all": lambda: forward(lambda x: x.sum(), images, passes=1),
        "sum of each row": lambda: forward(lambda x: x.sum(1), flat, passes=1),
        "sum of each column": lambda: forward(lambda x: x.sum(0), flat, passes=1),
        "sum of each channel": lambda: forward(lambda x: x.sum((0, 2, 3)), images, passes=1),
        "largest of each row": lambda: forward(lambda x: ops.amax(x, 1), flat, passes=1),
        "transpose of a matrix": lambda: forward(lambda x: x.permute(1, 0), flat, passes=2),
        "channels first from channels last": lambda: forward(lambda x: x.flatten(1), images, passes=2),
        "axes in another order": lambda: forward(lambda x: x.permute(2, 3, 0, 1), images, passes=2),
    }


def copy_rate(nbytes, rounds=7):
    """Return the bytes per second, read and written, of a copy on the device."""
    blocks = [numbacnn.zeros(nbytes // 4) for _ in range(2)]
    numbacnn.evaluate(*blocks)
    target, source = (storage_of(each.array).memory for each in blocks)
    watch = clock.ours()
    return 2 * nbytes / statistics.median(
        watch.span(lambda: target.copy_from(source, nbytes), 10) / 10 for _ in range(rounds))


def main():
    """Measure each case."""
    found = arguments("memory", ("--only", {"nargs": "*"}))
    tiny = found.rehearse
    rate = copy_rate(1 << (12 if tiny else 30))
    found.results.add("copy", gigabytes_per_second=rate / 1e9)
    made = cases(*((TINY_IMAGES, TINY_SCORES, TINY_SIZES) if tiny else (IMAGES, SCORES, SIZES)))
    for name in found.only or made:
        try:
            function, nbytes = made[name]()
            lines = plans.timed(function)
            del function
            seconds = sum(line.seconds for line in lines)
            found.results.add("kernel", name=name, microseconds=seconds * 1e6, megabytes=nbytes / 1e6,
                              gigabytes_per_second=nbytes / seconds / 1e9, share=nbytes / seconds / rate,
                              calls={f"{number} {line.op}": line.seconds * 1e6 for number, line in enumerate(lines)})
        except Exception as error:
            found.results.add("kernel", name=name, error=repr(error)[:500])
    again = copy_rate(1 << (12 if tiny else 30))
    found.results.add("copy", gigabytes_per_second=again / 1e9)


if __name__ == "__main__":
    main()
