"""Products of matrices."""
import numpy as np


def matmul(a, b, y, turn_a, turn_b):
    a, b = (x.swapaxes(1, 2) if turned else x for x, turned in ((a, turn_a), (b, turn_b)))
    y[...] = np.einsum("nik,nkj->nij", *(np.broadcast_to(x, (len(y), *x.shape[1:])) for x in (a, b)))
