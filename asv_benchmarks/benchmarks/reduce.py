"""Reductions over rows, columns and everything, products of matrices."""
import numbacnn

from . import common

MATRIX, IMAGES, FRONT = (4096, 1024), (16, 64, 56, 56), (64, 96, 80)
# a function, and the shapes of its operands
CALLS = {
    "sum of rows": (lambda x: x.sum(1), MATRIX), "sum of columns": (lambda x: x.sum(0), MATRIX),
    "variance of channels": (lambda x: x.var((0, 2, 3)), IMAGES), "norm of all": (lambda x: x.norm(), MATRIX),
    "maxima of rows": (lambda x: x.amax(1), MATRIX), "argmax of rows": (lambda x: x.argmax(1), MATRIX),
    "matmul of a batch": (lambda a, b: a @ b, FRONT, (64, 80, 96)),
    "einsum of attention": (lambda a, b: numbacnn.einsum("bqd,bkd->bqk", a, b), FRONT, FRONT),
}


class Reduction(common.CallBenchmark):
    cases = CALLS
    params = (list(CALLS),)

    def arguments(self, *shapes):
        return [common.normal(*shape) for shape in shapes]
