"""Choosing among GPUs that are not there: where tensors, modules and optimisers are, and what programs ask."""
import textwrap

import numpy as np
import pytest
import simulated
from fake_driver import Fake
from numbacnn_cuda import driver
from numbacnn_cuda.runtime import replace
from processes import python

import numbacnn as nb
from numbacnn import cli, nn
from numbacnn.errors import BackendError, DeviceError


def home(fake, x):
    """Number of the GPU on which a tensor's memory is."""
    return fake.homes[x.array.computed().address][1]


@pytest.fixture
def default():
    yield
    nb.set_default_device(None)


def test_tensors_know_their_device(gpus):
    fake = gpus(devices=2)
    values = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    x = nb.tensor(values, device="cpu")
    assert (x.is_cuda, x.cuda().is_cuda) == (False, True)
    first, second = x.to("cuda"), x.to("cuda:1")
    for y, index in (first, 0), (x.cuda(), 0), (x.cuda(0), 0), (x.to(nb.device("cuda:0")), 0), (second, 1), (
            x.cuda(1), 1), (x.cuda("cuda:1"), 1), (x.cuda(nb.device("cuda:1")), 1), (first.to(second), 1), (
            first.cuda(1), 1), (second.cuda(), 0), (first.to("cuda:1").to("cuda:1"), 1):
        assert (y.device, home(fake, y)) == (nb.device(f"cuda:{index}"), index)
        np.testing.assert_array_equal(y.numpy(), values)
        np.testing.assert_array_equal(y.cpu().numpy(), values)
        assert str(y.cpu().device) == "cpu"
    assert second.to("cuda:1") is second and second.cuda(1) is second and x.cpu() is x
    assert "device='cuda:1'" in repr(second) and "device='cuda')" in repr(first)


def test_where_tensors_are_born(gpus, default):
    fake = gpus(devices=2)
    nb.set_default_device("cuda:1")
    like = nb.tensor([1.0, 2.0], device="cuda:0")
    for made, index in (
            (nb.zeros(2), 1), (nb.tensor([1]), 1), (nb.ones(2, device="cuda"), 0),
            (nb.full((2,), 3, device="cuda:1"), 1),
            (nb.arange(3, device="cuda:0"), 0), (nb.eye(2, device="cuda:1"), 1),
            (nb.linspace(0, 1, 3, device="cuda:0"), 0),
            (nb.zeros_like(like), 0), (nb.ones_like(like, device="cuda:1"), 1), (like.new_zeros(3), 0),
            (like.new_tensor([1.0], device="cuda:1"), 1), (nb.as_tensor(like, device="cuda:1"), 1),
            (nn.Linear(2, 3, device="cuda:0").weight, 0), (nn.Conv2d(1, 1, 3).weight, 1),
            (nn.BatchNorm2d(2, device="cuda:0").running_mean, 0), (nb.from_numpy(np.ones(2)), 1)):
        assert (made.device.index, home(fake, made)) == (index, index)
    assert nb.cuda.current_device() == 1


@simulated.only
def test_what_is_computed_stays_where_it_is(gpus):
    fake = gpus(devices=2)
    for place in "cuda:1", "cuda:0", "cuda:1":
        for made in nb.rand(5, device=place), nb.randn(5, device=place), nb.randint(0, 5, (5,), device=place):
            assert home(fake, made) == made.device.index == nb.device(place).index
        x = nb.arange(6.0, device=place).reshape(2, 3)
        y = nn.functional.relu(x - 2) @ nb.ones(3, 1, device=place)
        np.testing.assert_array_equal(y.numpy(), [[0], [6]])
        assert home(fake, y) == y.device.index


@simulated.only
def test_the_same_numbers_on_every_device(gpus):
    gpus(devices=2)
    found = []
    for place in "cuda:0", "cuda:1":
        nb.manual_seed(3)
        x = nb.rand(4, 5, device=place, requires_grad=True)
        y = nn.functional.dropout(x, 0.5)
        y.sum().backward()
        assert str(x.grad.device) == str(nb.device(place))
        found.append((y.numpy(), x.grad.numpy()))
    np.testing.assert_array_equal(found[0], found[1])


def test_devices_are_not_mixed(gpus):
    gpus(devices=2)
    a, b, c = nb.ones(2, device="cuda:0"), nb.ones(2, device="cuda:1"), nb.ones(2, device="cpu")
    for one, other, text in (a, b, "got cuda and cuda:1"), (b, a, "got cuda:1 and cuda"), (c, b, "got cpu and cuda:1"):
        with pytest.raises(DeviceError, match=f"add: all tensors must be on one device, {text}; move one with .to"):
            one + other
    with pytest.raises(DeviceError, match="all tensors must be on one device"):
        nn.Linear(2, 3, device="cuda:0")(nb.ones(1, 2, device="cuda:1"))
    with pytest.raises(DeviceError, match="grad: must be on cuda:1 as its tensor, got cuda"):
        b.grad = a
    with pytest.raises(DeviceError, match="data: must be on cuda:1 as its tensor, got cuda"):
        b.data = a
    with pytest.raises(TypeError, match="parameters of a group must have one dtype and device"):
        nb.optim.SGD([nn.Parameter(a), nn.Parameter(b)])


@pytest.mark.parametrize(("wrong", "error", "text"), [
    (lambda x: x.cuda(2), DeviceError, r"device: cuda:2 does not exist: cuda has 2 device\(s\) on this machine"),
    (lambda x: x.to("cuda:7"), DeviceError, "device: cuda:7 does not exist"),
    (lambda x: x.cuda("cpu"), DeviceError, "cuda: device must be one of cuda, such as 'cuda:1' or 1, got 'cpu'"),
    (lambda x: x.cuda(-1), DeviceError, "device: name must look like 'cuda:1', got 'cuda:-1'"),
    (lambda x: x.cuda(1.5), DeviceError, "device: name must be a string such as 'cpu' or 'cuda:1', got 1.5"),
    (lambda x: nn.Linear(1, 1).cuda(2), DeviceError, "device: cuda:2 does not exist"),
    (lambda x: nn.Linear(1, 1).cuda("cpu"), DeviceError, "cuda: device must be one of cuda"),
    (lambda x: nb.zeros(1, device="cuda:2"), DeviceError, "device: cuda:2 does not exist"),
    (lambda x: nb.cuda.synchronize("cpu"), DeviceError, "synchronize: device must be one of cuda"),
    (lambda x: nb.cuda.get_device_name(2), DeviceError, "device: cuda:2 does not exist")])
def test_devices_that_do_not_exist(gpus, wrong, error, text):
    gpus(devices=2)
    with pytest.raises(error, match=text):
        wrong(nb.zeros(1, device="cpu"))


def test_modules_move(gpus):
    fake = gpus(devices=2)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, device="cpu"), nn.BatchNorm2d(2, device="cpu"))
    before = {name: value.numpy() for name, value in model.state_dict().items()}
    parameters = [*model.parameters()]
    for move, place in (model.cuda, "cuda"), (lambda: model.to("cuda:1"), "cuda:1"), (lambda: model.cuda(0), "cuda"), (
            lambda: model.cuda("cuda:1"), "cuda:1"), (model.cpu, "cpu"), (
            lambda: model.to(nb.zeros(1, device="cuda:1")), "cuda:1"):
        assert move() is model
        for name, value in model.state_dict().items():
            assert str(value.device) == place
            np.testing.assert_array_equal(value.numpy(), before[name])
            assert place == "cpu" or home(fake, value) == nb.device(place).index
        assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))


@simulated.only
@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_optimisers_follow_their_parameters(gpus, kind, captured):
    """What is trained here, there and here again is what was never moved."""
    gpus(devices=2)
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((4, 1, 4, 4)).astype(np.float32), rng.integers(0, 3, 4)
    found = []
    for places in ["cuda:0"] * 4, ["cuda:1", "cuda:0", "cuda:0", "cuda:1"]:
        nb.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 2, 3, device="cpu"), nn.Flatten(), nn.Linear(8, 3, device="cpu"))
        options = {"momentum": 0.9} if kind == "SGD" else {}
        optimizer = getattr(nb.optim, kind)(model.parameters(), lr=0.1, **options)

        def step(x, targets, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), targets)
            loss.backward()
            optimizer.step()
            return loss

        run = nb.capture(step, model, optimizer) if captured else step
        for number, place in enumerate(places):
            model.to(place)
            loss = run(nb.tensor(images, device=place), nb.tensor(labels, device=place))
            if number == 2:
                optimizer.param_groups[0]["lr"] = 0.05
        assert str(loss.device) == str(nb.device(places[-1]))
        state = optimizer.state_dict()["state"]
        found.append([loss.numpy(), *[p.numpy() for p in model.parameters()],
                      *[np.asarray(value) for each in state.values() for value in each.values()]])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@simulated.only
def test_gradients_cross_devices(gpus):
    gpus(devices=2)
    x = nb.ones(3, device="cuda:0", requires_grad=True)
    y = (x * 2).to("cuda:1")
    (y * y).sum().backward()
    assert str(x.grad.device) == "cuda"
    assert x.grad.tolist() == [8, 8, 8]


@simulated.only
def test_parts_of_a_network_on_two_devices(gpus):
    """Each forward and backward is computed where its part is; nothing moves but what the program moves."""
    gpus(devices=2)
    first, second = nn.Linear(3, 4, device="cuda:0"), nn.Linear(4, 2, device="cuda:1")
    optimizers = [nb.optim.SGD(each.parameters(), lr=0.1) for each in (first, second)]
    before = [p.numpy() for each in (first, second) for p in each.parameters()]
    second(first(nb.ones(5, 3, device="cuda:0")).relu().to("cuda:1")).sum().backward()
    for optimizer in optimizers:
        optimizer.step()
    after = [p for each in (first, second) for p in each.parameters()]
    assert [str(p.device) for p in after] == ["cuda", "cuda", "cuda:1", "cuda:1"]
    assert all((p.numpy() != old).any() for p, old in zip(after[2:], before[2:], strict=True))


def test_a_pool_for_each_device(gpus):
    fake = gpus(devices=2)
    for _ in range(3):
        for place in "cuda:0", "cuda:1":
            x = nb.zeros(1000, device=place)
            assert home(fake, x) == x.device.index
            del x


# --- what programs ask ----------------------------------------------------------------------------------------------

def test_what_is_known_of_gpus(gpus):
    gpus(devices=2, capability=(8, 9))
    assert nb.cuda.is_available() and nb.cuda.device_count() == 2
    for device in None, 0, 1, "cuda:1", nb.device("cuda"):
        assert nb.cuda.get_device_name(device) == "Fake GPU"
        assert nb.cuda.get_device_capability(device) == (8, 9)
    nb.cuda.synchronize()
    nb.cuda.synchronize(1)


def test_memory_is_counted(gpus):
    gpus(devices=2)
    cuda = nb.cuda
    assert cuda.memory_reserved() == cuda.max_memory_reserved() == 0
    x = nb.zeros(1 << 18, device="cuda")
    free, total = cuda.mem_get_info()
    assert cuda.memory_reserved() == 1 << 20 and free <= total - (1 << 20)
    assert cuda.memory_reserved(1) == 0
    del x
    assert cuda.memory_reserved() == 1 << 20             # kept, to be used again
    cuda.empty_cache()
    assert (cuda.memory_reserved(), cuda.max_memory_reserved()) == (0, 1 << 20)
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_reserved() == 0
    assert cuda.mem_get_info()[0] == free + (1 << 20)


def test_one_seed_for_all_devices():
    nb.cuda.manual_seed_all(5)
    first = nb.get_rng_state()
    nb.manual_seed(5)
    assert first == nb.get_rng_state()


def test_info_tells_of_gpus(gpus, capsys):
    gpus(devices=2)
    assert cli.main(["info"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "GPU 1 Fake GPU, compute capability 9.0, 1.0 GiB" in lines
    assert "driver for CUDA 13.0" in lines
    about = lines[lines.index("backend cuda"):]
    assert about[1] == "devices 2"
    assert any(line.startswith("cache ") for line in about) and any(line.startswith("numba-cuda 0") for line in about)


def test_info_tells_why_there_is_no_gpu(monkeypatch, capsys):
    class Nothing:
        driver, count = driver.Driver(Fake()), property(lambda self: driver.Runtime(driver.Driver(Fake(devices=0))))

    replace(Nothing())
    try:
        assert cli.main(["info"]) == 0
        assert not nb.cuda.is_available()
    finally:
        replace(None)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("cannot be used BackendError: cuda: there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES")
               for line in lines)
    assert any(line.startswith("numba-cuda ") for line in lines)


@simulated.only
def test_the_simulator_has_no_memory_of_its_own():
    assert nb.cuda.get_device_name() == "simulator"
    with pytest.raises(BackendError, match="the simulator computes in the memory of this process"):
        nb.cuda.mem_get_info()


@pytest.mark.skipif(simulated.SIMULATED, reason="the simulator needs no driver")
def test_without_a_driver_there_is_a_sentence_soon():
    pytest.importorskip("numba_cuda")
    text = """
        import time, numbacnn, numbacnn.errors
        begin = time.perf_counter()
        try:
            numbacnn.zeros(1)
        except numbacnn.errors.BackendError as error:
            print(error, numbacnn.cuda.is_available(), time.perf_counter() - begin < 2)
        else:
            print("a GPU")
    """
    said = python(textwrap.dedent(text), NUMBACNN_BACKEND="cuda")
    if said == "a GPU":
        pytest.skip("there is a GPU")
    assert said.startswith("cuda: there is no NVIDIA") and said.endswith("False True")


def test_numbers_go_from_gpu_to_gpu_directly_and_in_order(gpus):
    """The copy waits for what made them; what is run there next, which may use the memory again, waits for the copy."""
    fake = gpus(devices=2)
    values = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    x = nb.tensor(values, device="cuda:0")
    first, second = fake.runtime.device(0), fake.runtime.device(1)
    read, fake.cuMemcpyDtoHAsync = fake.cuMemcpyDtoHAsync, None
    fake.log.clear()
    y = x.to("cuda:1")
    log, fake.cuMemcpyDtoHAsync = list(fake.log), read
    (place,) = [n for n, (what, *_) in enumerate(log) if what == "peer"]
    assert log[place][3] == second.compute
    made = [n for n, event in enumerate(log[:place]) if event[0] == "record" and event[2] == first.compute]
    assert any(("wait", second.compute, log[n][1]) in log[n:place] for n in made)
    copied = [n for n, event in enumerate(log) if n > place and event[0] == "record" and event[2] == second.compute]
    assert any(("wait", first.compute, log[n][1]) in log[n:] for n in copied)
    np.testing.assert_array_equal(y.numpy(), values)
    assert home(fake, y) == 1


@simulated.only
def test_the_device_of_other_libraries_stays_current(gpus):
    fake = gpus(devices=3)
    for current in None, ("context", 0), ("context", 2):
        fake.current = current
        x = nb.ones(3, device="cuda:1") * 2
        assert x.to("cuda:0").tolist() == [2.0] * 3
        nb.cuda.synchronize("cuda:1")
        nb.cuda.mem_get_info("cuda:1")
        assert fake.current == current
