"""The letters of einsum: which axes of which operand are which, and what the result has."""
import re
from typing import NamedTuple

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, cached
from numbacnn.geometry.ranks import few_axes


class Equation(NamedTuple):
    """A letter for each axis of the operands, and of the result; axes of an ellipsis are called 0, 1 ..."""

    operands: tuple[str, ...]
    result: str
    sizes: dict[str, int]


@cached
def einsum(equation: str, shapes: tuple[Shape, ...]) -> Equation:
    """Read an equation such as "bij,bjk->bik"."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    for term in (*terms, right):
        if not re.fullmatch(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*", term):
            raise ShapeError(f"einsum: an operand must be letters and at most one ellipsis, got {term!r} in "
                             f"{equation!r}")
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum: {equation!r} names {len(terms)} operands, got {len(shapes)}")
    hidden = 0
    for term, shape in zip(terms, shapes, strict=True):
        named = len(term.replace("...", ""))
        if named > len(shape) or ("..." not in term and named < len(shape)):
            raise ShapeError(f"einsum: {term!r} names {named} axes, got an operand of shape {shape}")
        hidden = max(hidden, len(shape) - named)
    digits = "0123456789"[:hidden]
    operands = []
    for term, shape in zip(terms, shapes, strict=True):
        extra = len(shape) - len(term.replace("...", ""))
        operands.append(term.replace("...", digits[len(digits) - extra:]))
    if arrow:
        result = right.replace("...", digits)
    else:                                               # letters that occur once, in the order of the alphabet
        letters = "".join(operands)
        result = digits + "".join(sorted(c for c in {*letters} if letters.count(c) == 1 and not c.isdigit()))
    sizes = _sizes(equation, operands, shapes)
    for c in result:
        if result.count(c) > 1 or c not in sizes:
            raise ShapeError(f"einsum: the result must name axes of operands, each once, got {c!r} in {equation!r}")
    held = {*operands[0]}
    for i, term in enumerate(operands[1:], start=1):    # what is there after each product
        held = {c for c in held | {*term} if c in result or any(c in later for later in operands[i + 1:])}
        few_axes("einsum", tuple([sizes[c] for c in sorted(held)]))
    few_axes("einsum", tuple([sizes[c] for c in result]))
    return Equation(tuple(operands), result, sizes)


def _sizes(equation: str, operands: list[str], shapes: tuple[Shape, ...]) -> dict[str, int]:
    """The size that a letter stands for: axes of size 1 broadcast."""
    sizes: dict[str, int] = {}
    for term, shape in zip(operands, shapes, strict=True):
        own: dict[str, int] = {}
        for c, n in zip(term, shape, strict=True):
            if own.setdefault(c, n) != n:
                raise ShapeError(f"einsum: {c!r} must have one size, got {own[c]} and {n} in one operand of "
                                 f"{equation!r}")
            known = sizes.get(c, 1)
            if known != n and 1 not in (known, n):
                raise ShapeError(f"einsum: {'an axis of the ellipsis' if c.isdigit() else repr(c)} must have one size, "
                                 f"got {known} and {n} in {equation!r}")
            sizes[c] = n if known == 1 else known
    return sizes
