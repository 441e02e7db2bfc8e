"""The disk cache of compiled kernels: when an entry is fresh, and what becomes of a damaged one."""
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numbacnn_cpu as backend
import numpy as np
import pytest
from numbacnn_cpu import cache
from numbacnn_cpu.compile import INTERPRETED, kernel
from numbacnn_cpu.memory import flat
from processes import python

from numbacnn.kernels import Place

pytestmark = pytest.mark.skipif(INTERPRETED, reason="interpreted")


def triple(x, y, begin, end):
    for i in range(begin, end):
        y[i] = x[i] * 3


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))


def tripled(dtype="float32"):
    """Compile or load a kernel as a new process would, and try it; return whether it was loaded."""
    made = kernel(items=lambda x, y: y.size, arrange=flat)(triple)
    memory = backend.empty(128, 0)
    backend.upload(np.arange(8).astype(dtype), memory)
    places = [Place(0, offset, (8,), dtype) for offset in (0, 64)]
    backend.Program([(made, places)]).run([memory.address])
    assert np.array_equal(memory.bytes[64:].view(dtype)[:8], np.arange(8) * 3)
    return sum(made.stats.cache_hits.values()) == 1


def damage_nothing(index, data):
    pass


def empty_index(index, data):
    index.write_bytes(b"")


def cut_index(index, data):
    index.write_bytes(index.read_bytes()[:-20])


def cut_data(index, data):
    data.write_bytes(data.read_bytes()[:1000])


def lose_data(index, data):
    data.unlink()


def mix_up_data(index, data):
    tripled("float64")
    shutil.copy(data.with_name(data.name.replace(".1.nbc", ".2.nbc")), data)


@pytest.mark.parametrize("damage", [damage_nothing, empty_index, cut_index, cut_data, lose_data, mix_up_data])
def test_a_damaged_entry_is_dropped(damage, fresh_cache, tmp_path):
    assert not tripled()
    [index], [data] = (list(tmp_path.rglob(f"*.triple-*.{end}")) for end in ("nbi", "nbc"))
    damage(index, data)
    assert tripled() == (damage is damage_nothing)
    assert tripled()                                     # and made anew


def test_bounds_checks_are_another_entry(fresh_cache, monkeypatch):
    assert not tripled()
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 1)
    assert not tripled()


def test_without_a_folder_kernels_are_compiled_all_the_same(monkeypatch):
    monkeypatch.setattr(cache.KernelCacheFiles, "_locator_classes", ())
    assert not tripled() and not tripled()
    assert cache.cache_folder() is None


def test_the_log_tells_what_is_compiled(fresh_cache, caplog):
    caplog.set_level(logging.DEBUG, "numbacnn")
    tripled()
    assert [(r.levelname, r.getMessage()) for r in caplog.records[:1]] == [("INFO", "compiling triple (float32)")]
    assert caplog.records[1].getMessage().startswith("compiled triple (float32) in ")
    caplog.clear()
    tripled()
    assert not caplog.records


def test_two_kernels_of_the_package_may_not_share_a_name():
    def follow(x):
        return x
    follow.__module__, follow.__qualname__ = "numbacnn_cpu.strided", "follow"
    with pytest.raises(ValueError, match=r"numbacnn_cpu\.strided: two kernels are called follow"):
        cache.open_cache(follow)


ADDITION = """
import numpy as np
import numbacnn_cpu as backend
from numbacnn.kernels import Place
from numbacnn_cpu.walk import run_alone
memories = [backend.empty(400, 0) for _ in range(3)]
for memory in memories[:2]:
    backend.upload(np.arange(100, dtype=np.float32), memory)
backend.Program([("add", [Place(slot, 0, (100,), "float32") for slot in range(3)])]).run([m.address for m in memories])
assert np.array_equal(backend.download(memories[2], (100,), "float32"), np.arange(0, 200, 2))
if hasattr(run_alone, "stats"):
    print(sum(run_alone.stats.cache_hits.values()), sum(run_alone.stats.cache_misses.values()))
"""


def test_entries_are_fresh_while_no_file_of_the_package_changes(tmp_path):
    package = tmp_path / "numbacnn_cpu"
    shutil.copytree(Path(backend.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {"path": [tmp_path], "NUMBA_CACHE_DIR": "", "NUMBA_DISABLE_JIT": "0"}
    assert python(ADDITION, **variables) == "0 1"           # cold
    assert python(ADDITION, **variables) == "1 0"           # warm
    files = sorted(path.name for path in package.rglob("*.nb?"))
    (package / "shape.py").write_text((package / "shape.py").read_text() + "# edited\n")
    assert python(ADDITION, **variables) == "0 1"           # another file than the one of run_alone
    assert sorted(path.name for path in package.rglob("*.nb?")) == files
    assert python(ADDITION, **{**variables, "NUMBA_DISABLE_JIT": "1"}) == ""


def test_processes_may_fill_an_empty_cache_together(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        cold = [pool.submit(python, ADDITION, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(3)]
        assert all(sum(map(int, process.result().split())) == 1 for process in cold)
    assert python(ADDITION, NUMBA_CACHE_DIR=str(tmp_path)) == "1 0"
