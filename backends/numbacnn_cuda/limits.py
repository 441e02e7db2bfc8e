"""Numbers that must lie within limits. A thread looks at one number."""
import numpy as np
from numpy import float32

from numbacnn.kernels.channels_last import flat

from .compile import cuda, device, kernel, real
from .elementwise import renamed
from .fault import fail
from .ptx import float_as_bits


def limited(name, message, fits):
    """Return the kernel that copies numbers, and raises where one does not fit."""
    def check(x, checked, fault, launch):
        i = cuda.grid(1)
        if i < x.size:
            if fits(x[i]):
                checked[i] = x[i]
            else:
                checked[i] = real(0)
                fail(fault, launch, i, float_as_bits(float32(x[i])))

    return kernel(items=lambda x: x.size, arrange=flat,
                  raises=lambda item, bits, x, checked: ValueError(message.format(np.int32(bits).view(np.float32)))
                  )(renamed(check, name))


@device
def is_share(value):
    """Return whether a number is in [0, 1]."""
    return value >= 0 and value <= 1


@device
def is_size(value):
    """Return whether a number is at least 0."""
    return value >= 0


@device
def is_not_negative(value):
    """Return whether a number is not below 0, as NaN is not."""
    return not value < 0


bernoulli_probabilities = limited("bernoulli_probabilities", "bernoulli: p must be in [0, 1], got {:g}", is_share)
normal_deviations = limited("normal_deviations", "normal: std must be at least 0, got {:g}", is_size)
gaussian_nll_loss_variances = limited(
    "gaussian_nll_loss_variances", "gaussian_nll_loss: var must be at least 0, got {:g}", is_not_negative)
