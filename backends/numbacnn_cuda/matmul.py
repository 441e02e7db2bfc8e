"""Products of matrices, or of one with many."""
from .product import product


def matmul(a, b, y, turn_a, turn_b):
    """Lower to a product; a factor of which there is one only serves all."""
    _, rows, columns = y.shape
    depth = a.shape[1] if turn_a else a.shape[2]
    a_steps, b_steps = (1, rows) if turn_a else (depth, 1), (1, depth) if turn_b else (columns, 1)
    a_step, b_step = (each.shape[1] * each.shape[2] if each.shape[0] > 1 else 0 for each in (a, b))
    return product(a, b, y, depth, (a_step, *a_steps), (b_step, *b_steps))
