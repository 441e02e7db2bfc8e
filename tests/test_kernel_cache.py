"""The disk cache of compiled kernels: when an entry is fresh, and what becomes of a damaged one."""
import logging
import os
import pickle
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import numba
import numbacnn_cpu as backend
import numpy as np
import pytest
from numbacnn_cpu import cache, cache_folder
from numbacnn_cpu.compile import INTERPRETED, kernel
from processes import python

from numbacnn.cache_folder import VARIABLE, usable_folder
from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import flat

pytestmark = pytest.mark.skipif(INTERPRETED, reason="interpreted")


def triple(x, y, begin, end):
    for i in range(begin, end):
        y[i] = x[i] * 3


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))


def tripled(dtype="float32"):
    """Compile or load a kernel as a new process would, and try it; return whether it was loaded."""
    made = kernel(items=lambda y: y.size, arrange=flat)(triple)
    memory = backend.empty(128, 0)
    backend.upload(np.arange(8).astype(dtype), memory)
    places = [Place(0, offset, (8,), dtype) for offset in (0, 64)]
    backend.Program([(made, places)]).run([memory.address])
    assert np.array_equal(memory.bytes[64:].view(dtype)[:8], np.arange(8) * 3)
    return sum(made.stats.cache_hits.values()) == 1


def entry_of_triple(folder):
    [path] = folder.rglob("triple-*.kernel")
    return path


def damage_nothing(path):
    pass


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\0")


def lose(path):
    path.unlink()


def fill_with_garbage(path):
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def mix_up(path):
    tripled("float64")
    [other] = set(path.parent.glob("triple-*.kernel")) - {path}
    shutil.copy(other, path)


def seal_nonsense(path):
    content = pickle.dumps(("no", "kernel"))
    path.write_bytes(cache.seal(path, content) + content)


@pytest.mark.parametrize("damage", [damage_nothing, empty, cut, lengthen, lose, fill_with_garbage, mix_up,
                                    seal_nonsense])
def test_a_damaged_entry_is_dropped(damage, fresh_cache, tmp_path):
    assert not tripled()
    damage(entry_of_triple(tmp_path))
    assert tripled() == (damage is damage_nothing)
    assert tripled()                                     # and made anew


@pytest.mark.parametrize("place", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_bit_that_flipped_is_noticed(place, fresh_cache, tmp_path):
    assert not tripled()
    path = entry_of_triple(tmp_path)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 0x10
    path.write_bytes(data)
    assert not tripled() and tripled()


def test_nothing_damaged_is_ever_read(fresh_cache, tmp_path):
    tripled()
    path = entry_of_triple(tmp_path)
    whole = path.read_bytes()
    assert cache.checked(path) == whole[32:]
    positions = [*range(64), *range(64, len(whole), 101), len(whole) - 1]
    for position in positions:
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        for damaged in (flipped, whole[:position], whole[:position] + whole[position + 1:]):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match="digest"):
                cache.checked(path)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="digest"):
        cache.checked(path.rename(path.with_name("another.kernel")))


def test_a_folder_in_place_of_an_entry_is_left_alone(fresh_cache, tmp_path):
    tripled()
    path = entry_of_triple(tmp_path)
    path.unlink()
    path.mkdir()
    (path / "mine").touch()
    assert not tripled() and not tripled()
    assert (path / "mine").exists()
    assert [each.suffix for each in path.parent.iterdir()] == [".kernel"]


def test_settings_that_change_code_have_entries_of_their_own(fresh_cache, monkeypatch):
    assert not tripled()
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 1)
    assert not tripled() and tripled()


@pytest.mark.parametrize("problem", ["a file", "others", "others outside", "no home", "no sources", "cannot write"])
def test_without_a_folder_kernels_are_compiled_all_the_same(problem, fresh_cache, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "numbacnn")
    if problem == "a file":
        (tmp_path / "file").touch()
        monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    elif problem == "others":
        monkeypatch.setenv(VARIABLE, str(tmp_path / "shared"))
        Path(cache_folder.cache_folder()).chmod(0o777)
        usable_folder.cache_clear()
    elif problem == "others outside":                    # who may write there may put another folder in place of ours
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared").chmod(0o777)
        monkeypatch.setenv(VARIABLE, str(tmp_path / "shared"))
    elif problem == "no home":
        monkeypatch.delenv(VARIABLE)
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setattr("os.path.expanduser", lambda path: path)
    elif problem == "no sources":
        monkeypatch.setattr(cache_folder, "package_digest", lambda: None)
    else:
        def refuse(path, content):
            raise PermissionError("this folder may only be read")
        monkeypatch.setattr(cache, "write", refuse)
    assert not tripled() and not tripled()
    assert (cache_folder.cache_folder() is None) == (problem != "cannot write")
    assert not list(tmp_path.rglob("*.kernel"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write anywhere")
def test_a_folder_that_may_only_be_read_is_read(fresh_cache, tmp_path):
    tripled()
    folder = entry_of_triple(tmp_path).parent
    folder.chmod(0o555)
    try:
        assert tripled() and not tripled("float64") and not tripled("float64")
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize(("variables", "folder"), [
    ({"NUMBACNN_CACHE_DIR": "/a", "NUMBA_CACHE_DIR": "/b"}, "/a"),
    ({"NUMBA_CACHE_DIR": "/b"}, "/b/numbacnn"),
    ({"XDG_CACHE_HOME": "/c"}, "/c/numbacnn"),
    ({"XDG_CACHE_HOME": "not/absolute"}, "/h/.cache/numbacnn"),
    ({}, "/h/.cache/numbacnn"),
])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other places")
def test_where_kernels_are_kept(variables, folder, monkeypatch):
    for name in ("NUMBACNN_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/h")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder.base_folder() == folder


def test_folders_of_other_versions_go_when_they_are_old(fresh_cache, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder, "FOLDERS", 4)
    cache_folder.remove_old_folders.cache_clear()
    now = time.time()
    for days in (0, 1, 2, 3, 4, 29, 31):
        folder = tmp_path / f"0.{days}-cpu-{days:016x}"
        folder.mkdir()
        (folder / "a.kernel").touch()
        os.utime(folder, (now - days * 86400,) * 2)
    for name in ("mine", "0.1-cpu-mine"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / f"{0:016x}").write_text("a file")
    tripled()
    kept = {path.name for path in tmp_path.iterdir()} - {Path(cache_folder.cache_folder()).name}
    assert kept == {"mine", "0.1-cpu-mine", f"{0:016x}", *(f"0.{days}-cpu-{days:016x}" for days in (0, 1, 2))}


def test_the_log_tells_what_is_compiled(fresh_cache, caplog):
    caplog.set_level(logging.DEBUG, "numbacnn")
    tripled()
    assert [(r.levelname, r.getMessage()) for r in caplog.records[:1]] == [("INFO", "compiling triple (float32)")]
    assert caplog.records[1].getMessage().startswith("compiled triple (float32) in ")
    caplog.clear()
    tripled()
    assert not caplog.records


@pytest.mark.parametrize(("is_terminal", "is_read", "is_shown"), [(True, False, True), (True, True, False),
                                                                  (False, False, False)])
def test_a_terminal_shows_a_line_unless_the_log_is_read(is_terminal, is_read, is_shown, fresh_cache, monkeypatch,
                                                        caplog):
    stream = StringIO()
    stream.isatty = lambda: is_terminal
    monkeypatch.setattr(sys, "stderr", stream)
    caplog.set_level(logging.INFO if is_read else logging.WARNING, "numbacnn")
    tripled()
    lines = [line.strip() for line in stream.getvalue().split("\r")]
    assert [line for line in lines if line] == ["numbacnn compiles, once: triple (float32) ..."] * is_shown
    assert lines[-1] == ""                               # and the cursor is where it was


def test_two_kernels_of_the_package_may_not_share_a_name():
    def strided_copy(x):
        return x
    strided_copy.__module__, strided_copy.__qualname__ = "numbacnn_cpu.strided", "strided_copy"
    with pytest.raises(ValueError, match=r"numbacnn_cpu\.strided: two kernels are called strided_copy"):
        cache.KernelCache(strided_copy)


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
    variables = {"path": [tmp_path], "NUMBACNN_CACHE_DIR": str(tmp_path / "kept"), "NUMBA_DISABLE_JIT": "0"}
    assert python(ADDITION, **variables) == "0 1"           # cold
    assert python(ADDITION, **variables) == "1 0"           # warm
    (package / "shape.py").write_text((package / "shape.py").read_text() + "# edited\n")
    assert python(ADDITION, **variables) == "0 1"           # another file than the one of run_alone
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert python(ADDITION, **{**variables, "NUMBA_CPU_NAME": "generic"}) == "0 1"
    assert len(list((tmp_path / "kept").iterdir())) == 3
    assert python(ADDITION, **{**variables, "NUMBA_DISABLE_JIT": "1"}) == ""


def test_processes_may_fill_an_empty_cache_together(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        cold = [pool.submit(python, ADDITION, NUMBACNN_CACHE_DIR=str(tmp_path)) for _ in range(3)]
        assert all(sum(map(int, process.result().split())) == 1 for process in cold)
    assert python(ADDITION, NUMBACNN_CACHE_DIR=str(tmp_path)) == "1 0"
    assert {path.suffix for path in next(tmp_path.iterdir()).iterdir()} == {".kernel"}
