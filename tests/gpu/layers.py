"""Each convolution of ResNet-50 and ResNet-20, each pass by itself, beside PyTorch with cuDNN.

Both sides have their channels last, the same numbers, and tf32; both run as CUDA graphs. A new precision gets a line in
`PRECISIONS`.
"""
import statistics
from typing import NamedTuple

import torch
from side_by_side.layers import PASSES, RESNET18, RESNET50, Layer

import numbacnn
from numbacnn.nn import functional as F

from . import clock, plans
from .results import arguments


class Precision(NamedTuple):
    """How exact both sides are."""

    ours: str             # of numbacnn.set_precision
    dtype: torch.dtype    # of PyTorch's tensors, and of numbacnn's
    tf32: bool
    bound: float          # how far both may be apart: the norm of the difference, in parts of the norm


PRECISIONS = {"tf32": Precision("default", torch.float32, True, 3e-3),
              "float32": Precision("highest", torch.float32, False, 1e-4)}
OF_18_ONLY = {Layer(*row) for row in (
    (64, 56, 128, 3, 2), (64, 56, 128, 1, 2), (128, 28, 256, 3, 2), (128, 28, 256, 1, 2), (256, 14, 512, 3, 2),
    (256, 14, 512, 1, 2))}
LAYERS_50 = [layer for layer in RESNET18 + RESNET50 if layer not in OF_18_ONLY]
LAYERS_20 = [Layer(*row) for row in ((3, 32, 16, 3, 1), (16, 32, 16, 3, 1), (16, 32, 32, 3, 2), (32, 16, 32, 3, 1),
                                     (32, 16, 64, 3, 2), (64, 8, 64, 3, 1), (16, 32, 32, 1, 2), (32, 16, 64, 1, 2))]
TINY = [Layer(3, 8, 4, 3, 1), Layer(4, 6, 8, 1, 2)]
ROUNDS = 5


def compare(layer, batch, which, precision):
    """Time one pass of both sides in turns; return what is known of it."""
    numbacnn.set_precision(precision.ours)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision.tf32
    torch.backends.cudnn.benchmark = True
    x, weight, dy = values(layer, batch, precision.dtype)
    result, run, their_copies = their_pass(layer, which, x, weight, dy)
    ours = [plans.tensor_of(each, torch) for each in (x, weight, dy)]
    found = {"plans": 0}

    def handle(plan, addresses):
        their_clock, our_clock = clock.theirs(torch), clock.ours()
        our_run, copies = plans.repeated(plan.program.source, addresses)
        times = clock.turns({"ours": (our_clock, our_run), "theirs": (their_clock, run)}, ROUNDS)
        times = {side: [each / (copies if side == "ours" else their_copies) for each in found]
                 for side, found in times.items()}
        seconds = {side: statistics.median(each) for side, each in times.items()}
        if seconds["ours"] > found.get("ours", 0):       # of several plans, the slowest: the convolution
            found.update(seconds, ratio=clock.ratio(times, "ours", "theirs"), calls=[call.op for call in plan.calls])
        found["plans"] += 1

    with plans.observed(handle):
        mine = our_pass(layer, which, *ours)
    run()
    right = result()
    error = float(((plans.peer_of(mine, torch) - right).norm() / right.norm()).item())
    work = 2 * dy.numel() * weight[0].numel()
    return {**found, "ours": found["ours"] * 1e6, "theirs": found["theirs"] * 1e6,
            "our_teraflops": work / found["ours"] / 1e12, "their_teraflops": work / found["theirs"] / 1e12,
            "apart": error, "right": error < precision.bound}


def values(layer, batch, dtype):
    """Return x, weight and dy, made on the device."""
    device, height = plans.place(torch), (layer.image - 1) // layer.stride + 1
    torch.manual_seed(0)
    shapes = ((batch, layer.inputs, layer.image, layer.image),
              (layer.outputs, layer.inputs, layer.size, layer.size), (batch, layer.outputs, height, height))
    x, weight, dy = (torch.randn(shape, device=device, dtype=dtype).to(memory_format=torch.channels_last)
                     for shape in shapes)
    return x, weight / weight[0].numel()**0.5, dy


def our_pass(layer, which, x, weight, dy):
    """Record one pass, and compute it; the weight is trained: what is prepared of it is prepared each time."""
    weight.requires_grad_(which != "backward data")
    x.requires_grad_(which == "backward data")
    stride, padding = layer.options
    y = F.conv2d(x, weight, None, stride, padding)
    if which == "forward":
        numbacnn.evaluate(y)
        return y.detach()
    y.backward(dy)
    del y
    wanted = x if which == "backward data" else weight
    numbacnn.evaluate(wanted.grad)
    return wanted.grad


def their_pass(layer, which, x, weight, dy):
    """Return what gives the result of the same pass of PyTorch, what runs it, and how many times: a graph."""
    stride, padding = layer.options
    mask = [which == "backward data", which == "backward weight", False]
    place = PASSES.index(which) - 1
    kept = {}

    def run():
        if which == "forward":
            kept["y"] = torch.nn.functional.conv2d(x, weight, None, stride, padding)
        else:
            kept["y"] = torch.ops.aten.convolution_backward(
                dy, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, mask)[place]

    with torch.no_grad():
        for _ in range(3):                               # cuDNN tries its algorithms
            run()
        copies = plans.copies_of(clock.theirs(torch).span(run, 1)) if torch.cuda.is_available() else 1
    return lambda: kept["y"], graph_of(run, copies), copies


def graph_of(run, copies):
    """Return the replay of a CUDA graph of so many runs; the function itself where there is no CUDA."""
    if not torch.cuda.is_available():
        return torch.no_grad()(run)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.no_grad(), torch.cuda.graph(graph):
        for _ in range(copies):
            run()
    return graph.replay


def main():
    """Measure layer by layer."""
    options = arguments("layers", ("--precision", {"nargs": "+", "choices": PRECISIONS, "default": ["tf32"]}),
                        ("--network", {"nargs": "+", "choices": ("50", "20"), "default": ["50", "20"]}),
                        ("--every", {"type": int, "default": 1}))
    work = [(layer, 256) for layer in LAYERS_50 if "50" in options.network]
    work += [(layer, 128) for layer in LAYERS_20 if "20" in options.network]
    for precision in options.precision:
        for layer, batch in [(layer, 2) for layer in TINY] if options.rehearse else work[::options.every]:
            for which in PASSES:
                given = {"layer": str(layer), "batch": batch, "which": which, "precision": precision}
                try:
                    options.results.add("layer", **given, **compare(layer, batch, which, PRECISIONS[precision]))
                except Exception as error:
                    options.results.add("layer", **given, error=repr(error)[:500])
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
