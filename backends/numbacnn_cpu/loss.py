"""Cross entropy: logits as rows (R, C), one per target. An item is a row."""
import math

from .compile import kernel
from .memory import flat


@kernel(items=lambda targets, *_: targets.size, arrange=flat, raises=True)
def cross_entropy_targets(targets, checked, classes, begin, end):
    """An item is a target."""
    for row in range(begin, end):
        if not 0 <= targets[row] < classes:
            raise IndexError("cross_entropy: targets must be from 0 to {}, got {}", classes - 1, targets[row])
        checked[row] = targets[row]


@kernel(items=lambda logits, *_: logits.shape[0],
        arrange=lambda logits, targets, losses, p: [logits.rows(), targets.flat(), losses.flat(), p.rows()])
def cross_entropy(logits, targets, losses, probabilities, begin, end):
    classes = logits.shape[1]
    for row in range(begin, end):
        top = logits[row, 0]
        for c in range(1, classes):
            if logits[row, c] > top or logits[row, c] != logits[row, c]:
                top = logits[row, c]
        total = logits.dtype.type(0)
        for c in range(classes):
            probabilities[row, c] = math.exp(logits[row, c] - top)
            total += probabilities[row, c]
        for c in range(classes):
            probabilities[row, c] /= total
        losses[row] = math.log(total) + (top - logits[row, targets[row]])


@kernel(items=lambda dlosses, probabilities, *_: probabilities.shape[0],
        arrange=lambda d, p, targets, dlogits, divisor: [d.flat(), p.rows(), targets.flat(), dlogits.rows(), divisor])
def cross_entropy_backward(dlosses, probabilities, targets, dlogits, divisor, begin, end):
    for row in range(begin, end):
        scale = dlosses[row if dlosses.size > 1 else 0] / dlosses.dtype.type(divisor)
        for c in range(probabilities.shape[1]):
            dlogits[row, c] = probabilities[row, c] * scale
        dlogits[row, targets[row]] = (probabilities[row, targets[row]] - 1) * scale
