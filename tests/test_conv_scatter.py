"""Gradients of inputs of few channels: where the rule applies, what it computes is what it replaces."""
import pytest
from numbacnn_cpu import conv_rules, conv_scatter, program
from numbacnn_cpu.compile import INTERPRETED
from poison import poisoned  # noqa: F401
from test_fusions import EVERYTHING, Program, applied, compare, computed  # noqa: F401

import numbacnn as nb
from numbacnn.kernels import Spec

[RULE] = conv_rules.NARROW
PROGRAMS = [
    Program((3, 1, 12, 13), (7, 1, 5, 5), EVERYTHING),
    Program((2, 2, 15, 14), (5, 2, 3, 3), EVERYTHING, {"padding": 2}),
    Program((2, 2, 15, 17), (9, 2, 5, 4), EVERYTHING, {"stride": (2, 1), "padding": (1, 3), "dilation": (2, 1)}),
    Program((1, 3, 17, 16), (4, 3, 4, 5), EVERYTHING, {"padding": "same"}),
    Program((1, 1, 20, 22), (1, 1, 3, 4), EVERYTHING),  # one output: more pixels in a tile than fit at the end
    Program((0, 1, 12, 13), (7, 1, 5, 5), EVERYTHING),
]
NEAR = {
    "columns are dilated": Program((2, 1, 15, 17), (9, 1, 5, 4), EVERYTHING, {"dilation": (1, 2)}),
    "groups": Program((2, 2, 12, 13), (6, 1, 5, 5), EVERYTHING, {"groups": 2}),
    "channels fill vectors": Program((2, 16, 9, 8), (3, 16, 3, 3), EVERYTHING, {"padding": 1}),
    "the filter is too tall for a tile": Program((1, 1, 40, 40), (2, 1, 25, 3), EVERYTHING),
    "the only image is large": Program((1, 1, 200, 200), (2, 1, 5, 5), EVERYTHING),
}


@pytest.mark.parametrize("each", PROGRAMS)
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_where_it_applies(each, numbers, applied):  # noqa: F811
    compare(each, numbers)
    assert RULE in applied


@pytest.mark.parametrize("each", NEAR.values(), ids=NEAR)
def test_where_it_does_not(each, applied):  # noqa: F811
    compare(each, "whole")
    assert RULE not in applied


@pytest.mark.parametrize(("images", "size", "expected"), [
    (1, 120, True), (1, 160, False), (2, 160, True), (8, 400, True), (8, 420, False),
])
def test_images_that_are_too_large(images, size, expected):
    """3 channels of float32: 192 KB are 128 x 128 pixels with their padding, 2 MB are 418 x 418."""
    dy, weight, dx = (Spec(shape, "float32") for shape in (
        (images, 32, size, size), (32, 3, 5, 5), (images, 3, size, size)))
    assert conv_scatter.is_narrow(dy, weight, dx, (1, 1, 2, 2, 1, 1, 1)) == expected


@pytest.mark.skipif(INTERPRETED, reason="one thread")
def test_the_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    found = []
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        monkeypatch.setattr(program, "TILE_BYTES", 64)
        nb.graph.thread.plans.clear()
        results = computed(Program((9, 2, 15, 17), (9, 2, 5, 4), EVERYTHING), "real")
        found.append(b"".join(result.tobytes() for result in results))
    assert len(set(found)) == 1
