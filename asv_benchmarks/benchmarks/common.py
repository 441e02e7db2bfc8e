"""What the benchmarks share: when to skip, inputs, and the two timings of a layer."""
from abc import ABC, abstractmethod

import numpy as np

import numbacnn
from numbacnn.errors import BackendError


def skip_without_backend():
    """Say to asv, in its own way, that this backend is not on this machine."""
    try:
        numbacnn.tensor(0.0)
    except BackendError as error:
        raise NotImplementedError(str(error)) from error


def normal(*shape, requires_grad=False):
    """Return normally distributed float32 numbers, the same at each call."""
    values = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return numbacnn.tensor(values, requires_grad=requires_grad)


class LayerBenchmark(ABC):
    """Time a layer forward and backward. A case is a row of `cases`: the shape of x, then the layer's own options."""

    cases: dict[str, tuple]
    param_names = ("case",)
    timeout = 120

    @abstractmethod
    def layer(self, shape, *options):
        """Make the layer of a case."""

    def setup(self, case):
        """Make the case, and compile its kernels."""
        skip_without_backend()
        shape, *options = self.cases[case]
        self.module = self.layer(shape, *options)
        self.x = normal(*shape, requires_grad=True)
        self.y = self.module(self.x)
        self.dy = normal(*self.y.shape)
        numbacnn.evaluate(self.y)
        self.time_forward(case)
        self.time_backward(case)

    def time_forward(self, case):
        """Compute the layer."""
        numbacnn.evaluate(self.module(self.x))

    def time_backward(self, case):
        """Compute the gradients of the input and of the parameters."""
        leaves = [self.x, *self.module.parameters()]
        for leaf in leaves:
            leaf.grad = None
        self.y.backward(self.dy, retain_graph=True)
        numbacnn.evaluate(*[leaf.grad for leaf in leaves])


class CallBenchmark(ABC):
    """Time a function of tensors. A case is a row of `cases`: the function, then what its tensors are made of."""

    cases: dict[str, tuple]
    param_names = ("case",)
    timeout = 120

    @abstractmethod
    def arguments(self, *described):
        """Make the tensors of a case."""

    def setup(self, case):
        """Make the case, and compile its kernels."""
        skip_without_backend()
        self.function, *described = self.cases[case]
        self.tensors = self.arguments(*described)
        self.time_call(case)

    def time_call(self, case):
        """Compute the result."""
        numbacnn.evaluate(self.function(*self.tensors))
