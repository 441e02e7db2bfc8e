"""Tensors cut into several along an axis."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.check import any_tensor
from numbacnn.ops.slice import narrow, select
from numbacnn.options import is_integer
from numbacnn.part import share

Tensors = tuple[Tensor, ...]


def split(x: Tensor, split_size_or_sections: Any, dim: int = 0) -> Tensors:
    """Cut into parts of a length, the last one shorter where it must be; or into parts of the lengths of a list.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    split_size_or_sections : int or list of int
        The length, or the lengths.
    dim : int
        The axis.
    """
    any_tensor("split", "x", x)
    return _parts(x, *geometry.split(x.shape, dim, split_size_or_sections))


def chunk(x: Tensor, chunks: int, dim: int = 0) -> Tensors:
    """Cut into so many parts at most, all but the last of one length.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    chunks : int
        How many parts.
    dim : int
        The axis.
    """
    any_tensor("chunk", "x", x)
    return _parts(x, *geometry.chunk(x.shape, dim, chunks))


def tensor_split(x: Tensor, indices_or_sections: Any, dim: int = 0) -> Tensors:
    """Cut into so many parts, the first of which are longer by one where they must be; or at positions of a list.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    indices_or_sections : int or list of int
        How many parts, or the positions.
    dim : int
        The axis.
    """
    any_tensor("tensor_split", "x", x)
    axis, sizes = geometry.tensor_split(x.shape, dim, indices_or_sections)
    if not is_integer(indices_or_sections):     # positions may go back: parts then overlap
        ends = [slice(0, place).indices(x.shape[axis])[1] for place in indices_or_sections]
        return tuple([narrow(x, axis, begin, n) for begin, n in zip([0, *ends], sizes, strict=True)])
    return _parts(x, axis, sizes)


def unbind(x: Tensor, dim: int = 0) -> Tensors:
    """Return what is at each position of an axis, without that axis.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int
        The axis.
    """
    any_tensor("unbind", "x", x)
    axis, _ = geometry.split(x.shape, dim, x.shape[geometry.axis("unbind", x.ndim, dim)] if x.shape else 0)
    return share(tuple([select(x, axis, i) for i in range(x.shape[axis])]))


def _parts(x: Tensor, axis: int, sizes: tuple[int, ...]) -> Tensors:
    parts, start = [], 0
    for n in sizes:
        parts.append(narrow(x, axis, start, n))
        start += n
    return share(tuple(parts))
