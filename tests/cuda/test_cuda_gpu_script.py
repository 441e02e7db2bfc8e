"""tests/gpu/run.py without a GPU: what it says, and its parts on tiny shapes, simulated and with a fake driver."""
import contextlib
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import simulated
from gpu import bits, clock, exercise, report, results, sanitizer, simulator, surroundings, table

import numbacnn

SCRIPT = Path(__file__).parents[1] / "gpu" / "run.py"
without_gpu = pytest.mark.skipif(surroundings.missing() is None, reason="there is a GPU")


def run(*arguments, seconds):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=seconds)


@without_gpu
def test_without_a_gpu_it_says_what_it_needs(tmp_path):
    begin = time.monotonic()
    done = run("--out", tmp_path / "results", seconds=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tests/gpu/run.py tests and measures numbacnn on a GPU: it needs an NVIDIA GPU with")
    assert time.monotonic() - begin < 10
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_a_rehearsal_reaches_every_step(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("greenlet")
    done = run("--out", tmp_path, "--rehearse", "--seconds", 400, seconds=420)
    assert done.returncode == 0, done.stderr
    found = results.read(tmp_path / "results.jsonl")
    assert [each for each in found if "error" in each] == []
    assert [each for each in found if each["kind"] == "job" and each["status"]] == []
    assert {each["step"] for each in found} >= {
        "versions", "ops", "simulator", "bits", "sanitizer", "memory", "layers", "steps", "profile"}
    assert all(each["right"] for each in results.read(tmp_path / "results.jsonl", "layers", "layer"))
    assert all(each["equal_bits"] for each in results.read(tmp_path / "results.jsonl", "bits", "training"))
    text = (tmp_path / "table.txt").read_text()
    assert "NOT DONE" not in text
    assert "one kernel: right" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt", "results.jsonl", "table.txt"]


def test_backends_are_found_without_pip(tmp_path):
    surroundings.announce(tmp_path)
    done = subprocess.run([sys.executable, "-S", "-c", "from numbacnn.backend import _entry_points as points\n"
                           "assert sorted(points()) == ['cpu', 'cuda'], points()"], check=False, capture_output=True,
                          text=True, cwd=tmp_path, env={
                              **surroundings.environment(tmp_path),
                              "PYTHONPATH": ":".join([*surroundings.environment(tmp_path)["PYTHONPATH"].split(":"),
                                                      str(Path(np.__file__).parents[1])])})
    assert done.returncode == 0, done.stderr


def test_results_outlive_what_is_cut_off(tmp_path):
    found = results.Results(tmp_path / "r", "ops")
    found.add("tests", passed=3, share=1 / 3, wrong=float("nan"))
    with open(found.path, "a") as file:
        file.write('{"step": "op')
    assert results.read(found.path) == [
        {"step": "ops", "kind": "tests", "passed": 3, "share": 0.333333, "wrong": "nan"}]
    assert results.read(found.path, "ops", "failure") == []


def test_a_table_of_errors_is_a_table(tmp_path):
    found = results.Results(tmp_path / "r", "memory")
    found.add("kernel", name="relu", error="what went wrong")
    found.step = "layers"
    found.add("layer", layer="a", which="forward", precision="tf32", batch=2, error="no")
    found.add("job", module="layers", arguments=["--x"], status="ended after 5 s")
    text = table.text(found.path)
    assert "relu                                 ERROR what went wrong" in text
    assert "NOT DONE: layers --x: ended after 5 s" in text


@pytest.mark.parametrize(("device", "other", "units"), [
    ([1.0, 2.0], [1.0, 2.0], (0, 0)),
    ([1.0, 2.0], [1.0, np.nextafter(np.float32(2), np.float32(3))], (1, 1)),
    ([1e-6, 2.0], [np.nextafter(np.float32(1e-6), np.float32(1)), 2.0], (1, 0)),
    ([np.nan, np.inf], [np.nan, np.inf], (0, 0)), ([np.nan], [1.0], (np.inf, np.inf)),
    ([np.inf], [-np.inf], (np.inf, np.inf)), ([1.0], [1.0, 2.0], (np.inf, np.inf)), ([-0.0], [0.0], (0, 0))])
def test_differences_in_units_of_the_last_place(device, other, units):
    found = simulator.difference(np.array(device, "float32"), np.array(other, "float32"))
    assert found == pytest.approx(units, abs=1e-3)


def test_whole_numbers_must_be_equal():
    assert simulator.difference(np.array([1, 2]), np.array([1, 2])) == (0, 0)
    assert simulator.difference(np.array([1, 2]), np.array([1, 3])) == (np.inf, np.inf)


def test_what_the_sanitizer_says_is_understood():
    text = "========= Invalid __global__ read\ndone\n========= ERROR SUMMARY: 3 errors\n"
    assert sanitizer.found(9, text) == {"status": 9, "errors": 3, "ended": True, "end": text,
                                        "report": [text.splitlines()[0], text.splitlines()[2]]}
    races = "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)"
    assert sanitizer.found(0, races)["errors"] == 0
    assert sanitizer.found(1, "")["errors"] is None


def test_a_broken_context_ends_its_process(monkeypatch, tmp_path):
    monkeypatch.setenv("GPU_RESULTS", str(tmp_path / "r"))
    ended = []
    monkeypatch.setattr(report.os, "_exit", ended.append)
    plugin = report.Report(SimpleNamespace(workerinput={}))
    for text in "AssertionError", "cuda: cuGraphLaunch failed with CUDA_ERROR_ILLEGAL_ADDRESS":
        plugin.pytest_runtest_logreport(SimpleNamespace(failed=True, longreprtext=text, nodeid="test", when="call"))
        plugin.pytest_runtest_logfinish("test")
    assert ended == [1]


def test_turns_and_ratios():
    times = clock.turns({"slow": (clock.Wall(), lambda: time.sleep(2e-3)), "fast": (clock.Wall(), lambda: None)},
                        rounds=3, seconds=1e-3)
    assert {name: len(found) for name, found in times.items()} == {"slow": 3, "fast": 3}
    assert clock.ratio(times, "fast", "slow") > 2


def test_bits_are_compared():
    assert bits.parts(([np.ones(3)], [np.array([1, 1, 1.5])])) == 0.5


class Events:
    """PyTorch's events, graphs and streams on a device that is not there."""

    def __init__(self):
        self.captured = 0

    def is_available(self):
        return True

    def synchronize(self):
        pass

    def Event(self, enable_timing):
        return SimpleNamespace(record=lambda: None, synchronize=lambda: None, elapsed_time=lambda end: 2.0)

    def CUDAGraph(self):
        return SimpleNamespace(replay=lambda: "replayed")

    @contextlib.contextmanager
    def graph(self, graph):
        self.captured += 1
        yield

    stream = graph

    def Stream(self):
        return SimpleNamespace(wait_stream=lambda other: None)

    current_stream = Stream


def test_the_other_side_is_timed_by_its_events():
    torch = SimpleNamespace(cuda=Events())
    runs = []
    assert clock.theirs(torch).span(lambda: runs.append(1), 5) == 2e-3
    assert len(runs) == 5


def test_the_other_side_runs_as_graphs(monkeypatch):
    torch = pytest.importorskip("torch")
    from gpu import layers, networks

    events, runs = Events(), []
    monkeypatch.setattr(torch, "cuda", events)
    assert layers.graph_of(lambda: runs.append(1), 1)() == "replayed"
    assert networks.graphed(lambda: runs.append(1) or len(runs))() == 5          # three before, one captured
    assert (len(runs), events.captured) == (5, 3)        # two graphs, one stream


@simulated.only
def test_the_program_for_the_sanitizer():
    exercise.train(rehearse=True)
    for row in exercise.TINY:
        assert all(np.isfinite(each).all() for each in exercise.convolve(*row, batch=1))


@pytest.mark.skipif(simulated.SIMULATED, reason="reads where no memory is, if kernels compute")
def test_the_planted_error_is_started(gpus):
    fake = gpus()
    exercise.planted()
    (_, grid, *_), = fake.started
    assert grid[0] > 0


@simulated.only
def test_kernels_are_timed_by_events_of_the_driver(gpus):
    from gpu import plans

    fake = gpus()
    x = numbacnn.tensor(np.ones((2, 3, 4, 5), np.float32), device="cuda")
    lines = plans.timed(lambda: numbacnn.relu(x).sum())
    assert [line.op for line in lines] == ["relu", "sum"]
    assert [line.seconds for line in lines] == [0.5e-3 / 2] * 2                  # two in one graph, half a millisecond
    assert fake.graphs or fake.started


@simulated.only
def test_numbers_go_to_pytorch_and_back(gpus):
    torch = pytest.importorskip("torch")
    from gpu import plans

    gpus()
    numbacnn.set_default_device("cuda")
    try:
        for shape in (2, 3, 4, 5), (7,), (3, 4):
            given = torch.randn(shape)
            found = plans.tensor_of(given, torch)
            np.testing.assert_array_equal(found.numpy(), given.numpy())
            assert torch.equal(plans.peer_of(found, torch), given)
    finally:
        numbacnn.set_default_device(None)


@simulated.only
def test_layers_agree_and_are_timed_with_a_driver(gpus):
    pytest.importorskip("torch")
    from gpu import layers

    gpus()
    numbacnn.set_default_device("cuda")
    try:
        for which in layers.PASSES:
            found = layers.compare(layers.TINY[1], 1, which, layers.PRECISIONS["float32"])
            assert found["right"]
            assert found["plans"] == 1
    finally:
        numbacnn.set_default_device(None)
        numbacnn.set_precision("default")


@simulated.only
@pytest.mark.parametrize("name", ["relu backward", "batch norm backward", "max pool 2x2 forward", "Adam",
                                  "cross entropy backward", "sum of each channel"])
def test_memory_bound_kernels_are_all_there_is(name):
    from gpu import memory, plans

    function, nbytes = memory.cases(memory.TINY_IMAGES, memory.TINY_SCORES, memory.TINY_SIZES)[name]()
    lines = plans.timed(function)
    assert nbytes > 0
    assert lines
    assert not any("random" in line.op for line in lines)
