"""Kernels of pooling for lines and volumes, of adaptive maxima, of unpooling, and of images in other sizes."""
import numpy as np
import pytest
import reference
from cases import WAYS, Case, integers, normal, run_cases, special
from op_reference import begins, several

from numbacnn.geometry.upsampling import NEAREST, NEAREST_EXACT

WINDOWS = [          # x, kernel, stride, padding, dilation, whether the last window may leave x
    ((2, 3, 12), 2, 2, 0, 1, False), ((2, 3, 13), 3, 2, 1, 1, True), ((1, 2, 40), 3, 1, 1, 1, False),
    ((1, 2, 70), 3, 2, 1, 2, False), ((2, 1, 33), 5, 3, 2, 1, True), ((1, 1, 3), 3, 3, 1, 1, False),
    ((2, 3, 4, 5, 6), 2, 2, 0, 1, False), ((1, 2, 5, 4, 7), 3, 2, 1, 1, True),
    ((1, 1, 6, 5, 36), (1, 3, 2), 1, 0, 1, False),
    ((2, 1, 5, 5, 37), (3, 2, 3), 2, 1, 1, False), ((1, 2, 7, 6, 9), 2, 1, 1, (2, 1, 3), False),
    ((1, 1, 3, 3, 3), 3, 3, 0, 1, False),
]


def sizes(x, kernel, stride, padding, dilation, leaves):
    """The numbers of a kernel, and the shape of y."""
    axes = len(x) - 2
    window = [several(each, axes) for each in (kernel, stride, padding, dilation)]
    y = [len(begins(*along, leaves)) for along in zip(x[2:], *window, strict=True)]
    return tuple(n for each in window for n in each), (*x[:2], *y)


def window_cases(numbers):
    cases = {}
    for row in WINDOWS:
        x, (window, y) = row[0], sizes(*row)
        values, argmax = numbers(*x), np.empty(y, np.int32)
        reference.max_pool(values, np.empty(y), argmax, *window)
        cases |= {f"max_pool {row}": Case("max_pool", [values], [y, (y, "int32")], window),
                  f"max_pool_backward {row}": Case("max_pool_backward", [numbers(*y), argmax], [x])}
        pads = row[3] != 0                               # otherwise it makes no difference whether these count
        for options in ((0, 0), *[(1, 0)] * pads, (0, 3)) if row[4] == 1 else ():
            mean = (*window[:3 * (len(x) - 2)], *options)
            cases |= {f"avg_pool {row} {options}": Case("avg_pool", [values], [y], mean),
                      f"avg_pool_backward {row} {options}": Case("avg_pool_backward", [numbers(*y)], [x], mean)}
    return cases


def adaptive_cases(numbers):
    cases = {}
    for x, size in (((2, 3, 7), (3,)), ((1, 2, 100), (1,)), ((1, 2, 77), (2,)), ((2, 3, 4), (9,)),
                    ((2, 3, 7, 5), (3, 2)), ((1, 19, 3, 4), (5, 7)), ((2, 4, 6, 6), (1, 1)), ((1, 70, 4, 3), (2, 2)),
                    ((1, 2, 4, 3, 5), (2, 2, 3)),
                    ((2, 1, 3, 3, 40), (1, 2, 1)), ((1, 2, 3, 2, 3), (1, 1, 1)), ((1, 1, 2, 2, 2), (3, 4, 5))):
        y, values = (*x[:2], *size), numbers(*x)
        argmax = np.empty(y, np.int32)
        reference.adaptive_max_pool(values, np.empty(y), argmax)
        cases |= {f"adaptive_max_pool {x} {size}": Case("adaptive_max_pool", [values], [y, (y, "int32")]),
                  f"max_pool_backward {x} {size}": Case("max_pool_backward", [numbers(*y), argmax], [x])}
        cases |= {f"adaptive_avg_pool {x} {size}": Case("adaptive_avg_pool", [values], [y]),
                  f"adaptive_avg_pool_backward {x} {size}": Case("adaptive_avg_pool_backward", [numbers(*y)], [x])}
    return cases


def interpolate_cases(numbers):
    cases = {}
    for x, size in (((2, 3, 7), (14,)), ((1, 2, 40), (25,)), ((2, 3, 5, 6), (10, 12)), ((1, 19, 4, 5), (7, 3)),
                    ((1, 1, 6, 40), (3, 80)), ((1, 2, 3, 4, 5), (6, 4, 9))):
        y = (*x[:2], *size)
        for mode in range(6 if len(x) == 4 else 4):
            scales, none = [(n + 0.4) / m for n, m in zip(size, x[2:], strict=True)], [0.0] * len(size)
            for options in ((0, *none), *[(1, *none)] * (mode not in (NEAREST, NEAREST_EXACT)), (0, *scales)):
                name = f"{x} {size} {mode} {options}"
                cases |= {f"interpolate {name}": Case("interpolate", [numbers(*x)], [y], (mode, *options)),
                          f"interpolate_backward {name}": Case("interpolate_backward", [numbers(*y)], [x],
                                                               (mode, *options))}
    return cases


def unpool_cases(numbers):
    cases = {}
    for x, size in (((2, 3, 4), (9,)), ((1, 70, 2, 3), (4, 6)), ((2, 2, 1, 2, 3), (3, 4, 5))):
        y, count = (*x[:2], *size), int(np.prod(size))
        indices = np.random.default_rng(0).integers(0, count, x)                # some twice: the last counts
        cases |= {f"max_unpool {x}": Case("max_unpool", [numbers(*x), indices], [y]),
                  f"max_unpool_backward {x}": Case("max_unpool_backward", [numbers(*y), indices], [x])}
    return cases


def with_special(cases):
    """Cases of which the values hold NaN and infinities."""
    return {name: case._replace(inputs=[special(case.inputs[0])]) for name, case in cases.items()
            if not name.startswith("max_pool_backward")}


def of_maxima(cases):
    """Those in which it matters that numbers are equal."""
    return {name: case for name, case in cases.items() if "max_pool" in name}


test_windows, test_windows_with_ties = run_cases(window_cases(normal)), run_cases(of_maxima(window_cases(integers)))
test_windows_of_many_nan = run_cases({name: case._replace(inputs=[np.where(case.inputs[0] > 0, np.nan, case.inputs[0])])
                                      for name, case in window_cases(normal).items() if name.startswith("max_pool (")})
test_windows_special = run_cases(with_special(window_cases(integers)))
test_adaptive = run_cases(adaptive_cases(normal))
test_adaptive_with_ties = run_cases(of_maxima(adaptive_cases(integers)))
test_adaptive_special = run_cases(with_special(adaptive_cases(integers)))
test_interpolate, test_unpool = run_cases(interpolate_cases(normal)), run_cases(unpool_cases(normal), exact=True)
test_nothing_but_minus_infinity = run_cases({
    str(x): Case("max_pool", [np.full(x, -np.inf)], [y, (y, "int32")], numbers)
    for x, numbers, y in (((1, 2, 40), (3, 2, 1, 1), (1, 2, 20)),
                          ((1, 1, 4, 4, 36), (2,) * 6 + (1,) * 6, (1, 1, 3, 3, 19)))})


@pytest.mark.parametrize("index", [-1, 8, 2**40])
@pytest.mark.parametrize("op", ["max_unpool", "max_unpool_backward"])
def test_an_index_outside_is_refused(op, index):
    indices = np.zeros((1, 2, 3), np.int64)
    indices[0, 1, 1] = index
    x, y = (1, 2, 3), (1, 2, 8)
    for way in WAYS.values():
        with pytest.raises(IndexError, match=f"max_unpool: indices must be from 0 to 7, got {index}"):
            given, made = (x, y) if op == "max_unpool" else (y, x)
            way(Case(op, [], []), [normal(*given), indices], [np.empty(made)])
