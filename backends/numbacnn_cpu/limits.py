"""Numbers that must lie within limits. An item is a number."""
from numbacnn.kernels.channels_last import flat

from .compile import compiled, kernel
from .elementwise import renamed


def limited(name, message, fits):
    """Return the kernel that copies numbers, and raises where one does not fit."""
    def check(x, checked, begin, end):
        for i in range(begin, end):
            if not fits(x[i]):
                raise ValueError(message, x[i])
            checked[i] = x[i]

    return kernel(items=lambda x: x.size, arrange=flat, raises=True)(renamed(check, name))


@compiled
def is_share(value):
    """Return whether a number is in [0, 1]."""
    return value >= 0 and value <= 1


@compiled
def is_size(value):
    """Return whether a number is at least 0."""
    return value >= 0


@compiled
def is_not_negative(value):
    """Return whether a number is not below 0, as NaN is not."""
    return not value < 0


bernoulli_probabilities = limited("bernoulli_probabilities", "bernoulli: p must be in [0, 1], got {:g}", is_share)
normal_deviations = limited("normal_deviations", "normal: std must be at least 0, got {:g}", is_size)
gaussian_nll_loss_variances = limited(
    "gaussian_nll_loss_variances", "gaussian_nll_loss: var must be at least 0, got {:g}", is_not_negative)
