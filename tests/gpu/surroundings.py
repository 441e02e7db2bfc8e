"""What a process needs to use this source tree, installed or not; and whether there is a GPU."""
import ctypes
import os
import tomllib
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ROOT, ROOT / "backends", ROOT / "tests", ROOT / "asv_benchmarks"
NEEDS = "it needs an NVIDIA GPU with its driver, and the packages numba-cuda, cuda-bindings and NumPy"


def announce(folder):
    """Write into a folder what pip would: with it on the path, numbacnn finds its backends."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    found = Path(folder, "numbacnn-0.dist-info")
    found.mkdir(parents=True, exist_ok=True)
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: numbacnn\nVersion: 0\n")
    (found / "entry_points.txt").write_text("".join(
        f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in points.items())
        for group, points in groups.items()))


def environment(folder, **more):
    """Return the variables of a process that finds numbacnn, its backends, tests and benchmarks; see `announce`."""
    path = [str(folder), *map(str, FOLDERS), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items()
            if name not in ("NUMBA_ENABLE_CUDASIM", "NUMBACNN_BACKEND", "NUMBACNN_EAGER", "NUMBACNN_FUSE")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "NUMBACNN_BACKEND": "cuda", "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1", **more}


def missing():
    """Return why nothing can be run here, or None."""
    for package in "numpy", "cuda.bindings", "numba_cuda":
        try:
            found = find_spec(package)
        except ImportError:
            found = None
        if found is None:
            return f"the package of {package} is not installed"
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver on this machine"
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU on this machine"
    return None
