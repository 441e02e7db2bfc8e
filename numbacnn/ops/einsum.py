"""Sums of products, written with letters."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.geometry import count
from numbacnn.ops.check import floating
from numbacnn.ops.matmul import multiplied
from numbacnn.ops.reduce import sum
from numbacnn.ops.shape import expand, permute, reshape
from numbacnn.ops.take import known_index, taken


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sum products of tensors over axes that are named by letters.

    Parameters
    ----------
    equation : str
        Such as ``"bij,bjk->bik"``: a letter for each axis of each operand, and those of the result. A letter that the
        result does not have is summed over; one that an operand has twice means its diagonal. ``...`` stands for all
        other axes, which broadcast. Without ``->``, the result has the letters that occur once, in alphabetical order.
    *operands : Tensor
        float32, float64 or bfloat16, of one dtype; several are multiplied from left to right.

    Returns
    -------
    Tensor
        Two operands at a time are permuted and multiplied as batches of matrices.

    Examples
    --------
    >>> import numbacnn
    >>> x = numbacnn.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> numbacnn.ops.einsum("ij->ji", x)
    tensor([[1., 3.],
            [2., 4.]])
    >>> numbacnn.ops.einsum("ii", x)
    tensor(5.)
    """
    if not isinstance(equation, str):
        raise DTypeError(f"einsum: equation must be a string such as 'ij,jk->ik', got {equation!r}")
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    floating("einsum", **{f"operand {i}": x for i, x in enumerate(operands)})
    found = geometry.einsum(equation, tuple([x.shape for x in operands]))
    terms = [_diagonals(x, letters) for x, letters in zip(operands, found.operands, strict=True)]
    terms = [_without_ones(x, letters, found.sizes) for x, letters in terms]
    x, letters = terms[0]
    for i, (other, others) in enumerate(terms[1:], start=2):
        wanted = {*found.result}.union(*(later for _, later in terms[i:]))
        x, letters = _pair(x, letters, other, others, wanted)
    x, letters = _summed(x, letters, {*found.result})
    x = _ordered(x, letters, "".join([c for c in found.result if c in letters]))
    shape = tuple([found.sizes[c] for c in found.result])
    if len(letters) < len(shape):                       # only axes of size 1 had that letter
        x = reshape(x, tuple([found.sizes[c] if c in letters else 1 for c in found.result]))
    return x if x.shape == shape else expand(x, shape)


def _diagonals(x: Tensor, letters: str) -> tuple[Tensor, str]:
    """Without letters that occur twice: the numbers at which these axes have one index."""
    for c in dict.fromkeys(letters):
        while letters.count(c) > 1:
            first = letters.index(c)
            second = letters.index(c, first + 1)
            rest = "".join([each for n, each in enumerate(letters) if n not in (first, second)])
            order = [n for n in range(x.ndim) if n not in (first, second)] + [first, second]
            size = x.shape[first]
            x = permute(x, order)
            x = reshape(x, (*x.shape[:-2], size * size))
            where = known_index("einsum", np.arange(size) * (size + 1), max(size * size, 1), x.device)
            x, letters = taken(x, where, x.ndim - 1), rest + c
    return x, letters


def _without_ones(x: Tensor, letters: str, sizes: dict[str, int]) -> tuple[Tensor, str]:
    """Without axes of size 1 that stand for more: they broadcast."""
    kept = [n for n, c in enumerate(letters) if x.shape[n] == sizes[c]]
    if len(kept) == len(letters):
        return x, letters
    return reshape(x, tuple([x.shape[n] for n in kept])), "".join([letters[n] for n in kept])


def _summed(x: Tensor, letters: str, wanted: set[str]) -> tuple[Tensor, str]:
    """Without axes that nobody wants: they are summed."""
    gone = tuple([n for n, c in enumerate(letters) if c not in wanted])
    return (sum(x, gone), "".join([c for c in letters if c in wanted])) if gone else (x, letters)


def _ordered(x: Tensor, letters: str, wanted: str) -> Tensor:
    return x if letters == wanted else permute(x, [letters.index(c) for c in wanted])


def _pair(a: Tensor, in_a: str, b: Tensor, in_b: str, wanted: set[str]) -> tuple[Tensor, str]:
    """The products of two operands, with axes: those of both that are wanted, then those of a, then those of b."""
    a, in_a = _summed(a, in_a, wanted | {*in_b})
    b, in_b = _summed(b, in_b, wanted | {*in_a})
    batch = [c for c in in_a if c in in_b and c in wanted]
    inner = [c for c in in_a if c in in_b and c not in wanted]
    left, right = [c for c in in_a if c not in in_b], [c for c in in_b if c not in in_a]
    sizes = dict(zip(in_a, a.shape, strict=True)) | dict(zip(in_b, b.shape, strict=True))

    def joined(x: Tensor, letters: str, *groups: list[str]) -> Tensor:
        """The axes of each group as one."""
        x = _ordered(x, letters, "".join([c for group in groups for c in group]))
        shape = tuple([count(tuple([sizes[c] for c in group])) for group in groups])
        return x if x.shape == shape else reshape(x, shape)

    y = multiplied(joined(a, in_a, batch, left, inner), joined(b, in_b, batch, inner, right))
    letters = "".join([*batch, *left, *right])
    return reshape(y, tuple([sizes[c] for c in letters])), letters
