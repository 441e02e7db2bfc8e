"""Rules for layer, group and instance norm: all gradients need the same two arrays, so one pass computes them."""
from numbacnn.fusion import Fusion

FUSIONS = [
    Fusion(
        """
        dweight, dbias = layer_norm_backward_weight(dy, x, mean, rstd)
        dx = layer_norm_backward_input(dy, x, mean, rstd, weight, *centered)
        """,
        "dx, dweight, dbias = layer_norm_backward(dy, x, mean, rstd, weight, *centered)",
    ),
    Fusion(
        """
        dweight, dbias = group_norm_backward_weight(dy, x, mean, rstd)
        dx = group_norm_backward_input(dy, x, mean, rstd, weight)
        """,
        "dx, dweight, dbias = group_norm_backward(dy, x, mean, rstd, weight)",
    ),
]
