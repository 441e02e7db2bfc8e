"""How much is recorded and kept follows from the memory of the GPU."""
import numbacnn as nb
from numbacnn import graph, memory


def test_a_large_gpu_takes_large_recordings(gpus, monkeypatch):
    """What evaluates itself on a CPU stays one plan."""
    monkeypatch.setattr(graph, "MAX_BYTES", 1 << 20)
    for total, pending in (16 << 20, False), (1 << 30, True):
        gpus(memory=total)
        graph.thread.recording = graph.Recording()
        outputs = [nb.ones(50_000, device="cuda").sum() for _ in range(40)]      # 200 kB each, that nobody else has
        assert all(y.array.storage is None for y in outputs) == pending
        graph.thread.recording = graph.Recording()


def test_a_large_gpu_keeps_more_to_use_again(gpus, monkeypatch):
    monkeypatch.setattr(memory, "BUDGET", 1 << 20)
    for total, kept in (2 << 20, False), (16 << 20, True):
        fake = gpus(memory=total)
        pool, device = memory.Pool(), nb.device("cuda")
        blocks = [pool.take(device, 1 << 19) for _ in range(3)]
        del blocks
        pool.take(device, 8)
        fake.runtime.device(0).synchronize()
        assert (pool.nbytes[device] > 3 << 19) == kept
