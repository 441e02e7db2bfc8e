"""Rules for batch normalisation, ReLU and sums (numbacnn/fusion/norm.py): the kernels here take arrays of all shapes.

FOLDS come before rules that look for a convolution and what follows it, FUSIONS after these.
"""
from numbacnn.fusion import norm

FOLDS = norm.FOLDS
FUSIONS = [*norm.forward(), *norm.backward()]
