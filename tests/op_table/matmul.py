"""Cases of products of matrices and vectors."""
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused

INTEGERS = Input((3, 3), "whole", "int64")
SINGLE = Input((3, 3), "grid", "float32")


def product(op, a, b, *arguments, kept="a_data b_data", note="", terms=20, **options):
    return Case(op, {"a": given(a), "b": given(b)}, arguments, options, kept, terms, note=note)


def added(op, x, a, b, **options):
    return Case(op, {"x": Input(x), "a": Input(a), "b": Input(b)}, (), options,
                "a_data b_data" if op == "addmm" else "a b",
                20)


def summed(equation, *shapes, note=""):
    terms = equation.partition("->")[0].split(",")
    kept = "" if len(terms) == 1 else "a_data b_data" if equation != "bij,bjk->bik" else "o p"    # views, but for these
    kept = "index" if any(len({*term}) < len(term.replace("...", ".")) for term in terms) else kept
    operands = dict(zip("opq", map(given, shapes), strict=False))
    return Case("einsum", {"equation": equation, **operands}, (), {}, kept, 400, note=note)


CASES = [
    *[product("matmul", a, b, kept=kept) for a, b, kept in (
        ((3, 4), (4, 5), "a_data b_data"), ((4,), (4, 5), "a_data b_data"), ((2, 3, 4), (4, 5), "a_data b_data"),
        ((2, 3, 4), (2, 4, 5), "a b"), ((1, 3, 4), (2, 4, 5), "a b"), ((3, 4), (2, 4, 5), "a_data b"),
        ((4,), (2, 4, 5), "a_data b"), ((2, 3, 4), (4,), "a_data b_data"), ((2, 1, 3, 4), (3, 4, 5), "a_data b_data"),
        ((2, 3, 4, 5), (2, 3, 5, 2), "a_data b_data"), ((0, 4), (4, 3), "a_data b_data"),
        ((3, 0), (0, 2), "a_data b_data"),
        ((0, 3, 4), (0, 4, 2), "a b"), ((2, 3, 0), (2, 0, 2), "a b"), ((70, 33), (33, 150), "a_data b_data"),
        ((2, 17, 9), (2, 9, 35), "a b"))],
    product("matmul", (3, 4), (4,), kept="a x_data"), product("matmul", (4,), (4,), kept="a b"),
    product("matmul", Input((3, 4), "special"), (4, 5), note="special"),
    product("mm", (3, 4), (4, 5)), product("bmm", (2, 3, 4), (2, 4, 5), kept="a b"),
    product("mv", (3, 4), (4,), kept="a x_data"), product("dot", (5,), (5,), kept="a b"),
    product("dot", (0,), (0,), kept="a b"),
    product("outer", (3,), (4,), kept="b held"), product("outer", (0,), (4,), kept="b held"),
    added("addmm", (3, 5), (3, 4), (4, 5)), added("addmm", (5,), (3, 4), (4, 5)),
    added("baddbmm", (2, 3, 5), (2, 3, 4), (2, 4, 5)), added("baddbmm", (1, 5), (2, 3, 4), (2, 4, 5)),
    *[product("tensordot", a, b, dims) for a, b, dims in (
        ((2, 3, 4), (3, 4, 5), 2), ((3, 4), (4, 5), 1), ((2,), (3,), 0),
        ((2, 3, 4), (4, 5, 3), ([1, 2], [2, 0])))],
    *[summed(*row) for row in (
        ("ij->ji", (3, 4)), ("ij->", (3, 4)), ("ij->j", (3, 4)), ("ii", (3, 3)), ("ii->i", (3, 3)),
        ("iji->j", (3, 4, 3)),
        ("bcii->bc", (2, 3, 4, 4)), ("ij,jk->ik", (3, 4), (4, 5)), ("ij,jk", (3, 4), (4, 5)),
        ("ij,kj->ik", (3, 4), (5, 4)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("i,j->ij", (3,), (4,)), ("i,i->", (4,), (4,)),
        ("ij,ij->i", (3, 4), (3, 4)),
        ("ij,ij->ij", (3, 4), (3, 4)), ("ijk,k->ij", (2, 3, 4), (4,)), ("bhid,bhjd->bhij", (2, 3, 4, 5), (2, 3, 6, 5)),
        ("...ij,...jk->...ik", (2, 3, 4), (4, 5)), ("...i,...i->...", (2, 3, 4), (3, 4)), ("i...->...i", (2, 3, 4)),
        ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)), ("i,ij,j->", (3,), (3, 4), (4,)), ("ij,k->k", (2, 3), (4,)),
        ("nchw,oc->nohw", (2, 3, 4, 5), (6, 3)), ("ij,jk->ik", (0, 4), (4, 5)),
        ("ab,ab,ab->a", (3, 4), (3, 4), (3, 4)))],
]

PAIRS = ("matmul", "mm", "bmm", "mv", "dot", "outer", "tensordot")
REFUSED = [
    *[refused(op, DTypeError, "a must be a Tensor, got list", [[1.0]], [[1.0]]) for op in PAIRS],
    *[refused(op, DTypeError, "must be float32, float64 or bfloat16, got int64", a=INTEGERS, b=INTEGERS)
      for op in PAIRS if op != "outer"],
    *[refused(op, DTypeError, "all arguments must have one dtype, got a float64 and b float32", a=(3, 3), b=SINGLE)
      for op in PAIRS if op != "outer"],
    refused("matmul", ShapeError, "a must have as many columns as b has rows, got a(2, 3), b(2, 3): 3 and 2", a=(2, 3),
            b=(2, 3)),
    refused("matmul", ShapeError, "a must have as many columns as b has rows, got a(3,), b(2,): 3 and 2", a=(3,),
            b=(2,)),
    refused("matmul", ShapeError, "factors must have axes, got a(), b(3,); multiply by a number with *", a=(), b=(3,)),
    refused("matmul", ShapeError, "shapes must be equal or broadcast", a=(2, 3, 4), b=(3, 4, 5)),
    refused("mm", ShapeError, "a must be a matrix (2 axes), got a(3,)", a=(3,), b=(3, 4)),
    refused("mm", ShapeError, "b must be a matrix (2 axes), got b(2, 3, 4)", a=(3, 3), b=(2, 3, 4)),
    refused("bmm", ShapeError, "a must be a batch of matrices (3 axes), got a(3, 4)", a=(3, 4), b=(2, 4, 5)),
    refused("bmm", ShapeError, "batches must have one size, got a(1, 3, 4), b(2, 4, 5)", a=(1, 3, 4), b=(2, 4, 5)),
    refused("mv", ShapeError, "b must be a vector (1 axes), got b(4, 5)", a=(3, 4), b=(4, 5)),
    refused("dot", ShapeError, "a must be a vector (1 axes), got a(2, 3)", a=(2, 3), b=(3,)),
    refused("dot", ShapeError, "a must have as many columns as b has rows, got a(3,), b(4,)", a=(3,), b=(4,)),
    refused("outer", ShapeError, "b must be a vector (1 axes), got b(2, 2)", a=(2,), b=(2, 2)),
    refused("addmm", ShapeError, "x must broadcast to (3, 5), got x(2, 3, 5)", x=(2, 3, 5), a=(3, 4), b=(4, 5)),
    refused("addmm", DTypeError, "beta must be a number, got 'one'", x=(3, 5), a=(3, 4), b=(4, 5), beta="one"),
    refused("addmm", DTypeError, "x must be a Tensor, got float", x=1.0, a=(3, 4), b=(4, 5)),
    refused("baddbmm", ShapeError, "a must be a batch of matrices (3 axes), got a(3, 4)", x=(3, 5), a=(3, 4), b=(4, 5)),
    refused("tensordot", ShapeError, "dims must be from 0 to 2 for a(2, 3), b(3, 4), got 3", 3, a=(2, 3), b=(3, 4)),
    refused("tensordot", ShapeError, "dims must name axes of one size, each once", ([0], [0]), a=(2, 3), b=(3, 4)),
    refused("tensordot", DTypeError, "dims must be an integer or two lists of axes, got 1.5", 1.5, a=(2, 3), b=(3, 4)),
    *[Case("einsum", {"equation": equation, **dict(zip("opqrstu", map(Input, shapes), strict=False))},
           error=(error, text), label=text.replace(" ", "_")) for equation, shapes, error, text in (
        ("ij,jk", ((2, 3),), ShapeError, "'ij,jk' names 2 operands, got 1"),
        ("ij", ((2, 3, 4),), ShapeError, "'ij' names 2 axes, got an operand of shape (2, 3, 4)"),
        ("ij,jk->ik", ((2, 3), (4, 5)), ShapeError, "'j' must have one size, got 3 and 4 in 'ij,jk->ik'"),
        ("ii", ((2, 3),), ShapeError, "'i' must have one size, got 2 and 3 in one operand of 'ii'"),
        ("ij->ik", ((2, 3),), ShapeError, "the result must name axes of operands, each once, got 'k' in 'ij->ik'"),
        ("ij->ii", ((2, 3),), ShapeError, "the result must name axes of operands, each once, got 'i' in 'ij->ii'"),
        ("i1->i", ((2, 3),), ShapeError, "an operand must be letters and at most one ellipsis, got 'i1' in 'i1->i'"),
        ("...i...->i", ((2, 3),), ShapeError, "an operand must be letters and at most one ellipsis, got '...i...'"),
        (3, ((2, 3),), DTypeError, "equation must be a string such as 'ij,jk->ik', got 3"),
        ("...i,...i", ((2, 3), (4, 3)), ShapeError, "an axis of the ellipsis must have one size, got 2 and 4"),
        ("a,b,c,d,e,f,g", ((1,),) * 7, ShapeError, "at most 6 axes"))],
    refused("einsum", DTypeError, "operand 0 must be a Tensor, got float", "i", [1.0]),
]


SUMS = {"matmul", "mm", "bmm", "mv", "dot", "addmm", "baddbmm"}


def counterparts(torch):
    """The same in PyTorch."""
    names = (*PAIRS, "addmm", "baddbmm", "einsum")
    return {name: getattr(torch, name) for name in names}
