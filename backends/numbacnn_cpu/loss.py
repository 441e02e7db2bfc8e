"""Cross entropy: logits as rows (R, C), one per target. An item is a row."""
import math

from .compile import kernel
from .memory import flat
from .softmax import divide, exponentials


@kernel(items=lambda targets: targets.size, arrange=flat, raises=True)
def cross_entropy_targets(targets, checked, classes, begin, end):
    """An item is a target."""
    for row in range(begin, end):
        if not 0 <= targets[row] < classes:
            raise IndexError("cross_entropy: targets must be from 0 to {}, got {}", classes - 1, targets[row])
        checked[row] = targets[row]


@kernel(items=lambda logits: logits.shape[0],
        arrange=lambda logits, targets, losses, p: [logits.rows(), targets.flat(), losses.flat(), p.rows()])
def cross_entropy(logits, targets, losses, probabilities, begin, end):
    classes = logits.shape[1]
    scores, powers = logits.reshape(logits.size), probabilities.reshape(logits.size)
    for row in range(begin, end):
        top, sums = exponentials(scores, row * classes, classes, powers)
        divide(powers, row * classes, classes, sums)
        losses[row] = math.log(sums) + (top - logits[row, targets[row]])


@kernel(items=lambda probabilities: probabilities.shape[0],
        arrange=lambda d, p, targets, dlogits, divisor: [d.flat(), p.rows(), targets.flat(), dlogits.rows(), divisor])
def cross_entropy_backward(dlosses, probabilities, targets, dlogits, divisor, begin, end):
    for row in range(begin, end):
        scale = dlosses[row if dlosses.size > 1 else 0] / dlosses.dtype.type(divisor)
        for c in range(probabilities.shape[1]):
            dlogits[row, c] = probabilities[row, c] * scale
        dlogits[row, targets[row]] = (probabilities[row, targets[row]] - 1) * scale
