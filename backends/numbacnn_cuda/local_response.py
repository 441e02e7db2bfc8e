"""Local response norm: each number is scaled by a sum of squares of its neighbours among the channels of a pixel.

A thread computes one number; numbers of a pixel lie side by side, so that its neighbours are in the nearest cache.
"""
from .compile import cuda, device, kernel, real
from .division import divider, quotient
from .dtypes import computed
from .functions import PRIMITIVES
from .memory import temporary

power_of = PRIMITIVES["power"]


def local_response_norm(x, y, before, after, factor, beta, k):
    """Lower to one pass."""
    return [(local_response, [x.flat(), y.flat(), channels_of(x), before, after, factor, beta, k])]


def local_response_norm_backward(dy, x, dx, before, after, factor, beta, k):
    """Lower to one pass for what a channel gives to those in whose window it is, and one that adds this up."""
    ratios = temporary((x.size,), computed(x.dtype))
    given = [channels_of(x), before, after, factor, beta, k]
    return [(ratios_of, [dy.flat(), x.flat(), ratios, *given]),
            (local_response_gradient, [dy.flat(), x.flat(), ratios, dx.flat(), *given])]


def channels_of(x):
    """Return the divider that finds the channel of a number."""
    return divider(x.shape[1])


@device
def base_of(x, i, c, channels, before, after, factor, k):
    """Return k + factor * sum of squares in the window of number i, of channel c."""
    total = real(0)
    for j in range(i - min(c, before), i + min(channels - 1 - c, after) + 1):
        total += x[j] * x[j]
    return k + factor * total


@kernel(items=lambda y: y.size)
def local_response(x, y, channels, before, after, factor, beta, k):
    i = cuda.grid(1)
    if i < y.size:
        c = i - quotient(i, channels) * channels[0]
        y[i] = x[i] * power_of(base_of(x, i, c, channels[0], before, after, factor, k), -beta)


@kernel(items=lambda x: x.size)
def ratios_of(dy, x, ratios, channels, before, after, factor, beta, k):
    i = cuda.grid(1)
    if i < x.size:
        c = i - quotient(i, channels) * channels[0]
        ratios[i] = dy[i] * x[i] * power_of(base_of(x, i, c, channels[0], before, after, factor, k), -beta - 1.0)


@kernel(items=lambda dx: dx.size)
def local_response_gradient(dy, x, ratios, dx, channels, before, after, factor, beta, k):
    """A channel is in the windows of `after` channels before it, and `before` after it."""
    i = cuda.grid(1)
    if i < dx.size:
        c = i - quotient(i, channels) * channels[0]
        total = real(0)
        for j in range(i - min(c, after), i + min(channels[0] - 1 - c, before) + 1):
            total += ratios[j]
        power = power_of(base_of(x, i, c, channels[0], before, after, factor, k), -beta)
        dx[i] = dy[i] * power - 2.0 * factor * beta * x[i] * total
