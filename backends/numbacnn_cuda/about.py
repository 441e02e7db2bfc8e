"""What programs and their users ask about GPUs."""
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from numbacnn.errors import BackendError

from .runtime import runtime
from .store import TOOLKIT, folder


def info():
    """Return what `numbacnn info` prints about this backend, also where there is no GPU."""
    found = {}
    with suppress(BackendError):                         # whoever counts the devices is told
        driver = getattr(runtime(), "driver", None)
        newest = driver and driver.cuDriverGetVersion()
        found["driver"] = (f"for CUDA {newest // 1000}.{newest % 1000 // 10}" if driver else
                           "none: this is the simulator")
        for index in range(runtime().count if driver else 0):
            about = properties(index)
            found[f"GPU {index}"] = (f"{about['name']}, compute capability {about['major']}.{about['minor']}, "
                                     f"{about['total_memory'] / 2**30:.1f} GiB")
    for name in sorted({*TOOLKIT, "cuda-bindings"} - {"numba", "llvmlite"}):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found | {"cache": folder() or "none: no folder can be written"}


def properties(index):
    """Return name, compute capability and memory of a GPU, which is not made ready for that."""
    driver = getattr(runtime(), "driver", None)
    if driver is None:
        return {"name": "simulator", "major": 0, "minor": 0, "total_memory": 0}
    handle, attribute = driver.cuDeviceGet(index), driver.api.CUdevice_attribute
    major, minor = (driver.cuDeviceGetAttribute(each, handle) for each in (
        attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR))
    name = driver.cuDeviceGetName(128, handle).split(b"\0")[0].decode()
    return {"name": name, "major": major, "minor": minor, "total_memory": int(driver.cuDeviceTotalMem(handle))}


def capacity(index):
    """Return how many bytes of memory a GPU has; 0 in the simulator, which has none of its own."""
    return properties(index)["total_memory"]


def memory_info(index, forget_peak=False):
    """Return bytes: free and total of a GPU, and reserved by this process for arrays, now and at most."""
    if not hasattr(runtime(), "driver"):
        raise BackendError("cuda: the simulator computes in the memory of this process; there is no other to be asked "
                           "about")
    device = runtime().device(index)
    with device.lock, device.current():
        device.collect()
        free, total = device.driver.cuMemGetInfo()
        found = {"free": int(free), "total": int(total), "reserved": device.reserved, "peak": device.most_reserved}
        if forget_peak:
            device.most_reserved = device.reserved
    return found


def synchronize(index):
    """Wait until a GPU has done all that was started."""
    runtime().device(index).synchronize()
