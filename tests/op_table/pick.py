"""Cases of numbers picked, put and added up by indices and masks."""
import math

import numpy as np
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SINGLE, given, refused


def below(n, *shape, dtype="int64"):
    return Input(shape, f"below {n}", dtype)


def mask(*shape):
    return below(2, *shape, dtype="bool")


def picked(op, x, dim, index, *more, kept="chosen", terms=24, note="", **options):
    """A row of `op(x, dim, index, *more)`."""
    named = {"source" if op in ("index_add", "index_copy") else "src": given(each) for each in more}
    return Case(op, {"x": given(x), "dim": dim, "index": index, **named}, (), options, kept, terms, note=note)


SPECIAL = Input((3, 4, 5), "special")
X = (2, 3, 4, 5)

CASES = [
    *[picked("index_select", X, dim, below(n, 7), kept="index") for dim, n in ((0, 2), (1, 3), (2, 4), (-1, 5))],
    picked("index_select", (9, 4), 0, below(9, 30), kept="index"),
    picked("index_select", (5,), 0, below(5, 0), kept="index"),
    picked("index_select", (3, 20), 0, below(3, 40, dtype="int32"), kept="index", terms=40),
    picked("index_select", X, 1, below(3), kept="index"), picked("index_select", (), 0, below(1, 1), kept="index"),
    picked("index_select", Input((3, 4), "below 9", "uint8"), 1, below(4, 3), kept="index"),
    picked("index_select", SPECIAL, 1, below(4, 3), kept="index"),
    *[picked("gather", x, dim, index) for x, dim, index in (
        (X, 1, below(3, 2, 1, 4, 5)), (X, -1, below(5, 2, 3, 4, 2)), (X, 0, below(2, 6, 2, 3, 4)),
        ((3, 4), 0, below(3, 2, 4)), ((3, 4), 1, below(4, 3, 6, dtype="int32")),
        ((5,), 0, below(5, 9)), ((), 0, below(1)),
        ((2, 3, 4), 2, below(4, 2, 0, 3)), (SPECIAL, 2, below(5, 3, 4, 2)))],
    picked("gather", Input((3, 4), "below 9", "int32"), 1, below(4, 3, 2)),
    picked("gather", mask(3, 4), 0, below(3, 1, 4)),
    *[Case("take_along_dim", {"x": given(x), "indices": index}, (dim,), {}, "chosen", 24) for x, index, dim in (
        (X, below(4, 2, 3, 2, 5), 2), (X, below(3, 1, 2, 4, 1), 1), ((1, 4), below(4, 3, 2), -1),
        ((3, 4), below(4, 3, 4), 1))],
    Case("take_along_dim", {"x": Input((3, 4)), "indices": below(12, 5)}, (), {}, "chosen", 5),
    *[picked("scatter", x, dim, index, src) for x, dim, index, src in (
        ((3, 1), 0, below(3, 1, 1), (1, 1)), ((1, 4), 0, below(1, 1, 4), (1, 4)),
        ((3, 7), 1, below(7, 3, 1), (3, 1)), ((2, 3, 4, 5), 1, below(3, 2, 1, 4, 5), (2, 1, 4, 5)),
        ((), 0, below(1), ()))],
    picked("scatter", Input((3, 4), "below 9", "int64"), 1, below(4, 3, 1), Input((3, 1), "below 9", "int64")),
    *[Case("scatter", {"x": Input((3, 4), fill), "dim": 1, "index": below(4, 3, 2), "src": value}, kept="chosen")
      for value, fill in ((2.5, "grid"), (0, "grid"), (math.inf, "special"))],
    Case("scatter", {"x": Input((3, 4)), "dim": 1, "index": below(4, 3, 2)}, (), {"value": 1.5}, kept="chosen"),
    *[picked("index_copy", x, dim, index, source, kept="index") for x, dim, index, source in (
        ((1, 4), 0, below(1, 1), (1, 4)), ((3, 4), -1, below(4, 1), (3, 1)), ((3, 4), 0, below(3, 0), (0, 4)),
        (X, 2, below(4, 1, dtype="int32"), (2, 3, 1, 5)),
        (Input((3, 4), "below 9", "int64"), 1, below(4, 1), Input((3, 1), "below 9", "int64")))],
    *[Case("index_fill", {"x": given(x), "dim": dim, "index": index}, (value,), {}, "index")
      for x, dim, index, value in (
        ((3, 4), 0, below(3, 2), 2.5), (X, -2, below(4, 6), 0), (SPECIAL, 1, below(4, 2), math.inf),
        ((5,), 0, below(5, 0), 1), (Input((3, 4), "below 9", "uint8"), 1, below(4, 3, dtype="int32"), 7),
        (mask(3, 4), 0, below(3, 2), True))],
    *[picked("scatter_add", x, dim, index, src) for x, dim, index, src in (
        ((3, 4), 1, below(4, 3, 9), (3, 9)), ((3, 4), 0, below(3, 2, 3), (2, 3)),
        (X, 1, below(3, 2, 5, 4, 5), (2, 5, 4, 5)),
        (X, 3, below(5, 1, 2, 3, 9), (1, 2, 3, 9)), ((5,), 0, below(5, 30), (30,)), ((), 0, below(1), ()),
        ((3, 4), 1, below(4, 3, 0), (3, 0)))],
    picked("scatter_add", Input((3,), "below 9", "int64"), 0, below(3, 5), Input((5,), "below 9", "int64")),
    *[picked("index_add", x, dim, index, src, kept="index", note=note) for x, dim, index, src, note in (
        ((3, 4), 0, below(3, 9), (9, 4), ""), (X, 1, below(3, 7), (2, 7, 4, 5), ""),
        ((30, 9), 0, below(30, 5), (5, 9), ""),
        ((5,), 0, below(5, 2, dtype="int32"), (2,), ""))],
    picked("index_add", (3, 4), 1, below(4, 6), (3, 6), kept="held source index", alpha=0.5),
    *[Case("embedding", {"x": index, "weight": Input(weight, "special" if options else "grid")}, (), options, "index",
           40) for index, weight, options in (
        (below(7, 4), (7, 3), {}), (below(7, 4, 5), (7, 9), {}), (below(3, 40, dtype="int32"), (3, 17), {}),
        (below(4, 2, 3, 5), (4, 2), {"padding_idx": 1}), (below(4, 30), (4, 20), {"padding_idx": -1}),
        (below(4), (4, 3), {}),
        (below(4, 0), (4, 3), {}))],
    *[Case("one_hot", {"x": index}, arguments) for index, arguments in (
        (below(5, 7), (5,)), (below(5, 2, 3), (9,)), (below(4, 2, 3, 2), ()), (below(3, dtype="int32"), (3,)),
        (below(3, 0), (3,)))],
    *[Case("masked_fill", {"x": given(x), "mask": chosen}, (value,), {}, "mask", 60) for x, chosen, value in (
        (X, mask(*X), 0), (SPECIAL, mask(4, 1), -math.inf), (X, mask(2, 1, 1, 1), 2.5), (SPECIAL, mask(5), math.nan),
        ((3,), mask(2, 3), 1), ((), mask(), 7.0))],
    Case("masked_fill", {"x": Input((3, 4), "below 9", "int32"), "mask": mask(3, 4)}, (-1,)),
    *[Case("masked_select", {"x": given(x), "mask": chosen}, (), {}, "index", 60) for x, chosen in (
        (X, mask(*X)), ((3, 4), mask(4)), ((4,), mask(3, 4)), (SPECIAL, mask(3, 1, 5)), ((), mask()), ((0,), mask(0)))],
    Case("masked_select", {"x": Input((3, 4), "below 9", "int64"), "mask": mask(3, 4)}),
    *[Case("nonzero", {"x": given(x)}) for x in (
        Input((3, 4), "ties"), Input((2, 3, 2, 2), "below 2", "int64"), mask(5), Input((), "all 1"), (0, 3), SPECIAL)],
    *[Case(op, {"x": given(x)}, (diagonal,), {}, "mask") for op in ("tril", "triu") for x, diagonal in (
        ((3, 4), 0), ((4, 3), 1), (X, -1), ((2, 2), 5), ((2, 3), -4), (SPECIAL, 0))],
    *[Case(op, {"x": Input((3, 3), "below 9", "int64")}) for op in ("tril", "triu")],
    *[Case("diagonal", {"x": given(x)}, arguments, {}, "index") for x, arguments in (
        ((3, 4), ()), ((3, 4), (1,)), ((3, 4), (-2,)), (X, (0, 2, 3)), (X, (1, -1, 0)), ((3, 3), (5,)),
        ((2, 3, 4), (-1, 1, 2)))],
]

INDEX = below(2, 3)
FLOATS = Input((3,), "grid", "float64")
REFUSED = [
    refused("nonzero", DTypeError, "nonzero: as_tuple must be True or False, got 'no'", x=(2, 3), as_tuple="no"),
    Case("index_select", {"x": Input((2, 3)), "dim": 0, "index": FLOATS}, error=(
        DTypeError, "index must be a Tensor of int64 or int32, got float64; convert it with index.to(numbacnn.int64)"),
         label="dtype"),
    refused("index_select", DTypeError, "index must be a Tensor of int64 or int32, got list; make one with "
            "numbacnn.tensor", 0, [0, 1], x=(2, 3)),
    Case("index_select", {"x": Input((2, 3)), "dim": 0, "index": below(2, 2, 3)}, error=(
        ShapeError, "index must be one row of positions, got index(2, 3) for x(2, 3)"), label="rank"),
    Case("index_select", {"x": Input((2, 3)), "dim": 2, "index": INDEX}, error=(
        ShapeError, "dim must be from -2 to 1 for 2 axes, got 2"), label="dim"),
    *[Case(op, {"x": Input((2, 3)), "dim": 1, "index": index, **more}, error=(error, text), label=text)
      for op, more in (("gather", {}), ("scatter", {"src": 1.0}), ("scatter_add", {"src": Input((2, 3))}))
      for index, error, text in (
          (below(2, 3, 3), ShapeError, "index must have as many axes as x, none longer but dim 1, got x(2, 3), "
                                       "index(3, 3)"),
          (below(2, 3), ShapeError, "got x(2, 3), index(3,)"),
          (Input((2, 3)), DTypeError, "index must be a Tensor of int64 or int32, got float64"),
          (below(2, 2, 3, dtype="bool"), DTypeError, "index must be a Tensor of int64 or int32, got bool"))],
    *[Case("scatter", {"x": given(x), "dim": 1, "index": below(3, 2, 3), "src": given(src)}, error=(error, text),
           label=text)
      for x, src, error, text in (
          ((2, 3), (2, 2), ShapeError, "src must have as many axes as index, none shorter, got src(2, 2), index(2, 3)"),
          ((2, 3), SINGLE, DTypeError, "src must have the dtype of x, float64, got float32"),
          (INTEGERS, 0.5, DTypeError, "0.5 does not fit x of int64"),
          ((2, 3), "1", DTypeError, "src must be a Tensor or a number, got str"))],
    *[Case("scatter", {"x": Input((2, 3)), "dim": 1, "index": below(3, 2, 3), **src}, (), value, error=(
        DTypeError, "one of src and value must be given, got"), label=str(value)) for src, value in (
            ({}, {}), ({"src": 1.0}, {"value": 2.0}))],
    *[Case(op, {"x": given(x), "dim": 0, "index": index, **more}, (), {}, error=(error, text), label=text)
      for op, more in (("index_add", {"source": Input((2, 3))}), ("index_copy", {"source": Input((2, 3))}),
                       ("index_fill", {"value": 1.0}))
      for x, index, error, text in (
          ((2, 3), below(2, 2, 3), ShapeError, "x must have axes, and index be (M,), got x(2, 3), index(2, 3)"),
          ((), below(1, 1), ShapeError, "x must have axes, and index be (M,), got x(), index(1,)"),
          ((2, 3), Input((2,)), DTypeError, "index must be a Tensor of int64 or int32, got float64"))],
    *[Case(op, {"x": Input((2, 3)), "dim": 0, "index": below(2, 2), "source": source}, (), {}, error=(error, text),
           label=text) for op in ("index_add", "index_copy") for source, error, text in (
          (Input((3, 3)), ShapeError, "source must be as x(2, 3) with 2 along dim 0, got source(3, 3)"),
          (SINGLE, DTypeError, "source must have the dtype of x, float64, got float32"),
          (1.0, DTypeError, "source must be a Tensor, got float"))],
    *[Case("index_fill", {"x": given(x), "dim": 0, "index": below(2, 2), "value": value}, error=(error, text),
           label=text) for x, value, error, text in (
          (INTEGERS, 0.5, DTypeError, "value must fit x of int64, got float32"),
          ((2, 3), Input((2,)), ShapeError, "value must be one number, got value(2,)"),
          ((2, 3), "1", DTypeError, "operands must be tensors or numbers, got str"))],
    Case("scatter_add", {"x": mask(2, 3), "dim": 1, "index": below(3, 2, 3), "src": mask(2, 3)}, error=(
        DTypeError, "x must be numbers, got bool"), label="bool"),
    Case("scatter_add", {"x": Input((2, 3)), "dim": 1, "index": below(3, 2, 3), "src": 1.0}, error=(
        DTypeError, "src must be a Tensor, got float"), label="number"),
    *[Case("index_add", {"x": given(x), "dim": 0, "index": below(2, 2), "source": given(x)}, (), options, error=(
           DTypeError, text), label=text)
      for x, options, text in (
          (mask(2, 3), {}, "x must be numbers, got bool"),
          ((2, 3), {"alpha": True}, "alpha must be a number, got True"),
          (INTEGERS, {"alpha": 0.5}, "alpha must be a whole number beside whole numbers, got 0.5"))],
    Case("take_along_dim", {"x": Input((2, 3)), "indices": INDEX}, (0,), error=(
        ShapeError, "x and indices must have as many axes, got x(2, 3), indices(3,)"), label="rank"),
    Case("take_along_dim", {"x": Input((2, 3)), "indices": below(2, 3, 3)}, (1,), error=(
        ShapeError, "shapes must be equal or broadcast"), label="shape"),
    Case("take_along_dim", {"x": Input((2, 3)), "indices": FLOATS}, (1,), error=(
        DTypeError, "indices must be a Tensor of int64 or int32, got float64"), label="dtype"),
    *[Case("embedding", {"x": index, "weight": given(weight)}, (), options, error=(error, text), label=text)
      for index, weight, options, error, text in (
          (FLOATS, (4, 2), {}, DTypeError, "x must be a Tensor of int64 or int32, got float64"),
          (INDEX, (4,), {}, ShapeError, "weight must be (vectors, length), got weight(4,)"),
          (INDEX, INTEGERS, {}, DTypeError, "weight must be float32, float64 or bfloat16, got int64"),
          (INDEX, (4, 2), {"padding_idx": 4}, ShapeError, "padding_idx must be from -4 to 3, got 4"),
          (INDEX, (4, 2), {"padding_idx": 1.0}, DTypeError, "padding_idx must be an integer, got 1.0"),
          (INDEX, (4, 2), {"max_norm": 1.0}, DTypeError, "max_norm is not offered, got 1.0; shorten the vectors under"),
          (INDEX, (4, 2), {"sparse": True}, DTypeError, "sparse is not offered, got True; leave it out"),
          (INDEX, (4, 2), {"scale_grad_by_freq": True}, DTypeError, "scale_grad_by_freq is not offered"))],
    refused("one_hot", DTypeError, "x must be a Tensor of int64 or int32, got float64", 3, x=(2, 3)),
    refused("one_hot", ShapeError, "num_classes must be positive, or -1, got 0", 0, x=INTEGERS),
    refused("one_hot", ShapeError, "num_classes must be given where there is no index, got x(0,)", x=below(2, 0)),
    refused("one_hot", DTypeError, "num_classes must be an integer, got 2.0", 2.0, x=INTEGERS),
    *[Case(op, {"x": Input((2, 3)), "mask": chosen}, value, error=(error, text), label=text)
      for op, value in (("masked_fill", (0,)), ("masked_select", ()))
      for chosen, error, text in (
          (Input((2, 3)), DTypeError, "mask must be a Tensor of bool, got float64; compare: x > 0"),
          (None, DTypeError, "mask must be a Tensor of bool, got NoneType"),
          (mask(2, 4), ShapeError, "shapes must be equal or broadcast"))],
    Case("masked_fill", {"x": INTEGERS, "mask": mask(2, 3)}, (0.5,), error=(
        DTypeError, "a value of float32 does not fit x of int64"), label="value"),
    Case("masked_fill", {"x": Input((2, 3)), "mask": mask(2, 3), "value": Input((3,))}, error=(
        ShapeError, "value must be one number, got shape (3,); use where"), label="row"),
    refused("nonzero", DTypeError, "x must be a Tensor, got ndarray", np.ones(3)),
    *[refused(op, ShapeError, "x must have two axes at least, got x(3,)", x=(3,)) for op in ("tril", "triu")],
    *[refused(op, DTypeError, "diagonal must be an integer, got 0.5", 0.5, x=(2, 3)) for op in ("tril", "triu")],
    refused("diagonal", ShapeError, "dim1 and dim2 must be two axes of x, got x(2, 3), 0 and -2", 0, 0, -2, x=(2, 3)),
    refused("diagonal", ShapeError, "dim must be from -1 to 0 for 1 axes, got 1", x=(3,)),
]

SUMS = {"index_add", "scatter_add"}
EXACT = {"diagonal", "embedding", "gather", "index_select", "masked_fill", "masked_select", "nonzero", "one_hot",
         "index_copy", "index_fill", "scatter", "take_along_dim", "tril", "triu"}


def counterparts(torch):
    """The same in PyTorch, where indices are int64."""
    def scatter(x, dim, index, src=None, value=None):
        return x.scatter(dim, index.long(), value if src is None else src)

    def one_hot(x, *arguments):
        return torch.nn.functional.one_hot(x.long(), *arguments)

    def take_along_dim(x, indices, *dim):
        return torch.take_along_dim(x, indices.long(), *dim)

    return {"scatter": scatter, "one_hot": one_hot, "take_along_dim": take_along_dim,
            "gather": lambda x, dim, index: torch.gather(x, dim, index.long()),
            "scatter_add": lambda x, dim, index, src: torch.scatter_add(x, dim, index.long(), src),
            "index_add": lambda x, dim, index, source, alpha=1: torch.index_add(x, dim, index, source, alpha=alpha),
            "index_copy": lambda x, dim, index, source: torch.index_copy(x, dim, index.long(), source),
            "index_fill": lambda x, dim, index, value: torch.index_fill(x, dim, index.long(), value),
            "embedding": torch.nn.functional.embedding,
            **{name: getattr(torch, name) for name in (
                "diagonal", "index_select", "masked_fill", "masked_select", "nonzero", "tril", "triu")}}
