"""Dropout."""
from numbacnn import random
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, number
from numbacnn.ops.elementwise import multiply


def dropout(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Set each number to zero with probability p and scale the others by 1 / (1 - p), in training.

    Parameters
    ----------
    x : Tensor
        Any shape, float32 or float64.
    p : float in [0, 1]
        Share of the numbers to drop.
    training : bool
        Else x is returned as it is.

    Notes
    -----
    The mask is drawn anew for each call from a counter, and drawn again for the gradient: nothing is kept. Equal seeds
    (`numbacnn.manual_seed`) give equal masks for any number of threads.

    References
    ----------
    N. Srivastava et al., Dropout (JMLR 15, 2014). J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3
    (SC 2011), section 3: the generator, Philox-4x32-10.
    """
    floating("dropout", x=x)
    p = number("dropout", "p", p, 0.0, 1.0)
    if not training or p == 0:
        return x
    if p == 1:
        return multiply(x, 0.0)
    generator = random.state(x.device)
    before = generator.array
    specs = (x.array.shape, x.array.dtype), (before.shape, before.dtype)
    y, generator.array = record("dropout", (x.array, before), specs, (p,))

    def backward(dy: Array) -> Gradients:
        return record("dropout", (dy, before), specs, (p,))[:1]

    return differentiable(y, (x,), backward)
