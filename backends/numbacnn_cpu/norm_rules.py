"""Rules for batch normalisation, ReLU and sums (numbacnn/fusion/norm.py), as the kernels here take them.

FOLDS come before rules that look for a convolution and what follows it, FUSIONS after these.
"""
from numbacnn.fusion import norm


def are_rows(x):
    """Whether all channels of a pixel lie side by side, as kernels of batch norm and ReLU take them."""
    return len(x.shape) in (2, 4)


FOLDS = norm.FOLDS
FUSIONS = [*norm.forward(are_rows), *norm.backward(are_rows)]
