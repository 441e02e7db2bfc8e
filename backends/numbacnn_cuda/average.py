"""Averages of parameters over the steps of training: one call of a plan for all of them, in place."""
from .compile import cuda, kernel
from .optim import in_place
from .pieces import applied, rates_of, stepping


def average(*arguments):
    """Lower to two launches: one finds the weight and counts, one updates all averages."""
    calls, decay, values, (count, *averages), _ = in_place(arguments, 1)
    rates = rates_of(values)
    return [*calls, (average_rates, [decay, count.flat(), rates]), *applied(average_step, rates, values, averages)]


@kernel(blocks=lambda rates: 1, wide=True)
def average_rates(decay, count, rates):
    n = count[0]
    cuda.syncthreads()                                   # all have read it
    for row in range(cuda.threadIdx.x, rates.shape[0], cuda.blockDim.x):
        rates[row, 0] = 1 - decay[0] if decay[0] >= 0 else 1 / (n + 1)
        rates[row, 1] = 1.0 if n == 0 else 0.0
    if cuda.threadIdx.x == 0:
        count[0] = n + 1


@stepping(states=0)
def average_step(k, x, y, a, b, c):
    return x if k[1] != 0 else y + k[0] * (x - y), a, b, c
