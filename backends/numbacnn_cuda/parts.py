"""Long sums in parts: blocks of threads add up each, into temporary memory; one more kernel adds these, in order."""
from .compile import cuda, kernel, real
from .dtypes import computed
from .memory import temporary

THREADS = 264 * 256       # that keep a large GPU busy
LEAST, MOST = 128, 16384  # terms of a part: fewer are not worth it, more are no longer added up by one thread


def parts_for(threads, terms):
    """Return in how many parts to add up so many terms, if there are so many threads for each part."""
    return max(min(THREADS // threads, terms // LEAST), -(-terms // MOST), 1)


def partial(y, parts, offset=0):
    """Return where parts of y go, (parts, *shape): to y itself if it is one, else to the temporary at an offset."""
    return y.shaped((1, *y.shape)) if parts == 1 else temporary((parts, *y.shape), computed(y.dtype), offset)


def add_parts(target, y):
    """Return the call that adds up what lies in `partial`, if it is not y itself."""
    parts = target.shape[0]
    return [(sum_parts, [target.shaped((parts, y.size)), y.flat()])] if parts > 1 else []


@kernel(items=lambda y: y.size)
def sum_parts(terms, y):
    i = cuda.grid(1)
    if i < y.size:
        total = real(0)
        for part in range(terms.shape[0]):
            total += terms[part, i]
        y[i] = total
