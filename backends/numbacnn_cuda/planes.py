"""Images, lines and volumes as (plane, depth, row, column, number): how a thread or a block finds its place in them.

Where results are made of many numbers, a block makes a few: its threads are rows of neighbouring numbers, and each row
of threads takes a part of what there is to add or compare.
"""
from .compile import cuda, device
from .division import dividers, split

LONG = 128                # numbers that one thread takes at most, where a block could
BLOCK, ROW = 256, 32      # threads of a block, and most of them in a row: powers of two


def places_in(y):
    """Return dividers that find the number, column, row and slice of thread i."""
    _, slices, rows, columns, numbers = y.planes().shape
    return dividers(numbers, columns, rows, slices)


@device
def place_of(i, numbers, columns, rows, slices):
    """Return plane, slice, row, column and number of thread i."""
    place, number = split(i, numbers)
    place, ow = split(place, columns)
    place, oh = split(place, rows)
    plane, od = split(place, slices)
    return plane, od, oh, ow, number


def groups_in(y):
    """Return the threads in a row, how many numbers a place has, and dividers as `places_in`, of groups of numbers."""
    _, slices, rows, columns, numbers = y.planes().shape
    row = min(ROW, 1 << max(numbers - 1, 0).bit_length())
    groups = -(-numbers // row)
    return [(row, numbers), *dividers(groups, columns, rows, slices)]


def blocks(y, row, groups):
    """Return how many blocks make y."""
    return y.size // max(row[1], 1) * groups[0]


@device
def part_of(row):
    """Return which part is that of the thread, and how many there are."""
    return cuda.threadIdx.x // row[0], BLOCK // row[0]


@device
def number_of(group, row):
    """Return which number is that of the thread; threads past the last one repeat it."""
    return min(group * row[0] + cuda.threadIdx.x % row[0], row[1] - 1)


@device
def is_first(group, row):
    """Return whether the thread writes what its block has made of a number."""
    return cuda.threadIdx.x < row[0] and group * row[0] + cuda.threadIdx.x < row[1]
