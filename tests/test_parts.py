"""What is written in place to a part or a view of a tensor is written to the tensor, as in NumPy and PyTorch."""
import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import descending

import numbacnn as nb
from numbacnn import graph, nn, optim
from numbacnn.errors import EvaluationError, GradientError


def grid(*shape, dtype=np.float64):
    return np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape).astype(dtype)


# --- beside views of NumPy ------------------------------------------------------------------------------------------

VIEWS = {
    "row": lambda x: x[-1] if x.ndim else x[...],
    "slices": lambda x: x[tuple([slice(i % 2, None, 1 + i % 2) for i in range(x.ndim)])],
    "backwards": lambda x: x[::-1] if x.ndim else x[()],
    "new axis": lambda x: x[None],
    "all": lambda x: x[...],
    "line": lambda x: x.reshape(-1) if isinstance(x, np.ndarray) else x.view(-1),
    "flat": lambda x: x.reshape(-1) if isinstance(x, np.ndarray) else x.flatten(),
    "column": lambda x: x.reshape(-1, 1),
    "turned": lambda x: x.T,
    "swapped": lambda x: x.swapaxes(0, -1) if x.ndim else x,
    "moved": lambda x: np.moveaxis(x, 0, -1) if isinstance(x, np.ndarray) else x.moveaxis(0, -1),
    "moved back": lambda x: np.moveaxis(x, -1, 0) if isinstance(x, np.ndarray) else nb.movedim(x, -1, 0),
    "no ones": lambda x: x.squeeze(),
    "one more": lambda x: np.expand_dims(x, -1) if isinstance(x, np.ndarray) else x.unsqueeze(-1),
    "second half": lambda x: np.array_split(x, [(len(x) + 1) // 2])[1] if isinstance(x, np.ndarray)
    else x.split([(len(x) + 1) // 2, len(x) // 2])[1],
    "the same": lambda x: x if isinstance(x, np.ndarray) else x.detach(),
}
WRITES = {
    "add": (lambda x: x.add_(2), lambda x: np.add(x, 2, out=x)),
    "times": (lambda x: x.mul_(3), lambda x: np.multiply(x, 3, out=x)),
    "zero": (lambda x: x.zero_(), lambda x: np.copyto(x, 0)),
    "fill": (lambda x: x.fill_(5), lambda x: np.copyto(x, 5)),
    "copy": (lambda x: x.copy_(nb.tensor(grid(*x.shape))), lambda x: np.copyto(x, grid(*x.shape))),
    "item": (lambda x: x.__setitem__(..., x * x), lambda x: np.multiply(x, x, out=x)),
}


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.lists(st.sampled_from(sorted(VIEWS)), max_size=3),
       st.lists(st.sampled_from(sorted(WRITES)), min_size=1, max_size=2), st.booleans(), st.booleans())
def test_whatever_way_a_part_is_taken(shape, views, writes, held, float32):
    values = grid(*shape, dtype=np.float32 if float32 else np.float64)
    array, tensor = values.copy(), nb.tensor(values)
    theirs, ours, between = array, tensor, []
    for view in views:
        if view == "second half" and (not theirs.ndim or len(theirs) < 2):
            continue
        taken = VIEWS[view](theirs)
        if not np.shares_memory(taken, array):           # a copy, where NumPy's strides do not fit
            continue
        theirs, ours = taken, VIEWS[view](ours)
        between += [(ours, theirs)] if held else []
    for write in writes:
        WRITES[write][0](ours)
        WRITES[write][1](theirs)
    np.testing.assert_array_equal(tensor.numpy(), array)
    np.testing.assert_array_equal(ours.numpy(), theirs)
    for part, other in between:
        np.testing.assert_array_equal(part.numpy(), other)


TAKEN = {name: VIEWS[name] for name in ("row", "slices", "new axis", "all", "swapped", "no ones", "one more")} | {
    "moved": lambda x: x.movedim(0, -1), "diagonal": lambda x: x.diagonal(1 if x.shape[1] > 1 else 0),
    "narrow": lambda x: x.narrow(0, 0, 1), "select": lambda x: x.select(-1, -1)}
CHANGED = {"add": lambda x, w: x.add_(w.sum()), "times": lambda x, w: x.mul_(w.mean()), "zero": lambda x, w: x.zero_(),
           "fill": lambda x, w: x.fill_(5)}


@pytest.mark.oracle
@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=3), st.lists(st.sampled_from(sorted(TAKEN)), max_size=3),
       st.lists(st.sampled_from(sorted(CHANGED)), min_size=1, max_size=2))
def test_gradients_are_those_of_pytorch(shape, views, writes):
    torch = pytest.importorskip("torch")
    found = []
    for make in nb.tensor, torch.from_numpy:
        w = make(grid(*shape)).requires_grad_()
        x = part = w * 2
        for view in views:
            if part.ndim >= (2 if view in ("diagonal", "swapped", "moved") else 1) and 0 not in part.shape:
                part = TAKEN[view](part)
        for write in writes:
            part = CHANGED[write](part, w)
        ((x * x).sum() + part.sum() + w.sum()).backward()
        found.append((x.detach().numpy(), part.detach().numpy(), w.grad.numpy()))
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10)


# --- one by one ------------------------------------------------------------------------------------------------------

def test_weights_are_changed_through_parts():
    layer = nn.Linear(3, 8)
    with nb.no_grad():
        layer.weight[0].zero_()
        layer.bias[4:8].fill_(1.0)
        layer.bias.data[:2] = 7
    nn.init.constant_(layer.weight[1], 3)
    nn.init.zeros_(layer.weight.data.view(-1)[-3:])
    assert layer.weight[0].tolist() == [0, 0, 0]
    assert layer.weight[1].tolist() == [3, 3, 3]
    assert layer.weight[-1].tolist() == [0, 0, 0]
    assert layer.bias[4:].tolist() == [1] * 4
    assert layer.bias[:2].tolist() == [7, 7]
    assert layer.weight.requires_grad
    assert layer.weight.is_leaf


def test_gates_are_initialised_through_chunks():
    bias, weight = nn.Parameter(np.zeros(8, np.float32)), nn.Parameter(np.zeros((6, 2), np.float32))
    with nb.no_grad():
        for i, part in enumerate(bias.chunk(4)):
            part.fill_(i)
    for i, part in enumerate(weight.split(2)):
        nn.init.constant_(part, i)
    assert bias.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert weight[:, 0].tolist() == [0, 0, 1, 1, 2, 2]


def test_parts_side_by_side_are_changed_one_after_the_other():
    x = nb.tensor(grid(4, 3))
    for row in x:
        row /= row.sum()
    np.testing.assert_allclose(x.numpy(), grid(4, 3) / grid(4, 3).sum(1, keepdims=True))
    x = nb.tensor(grid(6))
    first, second = x.split(3)
    second.mul_(2).add_(1)
    first.sub_(1)
    second += 1
    assert x.tolist() == [0, 1, 2, 10, 12, 14]


def test_old_numbers_are_not_written():
    x = nb.tensor(grid(2, 3))
    row, view, same = x[0], x.view(-1), x.detach()
    x[1] = 0
    stale = (r"multiply: the tensor of shape \(2, 3\) has been written to since this part of it, of shape \(.*\), was "
             "taken, which holds old numbers; take the part again")
    for part in row, view, same:
        with pytest.raises(EvaluationError, match=stale):
            part.mul_(2)
    assert x.tolist() == [[1, 2, 3], [0, 0, 0]]
    assert view.tolist() == [1, 2, 3, 4, 5, 6]
    row.fill_(9)                                         # needs no old numbers
    assert x.tolist() == [[9, 9, 9], [0, 0, 0]]
    row.add_(1)
    assert x[0].tolist() == [10, 10, 10]
    same.uniform_(2, 2)
    assert x.tolist() == [[2, 2, 2], [2, 2, 2]]
    inner = x.view(3, 2)[1:]
    x += 1
    with pytest.raises(EvaluationError, match="take the part again"):
        inner.zero_()                                    # what is between holds old numbers
    first, overlapping = x[:, :2], x[:, 1:]
    first.add_(1)
    with pytest.raises(EvaluationError, match="take the part again"):
        overlapping.add_(1)


def test_every_in_place_form_reaches_the_tensor():
    x = nb.tensor(grid(3, 4))
    x.swapdims(0, 1)[1].masked_fill_(nb.tensor([True, False, True]), -1)
    x.moveaxis(0, 1)[2:].neg_()
    x.diagonal(1).clamp_(max=3)
    x.view(12)[:2].copy_(nb.tensor([7, 8]))
    assert x.tolist() == [[7, 8, -3, -4], [5, 6, -7, -8], [9, -1, -11, -12]]


def test_assigning_data_makes_a_tensor_of_its_own():
    x = nb.tensor(grid(3))
    part = x[:2]
    part.data = nb.tensor([5.0, 6.0], dtype="float64")
    part.add_(1)
    assert x.tolist() == [1, 2, 3]


def test_copies_are_no_parts():
    x = nb.tensor(grid(2, 2))
    for taken in (x[[0]], x[nb.tensor([0])], x[x > 0], x.clone(), x.flip(0), x.repeat(1, 1), x + 0, nb.tensor(x),
                  copy.deepcopy(x[0]), copy.copy(x[0]), pickle.loads(pickle.dumps(x.view(-1))), x.sort()[0],
                  nb.cat([x]), x.gather(0, x.long() * 0), nn.functional.pad(x, (0, 0)),
                  nn.functional.pixel_shuffle(x[None], 1), x.roll(0, 0), x.tile(1, 1), nb.stack([x])):
        taken.zero_()
    assert x.tolist() == [[1, 2], [3, 4]]


def test_what_repeats_numbers_is_refused():
    for taken in (nb.ones(1).expand(3), nb.ones(1).expand_as(nb.ones(3)), nb.ones(2).broadcast_to((2, 2))[0],
                  nb.ones(3, 1).expand(3, 2).T):
        with pytest.raises(EvaluationError, match=r"expand: a tensor that repeats numbers, .* clone\(\)"):
            taken.add_(1)
    x = nb.ones(3)
    x.expand(3).add_(1)
    x.expand(1, 3).add_(1)
    x.expand(2, 3).clone().add_(1)
    assert x.tolist() == [3, 3, 3]


def test_a_leaf_is_changed_without_gradients_only():
    w = nb.ones(2, 2, requires_grad=True)
    for taken in w[0], w.T, w.view(4)[1:], w.diagonal():
        with pytest.raises(GradientError, match=r"a tensor with requires_grad=True .*with numbacnn.no_grad"):
            taken.fill_(2)
    with pytest.raises(GradientError, match="add: a tensor with requires_grad=True"):
        w[0] += 1
    assert w.tolist() == [[1, 1], [1, 1]]
    w.detach()[0].fill_(2)
    w.data.T[1] = 3
    assert w.tolist() == [[2, 3], [1, 3]]


def test_a_part_keeps_nobody_alive():
    x = nb.tensor(grid(4))
    array, tensor = weakref.ref(x.array), weakref.ref(x)
    part = x.view(2, 2)
    row = part[0]
    del x
    gc.collect()
    assert tensor() is None
    assert array() is None
    row.add_(1)
    assert part.tolist() == [[2, 3], [3, 4]]
    kept = weakref.ref(part.array)
    column = part[:, 0]
    del part, row
    assert kept() is None
    assert column.tolist() == [2, 3]


@pytest.mark.parametrize("again", [lambda x: x.detach(), lambda x: x.T, lambda x: x.view(2, 2), lambda x: x[:].T[...]])
def test_what_is_taken_again_and_again_keeps_nothing(again):
    x, arrays = nb.ones(2, 2), []
    for _ in range(5):
        x = again(x)
        x += 1
        nb.evaluate(x)
        arrays.append(weakref.ref(x.array))
    gc.collect()
    assert x.tolist() == [[6, 6], [6, 6]]
    assert sum(array() is not None for array in arrays) <= 2


def test_augmented_assignment_writes_once():
    x = nb.tensor(grid(3, 2))
    nb.evaluate()
    x[0] += 1
    assert [call[0] for call in graph.thread.recording.program].count("replace") == (0 if graph.thread.eager else 1)
    x[:, 1] *= 2
    x[1:][0] -= 1
    x.T[0] /= 2
    assert x.tolist() == [[1, 6], [1, 7], [2.5, 12]]
    w = nb.ones(2, dtype="float64", requires_grad=True)
    y = w * 3
    y[0] *= w[1]
    (y * y).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [18, 36])
    value = x[0].requires_grad_()
    x[0] = value                                         # the same numbers, but where their gradient goes
    assert x.requires_grad


# --- with what else changes tensors -----------------------------------------------------------------------------------

def test_a_failing_evaluation_leaves_the_tensor():
    x = nb.ones(2, 3)
    row = x[0]
    row.add_(nb.ones(3)[nb.tensor([0, 1, 7])])
    with pytest.raises(IndexError):
        x.numpy()
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_optimisers_train_through_what_detach_gave():
    x = nb.tensor([1.0, 2.0])
    p = x.detach().requires_grad_()
    optimizer = optim.SGD([p], lr=1.0)
    (p * 2).sum().backward()
    optimizer.step()
    assert p.tolist() == [-1, 0]
    assert x.tolist() == [-1, 0]


def test_gradients_may_be_parts():
    layer, flat = nn.Linear(2, 1, bias=False), nb.tensor([3.0, 4.0, 9.0])
    layer.weight.grad = flat[:2].view(1, 2)
    nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    np.testing.assert_allclose(flat.numpy(), [0.6, 0.8, 9.0], rtol=1e-5)
    layer.zero_grad(set_to_none=False)
    assert flat.tolist() == [0, 0, 9]


def test_parts_in_captured_functions():
    def run(captured):
        model = nn.Linear(3, 2)
        nn.init.constant_(model.weight, 0.5)
        nn.init.zeros_(model.bias)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

        def step(x):
            optimizer.zero_grad()
            y = model(x)
            y[:, 0].mul_(2)
            loss = (y * y).sum()
            loss.backward()
            optimizer.step()
            with nb.no_grad():
                model.weight[0].clamp_(max=0.4)
                model.weight.view(-1)[-1:].zero_()
            return loss

        function = nb.capture(step, model, optimizer) if captured else step
        return [function(nb.ones(2, 3)).item() for _ in range(4)], model.weight.numpy()

    for mine, other in zip(run(True), run(False), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_part_is_old_after_a_replay():
    p = nn.Parameter(np.zeros(2))
    optimizer = optim.SGD([p], lr=1.0)
    step = descending(p, optimizer)

    step, x = nb.capture(step, p, optimizer), nb.tensor([1.0, 2.0], dtype="float64")
    step(x)
    with nb.no_grad():
        part, array = p[:1], weakref.ref(p.array)
    nb.evaluate(part)
    step(x)
    assert array() is p.array                            # updated in place
    with pytest.raises(EvaluationError, match="take the part again"):
        part.mul_(10)
    assert p.tolist() == [-2, -4]
    p.detach()[:1].mul_(10)
    assert p.tolist() == [-20, -4]


def test_a_captured_function_that_changes_others_through_parts_is_refused():
    other, part = nb.ones(2), nb.ones(3)[:1]

    def change(x):
        other[:1].copy_(x)
        return x * 1

    step = nb.capture(change)
    with pytest.raises(EvaluationError, match=r"replaces a tensor of shape \(2,\) that is not in its state"):
        step(nb.zeros(1))
    with pytest.raises(EvaluationError, match=r"replaces a tensor of shape \(2,\) that is not in its state"):
        nb.capture(lambda x: other.detach().copy_(x * 2) * 1)(nb.zeros(2))
    assert other.tolist() == [1, 1]
    step = nb.capture(change, other)
    step(nb.zeros(1))
    assert other.tolist() == [0, 1]
    assert part.tolist() == [1]
