"""Making tensors of random numbers, by kernels, from a counter: the same bits on every backend and number of threads.

Numbers are drawn in row-major order, whatever the shape. Initial weights (`nn.init`) come from the host's generator.
"""
from typing import Any

import numpy as np

from numbacnn import backend
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.conversion import tensor
from numbacnn.creation import Place, checked_shape
from numbacnn.dtypes import ANY_FLOATING, FLOATING, computed
from numbacnn.errors import DTypeError, EvaluationError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import record, thread
from numbacnn.ops.check import any_tensor, dtype_name, floating
from numbacnn.ops.compare import less
from numbacnn.ops.elementwise import add, in_place, minimum, multiply
from numbacnn.ops.limits import within
from numbacnn.ops.shape import cast, reshape
from numbacnn.options import is_integer, number
from numbacnn.random import Seed, state_of

MOST = 1 << 63


def rand(*shape: Any, generator: Seed = None, dtype: Any = np.float32, device: Place = None,
         requires_grad: bool = False) -> Tensor:
    """Draw numbers from [0, 1), evenly: multiples of 2^-24 in float32, of 2^-53 in float64.

    Parameters
    ----------
    *shape : int
        How long the axes are; or a tuple of these.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    dtype : dtype
        The type, float32, float64 or bfloat16.
    device : str or Device, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.

    References
    ----------
    J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011): the generator, Philox-4x32-10.
    """
    return _real("rand", "random_uniform", shape, generator, dtype, device, requires_grad)


def randn(*shape: Any, generator: Seed = None, dtype: Any = np.float32, device: Place = None,
          requires_grad: bool = False) -> Tensor:
    """Draw normally distributed numbers, of mean 0 and variance 1.

    Parameters are those of `rand`.

    Notes
    -----
    Two at a time: sqrt(-2 log u) cos(2 pi v) and sqrt(-2 log u) sin(2 pi v), with u in (0, 1], v in [0, 1), of 32 bits
    for float32, of 53 for float64; computed in float64. Bits depend on the machine's log, cos and sin only in how the
    last place of float64 is rounded.

    References
    ----------
    G. Box and M. Muller, A note on the generation of random normal deviates (1958).
    """
    return _real("randn", "random_normal", shape, generator, dtype, device, requires_grad)


def rand_like(x: Tensor, *, generator: Seed = None, dtype: Any = None, device: Place = None,
              requires_grad: bool = False) -> Tensor:
    """Draw as `rand` does, for the shape of another tensor, and its dtype and device unless they are given.

    Parameters
    ----------
    x : Tensor
        The tensor whose shape is taken.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    dtype, device : optional
        Of the result.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.
    """
    any_tensor("rand_like", "x", x)
    return _real("rand_like", "random_uniform", x.shape, generator, dtype or x.dtype, device or x.device, requires_grad)


def randn_like(x: Tensor, *, generator: Seed = None, dtype: Any = None, device: Place = None,
               requires_grad: bool = False) -> Tensor:
    """Draw as `randn` does, for the shape of another tensor, and its dtype and device unless they are given.

    Parameters are those of `rand_like`.
    """
    any_tensor("randn_like", "x", x)
    return _real("randn_like", "random_normal", x.shape, generator, dtype or x.dtype, device or x.device, requires_grad)


def randint(low: int, high: Any = None, size: Any = None, *, generator: Seed = None, dtype: Any = np.int64,
            device: Place = None) -> Tensor:
    """Draw whole numbers from [low, high), evenly.

    Parameters
    ----------
    low, high : int
        The limits; `randint(high, size)` begins with 0.
    size : tuple of int
        How long the axes are.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    dtype : dtype
        The type.
    device : str or Device, optional
        Where the tensor is born.

    Notes
    -----
    low + floor(w (high - low) / 2^64) with words w of 64 bits: probabilities differ by at most 2^-64.
    """
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, tuple | list):
        raise DTypeError(f"randint: size must be a tuple of whole numbers, got {size!r}")
    name = dtype_name("randint", dtype, "int64")
    for what, value in (("low", low), ("high", high)):
        if not is_integer(value):
            raise DTypeError(f"randint: {what} must be a whole number, got {value!r}")
    low, high = int(low), int(high)
    if not -MOST <= low < high <= MOST or high - low > MOST:
        raise ShapeError(f"randint: low must be below high, by 2**63 at most, both in the range of int64, got "
                         f"low={low}, high={high}")
    if name in ("bool", "uint8", "int32") and not (-2**31 if name == "int32" else 0) <= low <= high - 1 < (
            {"bool": 2, "uint8": 256, "int32": 2**31}[name]):
        raise ShapeError(f"randint: numbers from {low} to {high - 1} must fit {name}")
    shape = checked_shape("randint", tuple(size), "int64")
    return cast(_drawn("randint", "random_integers", shape, "int64", generator, device, (low, high)), name)


def randperm(n: int, *, generator: Seed = None, dtype: Any = np.int64, device: Place = None) -> Tensor:
    """Draw an order of 0, 1 ... n - 1: the one that sorts as many random numbers of 62 bits.

    Parameters
    ----------
    n : int
        How many.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    dtype, device : optional
        Of the result; int64 by default.
    """
    name = dtype_name("randperm", dtype, "int64")
    shape = checked_shape("randperm", (n,), "int64")
    if thread.capture is not None:
        raise EvaluationError("randperm: numbers are computed at once, to sort them, and a captured function computes "
                              "nothing before it ends; draw the order outside and pass it as an input")
    keys = _drawn("randperm", "random_integers", shape, "int64", generator, device, (0, 1 << 62))
    return tensor(np.argsort(keys.numpy(), kind="stable"), name, device)


def bernoulli(p: Any, size: Any = None, *, generator: Seed = None) -> Tensor:
    """Draw 1 with probability p, else 0.

    Parameters
    ----------
    p : Tensor or number in [0, 1]
        A probability for each number of the result, which has its shape and dtype, checked when they are computed; or
        one for all.
    size : tuple of int, optional
        With one probability, the shape; the result is float32.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    """
    if isinstance(p, Tensor):
        floating("bernoulli", p=p)
        if size is not None:
            raise DTypeError("bernoulli: size must not be given with a tensor of probabilities")
        even = _drawn("bernoulli", "random_uniform", p.shape, computed(p.array.dtype), generator, p.device)
        return cast(less(even, within("bernoulli_probabilities", p.detach())), p.array.dtype)
    p = number("bernoulli", "p", p, 0.0, 1.0)
    even = _drawn("bernoulli", "random_uniform", _given("bernoulli", size, "float64"), "float64", generator, None)
    return cast(less(even, p), "float32")


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Seed = None) -> Tensor:
    """Draw normally distributed numbers.

    Parameters
    ----------
    mean, std : Tensor or number
        Tensors broadcast. No number of std may be negative; a tensor's are checked when they are computed.
    size : tuple of int, optional
        The shape, if both are numbers.
    generator : Generator, numpy.random.Generator or int, optional
        Where the numbers come from; by default what `numbacnn.manual_seed` starts.
    """
    tensors = [each for each in (mean, std) if isinstance(each, Tensor)]
    if tensors:
        if size is not None:
            raise DTypeError("normal: size must not be given with a tensor of means or deviations")
        floating("normal", **{name: each for name, each in (("mean", mean), ("std", std)) if isinstance(each, Tensor)})
        like = tensors[0].detach() if len(tensors) == 1 else add(tensors[0].detach(), tensors[1].detach())
        noise = _drawn("normal", "random_normal", like.shape, like.array.dtype, generator, like.device)
    else:
        mean = number("normal", "mean", mean)
        noise = _drawn("normal", "random_normal", _given("normal", size, "float32"), "float32", generator, None)
    std = within("normal_deviations", std) if isinstance(std, Tensor) else number("normal", "std", std, 0.0)
    return add(multiply(noise, std), mean)


def _given(op: str, size: Any, dtype: str) -> tuple[int, ...]:
    if not isinstance(size, tuple | list):
        raise DTypeError(f"{op}: size must be a tuple of whole numbers, got {size!r}")
    return checked_shape(op, tuple(size), dtype)


def _real(op: str, kernel: str, given: tuple[Any, ...], generator: Seed, dtype: Any, device: Place,
          requires_grad: bool) -> Tensor:
    name = dtype_name(op, dtype, "float32")
    if name not in FLOATING:
        raise DTypeError(f"{op}: dtype must be {ANY_FLOATING}, got {name}; use randint for whole numbers")
    y = _drawn(op, kernel, checked_shape(op, given, name), name, generator, device)
    return Tensor(y.array, requires_grad)


def _drawn(op: str, kernel: str, shape: tuple[int, ...], dtype: str, generator: Seed, device: Place,
           numbers: tuple[int, ...] = ()) -> Tensor:
    """Numbers drawn by a kernel, in row-major order; the state moves on."""
    place: Device = backend.default_device() if device is None else backend.device(device)
    state = state_of(op, generator, place)
    if thread.capture is not None and not any(state is known for known in thread.capture.state):
        raise EvaluationError(f"{op}: a captured function may draw from a generator whose state the capture was given: "
                              "capture(function, generator.state(device))")
    before = state.array
    y, state.array = record(kernel, (before,), (((count(shape),), computed(dtype)), (before.shape, before.dtype)),
                            numbers)
    drawn = reshape(Tensor(y), shape)
    if dtype != "bfloat16":
        return drawn
    return cast(minimum(drawn, 1 - 2.0**-8) if kernel == "random_uniform" else drawn, dtype)     # below 1, rounded, too


# --- methods that fill a tensor -----------------------------------------------------------------------------------

def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Seed = None) -> Tensor:
    """Give a tensor normally distributed numbers."""
    floating("normal_", x=x)
    mean, std = number("normal_", "mean", mean), number("normal_", "std", std, 0.0)
    return add(multiply(randn_like(x, generator=generator), std), mean)


def uniform_(x: Tensor, *limits: float, generator: Seed = None, **named: float) -> Tensor:
    """Give a tensor numbers that are distributed evenly, by default from 0 to 1: the limits `from` and `to`."""
    floating("uniform_", x=x)
    if len(limits) > 2 or not named.keys() <= {"from", "to"} or ("from" in named and limits):
        raise TypeError(f"uniform_: arguments must be `from`, `to` and generator, got {limits} and {named}")
    given = {"from": 0.0, "to": 1.0} | dict(zip(("from", "to"), limits, strict=False)) | named
    low = number("uniform_", "from", given["from"])
    high = number("uniform_", "to", given["to"], low)
    return add(multiply(rand_like(x, generator=generator), high - low), low)


def bernoulli_(x: Tensor, p: Any = 0.5, *, generator: Seed = None) -> Tensor:
    """Give a tensor ones, with probability p (a number, or a tensor that broadcasts), and zeros."""
    any_tensor("bernoulli_", "x", x)
    if isinstance(p, Tensor):
        floating("bernoulli_", p=p)
        p = within("bernoulli_probabilities", p.detach())
    else:
        p = number("bernoulli_", "p", p, 0.0, 1.0)
    return less(_drawn("bernoulli_", "random_uniform", x.shape, "float64", generator, x.device), p)


for _method in (normal_, uniform_, bernoulli_):
    setattr(Tensor, _method.__name__, in_place(_method, reads=False))
