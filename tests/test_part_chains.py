"""Parts of parts of parts: what is between and nobody sees is left out, and what is written arrives all the same."""
import weakref

import numpy as np
import pytest

import numbacnn as nb
from numbacnn.errors import EvaluationError, GradientError


def grid(n):
    return np.arange(1.0, 1.0 + n)


CHAINS = {
    "slices": lambda x: x[1:], "lines": lambda x: x[1:].reshape(-1), "one more axis": lambda x: x[None][:, 2:][0],
    "backwards": lambda x: x[::-1][1:], "every other": lambda x: x[:1:-2] if len(x) > 9 else x[:],
    "turned": lambda x: x.reshape(1, -1).T[1:, 0], "as it was": lambda x: x.reshape(x.shape),
    "the same": lambda x: x.data if isinstance(x, nb.Tensor) else x, "empty": lambda x: x[3:3],
    "none": lambda x: x[1:1][:1],
    "one": lambda x: x[-1:], "two": lambda x: x[-2:][:2],
    "numbers": lambda x: x.data[1:] if isinstance(x, nb.Tensor) else x[1:]}


@pytest.mark.parametrize("name", CHAINS)
def test_long_chains_keep_their_ends_alone(name):
    theirs, x = grid(60), nb.tensor(grid(60))
    values, part, arrays = theirs, x, []
    for _ in range(20):
        part, theirs = CHAINS[name](part), CHAINS[name](theirs)
        nb.evaluate(part)
        arrays.append(weakref.ref(part.array))
    assert len({id(array()) for array in arrays} - {id(None), id(x.array)}) <= 2
    part *= 2
    theirs *= 2
    np.testing.assert_array_equal(part.numpy(), theirs)
    np.testing.assert_array_equal(x.numpy(), values)
    part += 1
    theirs += 1
    np.testing.assert_array_equal(x.numpy(), values)


@pytest.mark.parametrize("again", [lambda x: x.view(4, 4), lambda x: x.detach(), lambda x: x.T, lambda x: x[:],
                                   lambda x: x.expand(4, 4).view(4, 4)[:]])
def test_chains_of_any_length(again):
    x = y = nb.zeros(4, 4)
    for _ in range(1500):
        y = again(y)
        nb.evaluate(y)
    y += 1
    assert x.tolist() == [[1] * 4] * 4


def test_chains_of_what_holds_old_numbers_or_repeats_them():
    x = nb.tensor(grid(6))
    part = x[1:][1:]
    x[0] = 0
    for _ in range(3):
        part = part[:]
    with pytest.raises(EvaluationError, match="take the part again"):
        part += 1
    one, arrays = nb.ones(1), []
    part = one.expand(3)
    for _ in range(9):
        part = part[:].expand(3)
        nb.evaluate(part)
        arrays.append(weakref.ref(part.array))
    assert sum(array() is not None for array in arrays) <= 2
    with pytest.raises(EvaluationError, match="expand: a tensor that repeats numbers"):
        part += 1
    x = nb.zeros(3)
    part = x.detach().requires_grad_()[:]
    part = part[:][:]
    with pytest.raises(GradientError, match="add: a tensor with requires_grad=True"):
        part += 1


def test_gradients_go_through_what_was_left_out():
    w = nb.ones(6, dtype="float64", requires_grad=True)
    x = w * nb.tensor(grid(6))
    part = x
    for take in (lambda t: t[1:], lambda t: t.view(1, -1), lambda t: t.T, lambda t: t[1:], lambda t: t[:, 0],
                 lambda t: t.view(2, 2), lambda t: t.diagonal(), lambda t: t[:1]):
        part = take(part)                                # what is between goes away
    part *= w[0] * 10
    (x * x).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [2 + 2 * 30 * 30, 8, 2 * 30 * 30, 32, 50, 72])
    x = w * 2
    part = x[1:].detach()[1:][1:]
    part += w[:3]
    x.sum().backward()
    np.testing.assert_array_equal(w.grad.numpy() - [2 + 2 * 30 * 30, 8, 2 * 30 * 30, 32, 50, 72], [2] * 6)


def test_axes_are_those_of_the_call():
    x, dims, source = nb.zeros(2, 2), [1, 0], [0]
    y, z = x.permute(dims), x.movedim(source, [1])
    dims[:], source[:] = [0, 1], [1]
    y[0, 1] = 1
    assert x.tolist() == [[0, 0], [1, 0]]
    z = x.movedim(source := [0], [1])
    source[:] = [1]
    z[0, 1] = 2
    assert x.tolist() == [[0, 0], [2, 0]]
    assert nb.tensor(3.0).transpose(0, -1).item() == 3
