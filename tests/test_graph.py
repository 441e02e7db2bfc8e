"""Recording and evaluation: what is computed, when, and what survives."""
import gc
import threading
import tracemalloc

import numpy as np
import pytest
from models import SimpleCNN, batch, randomise, train

import numbacnn as nb
from numbacnn import graph, nn, ops, optim
from numbacnn.errors import EvaluationError
from numbacnn.graph import Array, thread


def test_nothing_is_computed_before_it_is_needed():
    x = nb.ones(3)
    y = x + x
    assert y.array.storage is None
    assert y.tolist() == [2.0, 2.0, 2.0]
    assert y.array.storage is not None


def test_what_nobody_refers_to_is_not_computed():
    x = nb.ones(3)
    kept, dropped = x * 2, x * 3
    del dropped
    explanation = nb.explain(lambda: None)
    assert not explanation.plans                         # explain evaluates what was recorded before
    assert kept.tolist() == [2.0] * 3
    lines = nb.explain(lambda: (x * 2, (x * 3).shape)[0]).plans[0]
    assert [line.op for line in lines] == ["multiply"]


def test_a_tensor_copies_the_array_it_is_made_of():
    values = np.ones(3, np.float32)
    x = nb.tensor(values)
    y = x + 1
    values[:] = 9
    assert y.tolist() == [2.0] * 3
    y.numpy()[:] = 7
    assert y.tolist() == [2.0] * 3


def test_arrays_the_user_holds_survive_updates_in_place():
    model = randomise(SimpleCNN("float64"))
    optimizer, criterion = optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    x, y = (nb.tensor(a) for a in batch(dtype="float64"))
    held = []
    for _ in range(3):
        parameter = model.fc1.weight.detach()
        pending = model.fc1.weight.view(-1)
        value = parameter.numpy()
        optimizer.zero_grad()
        output = model(x)
        loss = criterion(output, y)
        loss.backward()
        optimizer.step()
        held.append((parameter, value))
        held.append((pending, value.reshape(-1)))
        held.append((output, output.numpy()))
        held.append((model.fc1.weight.grad, model.fc1.weight.grad.numpy()))
    for tensor, value in held:
        np.testing.assert_array_equal(tensor.numpy(), value)


@pytest.mark.parametrize("make", [optim.Adam, optim.AdamW, optim.SGD, lambda p: optim.SGD(p, momentum=0.9)])
def test_parameters_and_state_are_updated_in_place(make):
    model = randomise(SimpleCNN())
    optimizer = make(model.parameters())
    x, y = (nb.tensor(a) for a in batch())
    tensors = [*model.parameters(), *optimizer.state_tensors()]
    addresses = set()
    for _ in range(3):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(x), y).backward()
        optimizer.step()
        addresses.add(tuple(t.array.storage.address for t in tensors))
    assert len(addresses) == 1


def test_memory_addresses_repeat():
    model = randomise(SimpleCNN())
    optimizer, criterion = optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    seen = set()
    for step in range(40):
        x, y = (nb.tensor(a) for a in batch(seed=step))
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        seen.add((x.array.storage.address, y.array.storage.address, loss.array.storage.address,
                  *[p.grad.array.storage.address for p in model.parameters()]))
    assert len(seen) <= 8


def test_a_sum_over_steps_does_not_grow():
    model = randomise(SimpleCNN())
    optimizer, criterion = optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    x, y = (nb.tensor(a) for a in batch(2))
    sizes, total = [], 0.0
    tracemalloc.start()
    for step in range(120):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total = total + loss.detach()
        if step % 40 == 39:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[2] - sizes[1] < 20_000, sizes           # a graph per step would be 100 kB


def test_no_reference_cycles():
    model = randomise(SimpleCNN())
    x, _ = batch(2)
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            model(nb.tensor(x)).numpy()
        before = len(gc.get_objects())
        for _ in range(20):
            model(nb.tensor(x)).numpy()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_a_smaller_last_batch_makes_one_more_plan_only_once():
    model = randomise(SimpleCNN())
    optimizer, criterion = optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    thread.plans.clear()
    counts = []
    for _ in range(3):
        for n in (8, 8, 3):
            x, y = batch(n)
            optimizer.zero_grad()
            loss = criterion(model(nb.tensor(x)), nb.tensor(y))
            loss.backward()
            optimizer.step()
        counts.append(len(thread.plans))
    assert counts[1] == counts[2]


def test_plans_are_forgotten_when_there_are_many(monkeypatch):
    monkeypatch.setattr(graph, "MAX_PLANS", 4)
    thread.plans.clear()
    for n in range(1, 12):
        (nb.ones(n) + 1).numpy()
    assert len(thread.plans) == 4


def test_a_recording_that_grows_without_end_evaluates_itself(monkeypatch):
    monkeypatch.setattr(graph, "MAX_ARRAYS", 100)
    x = nb.zeros(2)
    for _ in range(500):
        x = x + 1
    assert len(thread.recording.arrays) <= 101
    assert x.tolist() == [500.0, 500.0]


def test_a_recording_that_holds_much_memory_evaluates_itself(monkeypatch):
    monkeypatch.setattr(graph, "MAX_BYTES", 1 << 20)
    thread.recording = graph.Recording()
    outputs = [nb.ones(50_000).sum() for _ in range(60)]           # 200 kB each, which only the recording holds
    assert sum(y.array.storage is None for y in outputs) <= 8
    assert all(y.item() == 50_000 for y in outputs)


def test_a_large_model_is_not_cut_in_pieces(monkeypatch):
    monkeypatch.setattr(graph, "MAX_BYTES", 1 << 16)
    thread.recording = graph.Recording()
    weights = [nb.ones(100, 100) for _ in range(6)]                # alive: the recording does not keep them
    y = nb.ones(1, 100)
    for w in weights:
        y = ops.linear(y, w)
    assert y.array.storage is None


def test_threads_draw_their_own_numbers():
    masks = []

    def draw():
        masks.append(nn.functional.dropout(nb.ones(50), 0.5).tolist())
        nn.functional.dropout(nb.ones(50), 0.5)          # recorded, and never evaluated

    for _ in range(2):
        other = threading.Thread(target=draw)
        other.start()
        other.join()
    draw()
    draw()
    assert len({tuple(mask) for mask in masks}) == 4


def test_two_threads_train_two_models():
    def work(index, results):
        model = randomise(SimpleCNN("float64"), index)
        results[index] = train(model, steps=4, dtype="float64")[0]

    alone, together = {}, {}
    for index in (0, 1):
        work(index, alone)
    threads = [threading.Thread(target=work, args=(index, together)) for index in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert alone == together                              # the same bits


def test_a_pending_tensor_of_another_thread_is_refused():
    made = []
    other = threading.Thread(target=lambda: made.append(nb.ones(2) + nb.ones(2)))
    other.start()
    other.join()
    with pytest.raises(EvaluationError, match="another thread"):
        made[0].numpy()
    with pytest.raises(EvaluationError, match="another thread"):
        (made[0] + 1).numpy()


def test_memory_that_another_thread_recorded_is_not_overwritten():
    """A thread rebinds and updates a parameter while another has recorded, but not run, a call on it."""
    model = nn.Linear(4, 2)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    expected = model.weight.numpy().sum()
    recorded, updated, result = threading.Event(), threading.Event(), []

    def read():
        pending = model.weight.detach().sum()
        recorded.set()
        updated.wait()
        result.append(pending.item())

    other = threading.Thread(target=read)
    other.start()
    recorded.wait()
    model(nb.ones(3, 4)).sum().backward()
    optimizer.step()
    updated.set()
    other.join()
    assert model.weight.numpy().sum() != expected
    np.testing.assert_allclose(result[0], expected, rtol=1e-6, atol=1e-6)


def test_array_of_size_zero():
    x = nb.zeros(0, 3)
    assert (x + 1).shape == (0, 3)
    assert (x + 1).numpy().shape == (0, 3)
    assert Array.of(np.zeros((0, 2))).numpy().shape == (0, 2)
