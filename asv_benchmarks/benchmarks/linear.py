"""Linear layers, at shapes from known networks."""
from numbacnn import nn

from . import common

# x (N, inputs), then out_features.
CASES = {
    "chapter fc1": ((64, 5408), 10),
    "lenet": ((128, 400), 120),
    "resnet-18": ((8, 512), 1000),
    "square": ((256, 1024), 1024),
    "one image": ((1, 5408), 10),
}


class Linear(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, out_features):
        return nn.Linear(shape[1], out_features)
