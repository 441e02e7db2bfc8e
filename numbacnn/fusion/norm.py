"""Rules for batch normalisation, ReLU and sums: what the forward pass, and what the backward pass does at once.

Backends that have the kernels share them. Fewer passes over memory is all that they are about. Where
y = relu(batch_norm(x)), ReLU's gradient needs x only, and the gradient it gives is never stored; in a residual block
its sum goes on to the shortcut, so it is stored on the way. A pattern is searched for line by line, so the last call of
a chain comes first in it: that one names all the others.
"""
from collections.abc import Callable

from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec


def everything(x: Spec) -> bool:
    """Return that arrays of all shapes are taken."""
    return True


def folded_bias(weight: Spec) -> Spec:
    """Return what is known of the output of `conv2d_fold_bias`.

    Parameters
    ----------
    weight : Spec
        Of the convolution.
    """
    return Spec(weight.shape[:1], "float32" if weight.dtype == "bfloat16" else weight.dtype)     # it is added once


# Batch normalisation in evaluation mode behind a convolution: its weight is scaled instead. They come before rules that
# look for a convolution and what follows it.
FOLDS = [
    Fusion(
        """
        n = batch_norm(c, mean, rstd, scale, shift)
        rstd = batch_norm_rstd(var, *eps)
        c = conv2d(x, weight, bias, *conv)
        """,
        """
        rstd = batch_norm_rstd(var, *eps)
        folded = conv2d_fold_weight(weight, rstd, scale)
        moved = conv2d_fold_bias(mean, bias, rstd, scale, shift)
        n = conv2d(x, folded, moved, *conv)
        """,
        temporaries={"folded": lambda weight: weight, "moved": folded_bias},
    ),
]


def forward(takes: Callable[[Spec], bool] = everything) -> list[Fusion]:
    """Return the rules for what follows batch normalisation.

    Parameters
    ----------
    takes : callable
        Whether the kernels take arrays of the shape of this one.
    """
    return [
        Fusion(
            """
            y = relu(s)
            s = add(n, n2)
            n = batch_norm(x, mean, rstd, weight, bias)
            n2 = batch_norm(x2, mean2, rstd2, weight2, bias2)
            """,
            "y = batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)",
            when=lambda n, n2: n.shape == n2.shape and takes(n),
        ),
        Fusion(
            """
            y = relu(s)
            s = add(n, r)
            n = batch_norm(x, mean, rstd, weight, bias)
            """,
            "y = batch_norm_add_relu(x, mean, rstd, weight, bias, r)",
            when=lambda n, r: n.shape == r.shape and takes(n),
        ),
        Fusion(
            """
            y = relu(s)
            s = add(r, n)
            n = batch_norm(x, mean, rstd, weight, bias)
            """,
            "y = add_batch_norm_relu(r, x, mean, rstd, weight, bias)",
            when=lambda n, r: n.shape == r.shape and takes(n),
        ),
        Fusion(
            """
            y = relu(n)
            n = batch_norm(x, mean, rstd, weight, bias)
            """,
            "y = batch_norm_relu(x, mean, rstd, weight, bias)",
            when=lambda n: takes(n),
        ),
        Fusion(
            """
            y = relu(s)
            s = add(a, b)
            """,
            "y = add_relu(a, b)",
            when=lambda a, b: a.shape == b.shape,
        ),
    ]


def backward(takes: Callable[[Spec], bool] = everything) -> list[Fusion]:
    """Return the rules for gradients; they come after those of `forward`.

    Parameters
    ----------
    takes : callable
        As there.
    """
    return [
        Fusion(                                         # both batch norms of a residual block, and a fork behind it
            """
            y = batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            g = relu_backward(s, y)
            s = add(a, b)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            dx = batch_norm_backward_input(g, x, mean, rstd, weight, dweight, dbias, *training)
            dweight2, dbias2 = batch_norm_backward_weight(g, x2, mean2, rstd2)
            dx2 = batch_norm_backward_input(g, x2, mean2, rstd2, weight2, dweight2, dbias2, *training)
            """,
            """
            y = batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            dweight, dbias, dweight2, dbias2 = batch_norms_add_relu_fork_backward_weight(
                a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            dx, dx2 = batch_norms_add_relu_fork_backward_input(
                a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2, dbias2,
                *training)
            """,
            when=lambda a, b: a.shape == b.shape,
        ),
        Fusion(
            """
            y = batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            g = relu_backward(dy, y)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            dx = batch_norm_backward_input(g, x, mean, rstd, weight, dweight, dbias, *training)
            dweight2, dbias2 = batch_norm_backward_weight(g, x2, mean2, rstd2)
            dx2 = batch_norm_backward_input(g, x2, mean2, rstd2, weight2, dweight2, dbias2, *training)
            """,
            """
            y = batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            dweight, dbias, dweight2, dbias2 = batch_norms_add_relu_backward_weight(
                dy, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2)
            dx, dx2 = batch_norms_add_relu_backward_input(
                dy, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2, dbias2,
                *training)
            """,
        ),
        Fusion(
            """
            y = batch_norm_relu(x, mean, rstd, weight, bias)
            g = relu_backward(s, y)
            s = add(a, b)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            dx = batch_norm_backward_input(g, x, mean, rstd, weight, dweight, dbias, *training)
            """,
            """
            y = batch_norm_relu(x, mean, rstd, weight, bias)
            dweight, dbias = batch_norm_relu_fork_backward_weight(a, b, x, mean, rstd, weight, bias)
            dx = batch_norm_relu_fork_backward_input(a, b, x, mean, rstd, weight, bias, dweight, dbias, *training)
            """,
            when=lambda a, b: a.shape == b.shape,
        ),
        Fusion(
            """
            y = batch_norm_relu(x, mean, rstd, weight, bias)
            g = relu_backward(dy, y)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            dx = batch_norm_backward_input(g, x, mean, rstd, weight, dweight, dbias, *training)
            """,
            """
            y = batch_norm_relu(x, mean, rstd, weight, bias)
            dweight, dbias = batch_norm_relu_backward_weight(dy, x, mean, rstd, weight, bias)
            dx = batch_norm_relu_backward_input(dy, x, mean, rstd, weight, bias, dweight, dbias, *training)
            """,
        ),
        Fusion(                                         # what others need, too: g is written once
            """
            g = relu_backward(s, y)
            s = add(a, b)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            """,
            "g, dweight, dbias = batch_norm_add_relu_fork_backward_weight(a, b, y, x, mean, rstd)",
            when=lambda a, b: a.shape == b.shape and takes(a),
        ),
        Fusion(
            """
            g = relu_backward(dy, y)
            dweight, dbias = batch_norm_backward_weight(g, x, mean, rstd)
            """,
            "g, dweight, dbias = batch_norm_add_relu_backward_weight(dy, y, x, mean, rstd)",
            when=lambda dy: takes(dy),
        ),
        Fusion(
            """
            dx = relu_backward(s, y)
            s = add(a, b)
            """,
            "dx = relu_fork_backward(a, b, y)",
            when=lambda a, b: a.shape == b.shape,
        ),
    ]
