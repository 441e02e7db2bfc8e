"""Dense layers: x (N, C), weight (O, C). An item is a block of what is written: a few rows still make many items."""
from .compile import compiled, kernel
from .product import add_dots, add_product
from .reduce import sum

ROWS, OUTPUTS = 16, 8                 # the block of y that one item computes
ROWS_BACKWARD, COLUMNS = 64, 256      # that of a gradient
DEPTH = 64                            # rows of the second factor that stay in the cache


def blocks(y, rows, columns):
    """Return how many blocks of rows x columns an array (I, J) has."""
    return -(-y.shape[0] // rows) * -(-y.shape[1] // columns)


@compiled
def corners(item, y, rows, columns):
    """Return where block `item` begins and ends: rows, then columns."""
    across = -(-y.shape[1] // columns)
    row, column = item // across * rows, item % across * columns
    return row, min(row + rows, y.shape[0]), column, min(column + columns, y.shape[1])


@kernel(items=lambda x, weight, bias, y: blocks(y, ROWS, OUTPUTS))
def linear(x, weight, bias, y, begin, end):
    for item in range(begin, end):
        first, last, left, right = corners(item, y, ROWS, OUTPUTS)
        for n in range(first, last):
            for o in range(left, right):
                y[n, o] = bias[o]
        add_dots(x[first:last], weight[left:right], y[first:last, left:right])


@kernel(items=lambda dy, weight, dx: blocks(dx, ROWS_BACKWARD, COLUMNS))
def linear_backward_input(dy, weight, dx, begin, end):
    for item in range(begin, end):
        first, last, left, right = corners(item, dx, ROWS_BACKWARD, COLUMNS)
        multiply(dy[first:last], weight, dx[first:last], left, right)


@kernel(items=lambda x, dy, dweight: blocks(dweight, ROWS_BACKWARD, COLUMNS))
def linear_backward_weight(x, dy, dweight, begin, end):
    for item in range(begin, end):
        first, last, left, right = corners(item, dweight, ROWS_BACKWARD, COLUMNS)
        multiply(dy[:, first:last].T, x, dweight[first:last], left, right)


def linear_backward_bias(dy, dbias):
    """Lower to a sum over rows."""
    return sum(dy, dbias.shaped((1, dbias.size)), 1.0)


@compiled
def multiply(a, b, y, left, right):
    """Columns left ... right - 1 of y (I, J) = those of a (I, K) times b (K, J)."""
    y[:, left:right] = 0
    for k in range(0, b.shape[0], DEPTH):
        add_product(a[:, k:k + DEPTH], b[k:k + DEPTH], y, left, right)
