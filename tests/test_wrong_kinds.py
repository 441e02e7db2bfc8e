"""Arguments of the wrong kind, in places where a layer beneath would complain: each is told by its name."""
import re

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, optim, transforms
from numbacnn.data import ChainDataset, ConcatDataset, SubsetRandomSampler
from numbacnn.errors import DeviceError, DTypeError, ShapeError


def trained(lr=0.1):
    return optim.Adam([nb.ones(2, requires_grad=True)], lr=lr)


def with_other_group():
    optimizer = trained()
    optimizer.param_groups[0] = dict(optimizer.param_groups[0])
    optimizer.step()


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: nb.is_floating_point(3), DTypeError, "is_floating_point: x must be a Tensor, got int"),
    (lambda: nn.Softmax2d()(None), DTypeError, "Softmax2d: x must be a Tensor, got NoneType"),
    (lambda: ConcatDataset(1), DTypeError, "ConcatDataset: datasets must be an iterable of datasets, got 1"),
    (lambda: ChainDataset(1), DTypeError, "ChainDataset: datasets must be an iterable of datasets, got 1"),
    (lambda: transforms.ColorJitter(contrast=np.array("a")), DTypeError, "contrast must be a number, or a pair"),
    (lambda: nb.Device([True]), DeviceError, "Device: type must be a string and index an integer, got [True] and 0"),
    (lambda: optim.Optimizer([nb.ones(2)], 3), DTypeError, "Optimizer: defaults must be a dict of options, got 3"),
    (lambda: trained().load_state_dict({"state": None, "param_groups": None}), DTypeError,
     "Adam.load_state_dict: state must be a dict and param_groups a list of dicts with 'params', got None and None"),
    (lambda: nb.ones(1).new_ones(int, int), DTypeError, "new_ones: sizes must be whole numbers, got (<class 'int'>"),
    (lambda: nb.zeros(np.ones(2, complex)), DTypeError, "zeros: sizes must be whole numbers, got"),
    (lambda: SubsetRandomSampler([nb.ones(2), None]), DTypeError, "indices must be a sequence of integers, got"),
    (lambda: transforms.Normalize([nb.ones(2), None], 1), DTypeError, "Normalize: mean must be a sequence of numbers"),
    (lambda: nn.LeakyReLU(2**2000), ShapeError, "negative_slope must be a number that float64 holds, got a"),
    (with_other_group, DTypeError, "Adam: a group of param_groups must stay the one the optimizer made, got dict"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


def test_whole_numbers_divided_by_zero_are_zero():
    x, zero = nb.tensor([3, -3, 0]), nb.tensor([0, 0, 0])
    assert (x // zero).tolist() == (x % zero).tolist() == [0, 0, 0]
