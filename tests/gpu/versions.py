"""What this machine has: packages, driver, GPU, tools; and whether one kernel compiles and runs."""
import contextlib
import os
import platform
import re
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, distributions, version

from .results import arguments

PACKAGES = re.compile(r"numba|llvmlite|numpy|cuda|nvidia|torch|triton|pytest|hypothesis|greenlet|xdist|safetensors")
QUERY = ("name,driver_version,memory.total,memory.used,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,power.limit,"
         "temperature.gpu,pstate,compute_mode,mig.mode.current")


def output(*command):
    """Return what a command prints, or why it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return (done.stdout + done.stderr).strip()
    except (OSError, subprocess.SubprocessError) as error:
        return repr(error)


def main():
    """Write what is found, the simplest first."""
    results = arguments("versions").results
    installed = {each.metadata["Name"]: each.version for each in distributions()
                 if PACKAGES.search(str(each.metadata["Name"]).lower())}
    results.add("packages", python=platform.python_version(), system=platform.platform(), cores=os.cpu_count(),
                **dict(sorted(installed.items())))
    results.add("gpu", **dict(zip(QUERY.split(","), output(
        "nvidia-smi", f"--query-gpu={QUERY}", "--format=csv,noheader").split(", "), strict=False)))
    results.add("tools", **{name: shutil.which(name) for name in (
        "compute-sanitizer", "nvdisasm", "cuobjdump", "ncu", "nvcc", "gcc", "nvidia-smi")})
    with contextlib.suppress(PackageNotFoundError, ImportError):
        version("torch")
        import torch
        found = {"torch": torch.__version__, "cuda": torch.version.cuda, "available": torch.cuda.is_available()}
        if found["available"]:
            found |= {"cudnn": torch.backends.cudnn.version(), "device": str(torch.cuda.get_device_properties(0))}
        results.add("torch", **found)
    one_kernel(results)


def one_kernel(results):
    """Compile a kernel and run it, so that a machine on which nothing can work is seen first."""
    import numpy as np

    import numbacnn

    begin = time.perf_counter()
    x = numbacnn.tensor(np.arange(-500, 500, dtype="float32"), device="cuda")
    reached = time.perf_counter()
    right = bool((numbacnn.relu(x).numpy() == np.maximum(np.arange(-500, 500), 0)).all())
    from numbacnn_cuda import store

    results.add("kernel", right=right, reach_seconds=reached - begin, first_seconds=time.perf_counter() - reached,
                store=str(store.folder()), toolkit=store.toolkit())


if __name__ == "__main__":
    main()
