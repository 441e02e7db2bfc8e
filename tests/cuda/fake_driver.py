"""What stands for cuda.bindings.driver without a GPU: memory of this process, streams that note what is started.

Nothing is computed: what kernels would write stays as it is. It refuses what a real driver refuses: memory that is not
there, streams and graphs that do not exist, copies to and from pageable memory while a stream is captured.
"""
import ctypes
import math
import re
from enum import IntEnum, IntFlag
from itertools import count

import fake_tensor_maps
import numpy as np
from numbacnn_cuda.build import Binary
from numbacnn_cuda.compile import names_of
from numbacnn_cuda.simulator import WAITING, simulate

OK = 0


def words_in(name):
    """Return how many words an argument of a type (numbacnn_cuda.frontend) takes."""
    array, several = re.fullmatch(r"\w+\*?\[(\d+)\][CA]", name), re.fullmatch(r"\w+x(\d+)", name)
    return 5 + 2 * int(array[1]) if array else int(several[1]) if several else 1


class CUresult(IntEnum):
    """Some of the driver's results."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_NOT_READY = 600
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900


class CUdevice_attribute(IntEnum):
    """Those that are asked for."""

    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76


class CUstream_flags(IntFlag):
    """Of streams."""

    CU_STREAM_NON_BLOCKING = 1


class CUevent_flags(IntFlag):
    """Of events."""

    CU_EVENT_DEFAULT = 0
    CU_EVENT_DISABLE_TIMING = 2


class CUpointer_attribute(IntEnum):
    """Of addresses."""

    CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9


class CUmemPool_attribute(IntEnum):
    """Of pools."""

    CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4


class CUstreamCaptureMode(IntEnum):
    """How strict a capture is."""

    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1


class CUfunction_attribute(IntEnum):
    """Of functions."""

    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8


cuuint64_t = int


class Fake:
    """A driver with so many devices, of so much memory each.

    Attributes
    ----------
    started : list of (function, grid, block, shared bytes, words of the parameters)
        Launches, in the order in which a GPU would have run them.
    """

    CUresult, CUdevice_attribute, CUstream_flags = CUresult, CUdevice_attribute, CUstream_flags
    CUevent_flags, CUmemPool_attribute, CUstreamCaptureMode = CUevent_flags, CUmemPool_attribute, CUstreamCaptureMode
    CUfunction_attribute, CUpointer_attribute, cuuint64_t = CUfunction_attribute, CUpointer_attribute, cuuint64_t

    def __init__(self, devices=1, memory=1 << 30, capability=(9, 0)):
        self.devices, self.left, self.total, self.capability = devices, memory, memory, capability
        self.memory, self.pinned, self.started, self.calls = {}, {}, [], []
        self.handles, self.graphs, self.capturing = count(1), {}, {}
        self.current, self.limits = None, {}
        self.homes, self.log = {}, []                    # devices of addresses and streams; events, as they come
        self.pending = set()                             # events that are not reached yet
        self.signatures = {}                             # of kernels, by the names of their functions

    def __getattr__(self, name):
        """Return a function that notes that it was called; those that are missing do nothing."""
        if not name.startswith("cu"):
            raise AttributeError(name)
        return lambda *arguments: (OK,)

    def cuDeviceGetCount(self):
        return OK, self.devices

    def cuDeviceGet(self, index):
        return OK, index

    def cuDeviceGetName(self, length, device):
        return OK, b"Fake GPU\0\0"

    def cuDeviceGetAttribute(self, attribute, device):
        return OK, self.capability[attribute - CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR]

    def cuDevicePrimaryCtxRetain(self, device):
        return OK, ("context", device)

    def cuCtxGetCurrent(self):
        return OK, self.current

    def cuCtxSetCurrent(self, context):
        self.current = context
        return (OK,)

    def cuStreamCreate(self, flags):
        handle = next(self.handles)
        self.homes[handle] = self.current
        return OK, handle

    def cuEventCreate(self, flags):
        return OK, next(self.handles)

    def cuEventRecord(self, event, stream):
        if self.homes.get(stream, self.current) != self.current:
            return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        self.log.append(("record", event, stream))
        return (OK,)

    def cuStreamWaitEvent(self, stream, event, flags):
        self.log.append(("wait", stream, event))
        return (OK,)

    def cuEventQuery(self, event):
        return (CUresult.CUDA_ERROR_NOT_READY if event in self.pending else OK,)

    def cuCtxSynchronize(self):
        self.log.append(("synchronize", self.current))
        return (OK,)

    def cuGetProcAddress(self, name, version, flags):
        """Return the address of a function of C."""
        return OK, fake_tensor_maps.address_of(name.decode(), version), 0

    def cuDriverGetVersion(self):
        return OK, 13000

    def cuEventElapsedTime(self, begin, end):
        return OK, 0.5

    def cuDeviceGetDefaultMemPool(self, device):
        return OK, device

    # --- memory ---

    def cuMemAllocAsync(self, nbytes, stream):
        if stream in self.capturing:
            return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, None
        if nbytes > self.left:
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY, None
        block = np.zeros(nbytes + 256, np.uint8)
        address = -(-block.ctypes.data // 256) * 256
        self.memory[address] = block, nbytes
        self.homes[address] = self.homes[stream]
        self.left -= nbytes
        return OK, address

    def cuMemFreeAsync(self, address, stream):
        if stream in self.capturing or address not in self.memory:
            return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        self.left += self.memory.pop(address)[1]
        return (OK,)

    def cuMemGetInfo(self):
        return OK, self.left, self.total

    def cuDeviceTotalMem(self, device):
        return OK, self.total

    def cuPointerGetAttribute(self, attribute, address):
        for begin, (_, size) in self.memory.items():
            if begin <= address < begin + size:
                return OK, self.homes[begin][1]
        return CUresult.CUDA_ERROR_INVALID_VALUE, None

    def cuMemHostAlloc(self, nbytes, flags):
        block = np.zeros(nbytes, np.uint8)
        self.pinned[block.ctypes.data] = block
        return OK, block.ctypes.data

    def cuMemFreeHost(self, address):
        del self.pinned[address]
        return (OK,)

    def end_of(self, address):
        """Return where the block ends in which an address lies."""
        return next(begin + size for begin, (_, size) in self.memory.items() if begin <= address <= begin + size)

    def inside(self, address, nbytes):
        """Return whether a range lies in the device's memory."""
        return any(begin <= address and address + nbytes <= begin + size for begin, (_, size) in self.memory.items())

    def copied(self, target, source, nbytes, device_side, stream):
        """Copy bytes, if they are where they must be."""
        if stream in self.capturing or not all(self.inside(address, nbytes) for address in device_side):
            return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        ctypes.memmove(target, source, nbytes)
        return (OK,)

    def cuMemcpyHtoDAsync(self, target, source, nbytes, stream):
        return self.copied(target, source, nbytes, (target,), stream)

    def cuMemcpyDtoHAsync(self, target, source, nbytes, stream):
        return self.copied(target, source, nbytes, (source,), stream)

    def cuMemcpyAsync(self, target, source, nbytes, stream):
        return self.copied(target, source, nbytes, (target, source), stream)

    def cuMemcpyPeerAsync(self, target, target_context, source, source_context, nbytes, stream):
        for address, context in (target, target_context), (source, source_context):
            if self.homes.get(address) != context:
                return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        self.log.append(("peer", target, source, stream))
        return self.copied(target, source, nbytes, (target, source), stream)

    def cuMemsetD8Async(self, address, value, nbytes, stream):
        if not self.inside(address, nbytes):
            return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        self.start(("memset", address, value, nbytes), stream)
        return (OK,)

    # --- kernels and graphs ---

    def start(self, what, stream):
        """Run something, or note it in the graph that is being captured."""
        if stream in self.capturing:
            self.capturing[stream].append(what)
        elif what[0] == "memset":
            ctypes.memset(*what[1:])
        else:
            self.started.append(what[1:])
            self.compute(*what[1:])

    def compute(self, function, grid, block, shared, words):
        """Run a kernel; here, nothing happens."""

    def cuModuleLoadData(self, cubin):
        return OK, ("module", cubin)

    def cuModuleGetFunction(self, module, name):
        return OK, ("function", name)

    def cuFuncSetAttribute(self, function, attribute, value):
        self.limits[function] = value
        return (OK,)

    def cuLaunchKernel(self, function, gx, gy, gz, bx, by, bz, shared, stream, parameters, extra):
        if not (0 < gx < 2**31 and 0 < bx * by * bz <= 1024) or shared > self.limits.get(function, 48 << 10) or (
                self.homes[stream] != self.current):
            return (CUresult.CUDA_ERROR_INVALID_VALUE,)
        words = self.words_of(function, parameters)      # those of this moment, as on a GPU
        self.start(("launch", function, (gx, gy, gz), (bx, by, bz), shared, words), stream)
        return (OK,)

    def words_of(self, function, parameters):
        """Return the parameters of a launch, a word each."""
        count = sum(words_in(name) for name in self.signatures.get(function[1], ()))
        pointers = (ctypes.c_void_p * count).from_address(parameters)
        return [ctypes.c_int64.from_address(pointer).value for pointer in pointers]

    def cuStreamBeginCapture(self, stream, mode):
        self.capturing[stream] = []
        return (OK,)

    def cuStreamEndCapture(self, stream):
        return OK, tuple(self.capturing.pop(stream))

    def cuGraphInstantiate(self, graph, flags):
        handle = next(self.handles)
        self.graphs[handle] = graph
        return OK, handle

    def cuGraphLaunch(self, graph, stream):
        for what in self.graphs[graph]:
            self.start(what, stream)
        return (OK,)

    def cuGraphExecDestroy(self, graph):
        del self.graphs[graph]
        return (OK,)


class Computing(Fake):
    """A driver whose kernels run in the simulator, on arrays made of nothing but the words of their parameters."""

    def __init__(self, **options):
        super().__init__(**options)
        self.specifications = {}

    def binary_of(self, specification, arch):
        """Stand for numbacnn_cuda.store.binary_of: no code, but a name under which the kernel is found."""
        name = f"kernel{len(self.specifications)}"
        self.specifications[name.encode()] = specification
        self.signatures[name.encode()] = specification.signature
        return Binary(b"", name, 32, 0, 0, ())

    def compute(self, function, grid, block, shared, words):
        """Run a kernel."""
        specification = self.specifications[function[1]]
        kernel, words = specification.kernel.of(specification.dtype), iter(words)
        arguments = [decoded(name, words, self.end_of) for name in specification.signature]
        assert block[0] <= specification.threads
        simulate(kernel, grid, block, arguments, shared, not WAITING.isdisjoint(names_of(kernel)))


def decoded(name, words, end_of):
    """Return the argument of a type that comes next in words; `end_of` says where a block of memory ends."""
    if name == "tensor_map":
        return fake_tensor_maps.decoded(next(words))
    if "*" in name:
        dtype, addresses = np.dtype(name.split("*")[0]), decoded("int64[1]C", words, end_of)
        return [np.ndarray((end_of(address) - address) // dtype.itemsize, dtype,
                           (ctypes.c_char * (end_of(address) - address)).from_address(address))
                for address in addresses.tolist()]
    array, several = re.fullmatch(r"(\w+)\[(\d+)\][CA]", name), re.fullmatch(r"\w+x(\d+)", name)
    if several:
        return tuple(next(words) for _ in range(int(several[1])))
    if not array:
        return np.array([next(words)], np.int64).view(name)[0]
    dtype, axes = np.dtype(array[1]), int(array[2])
    meminfo, parent, size, itemsize, address = (next(words) for _ in range(5))
    shape, strides = tuple(next(words) for _ in range(axes)), tuple(next(words) for _ in range(axes))
    assert (meminfo, parent, itemsize, size) == (0, 0, dtype.itemsize, math.prod(shape))
    reach = sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) + itemsize if size else 0
    memory = (ctypes.c_char * reach).from_address(address)
    assert name.endswith("A") or np.ndarray(shape, dtype, memory, strides=strides).flags.c_contiguous
    return np.ndarray(shape, dtype, memory, strides=strides)
