"""Plans under observation: the kernels that a function runs, each timed on the device."""
import contextlib

from numbacnn_cuda.program import Program
from numbacnn_cuda.runtime import runtime

from numbacnn import graph
from numbacnn.explain import explain

from . import clock

COPIES, LONG = 20, 1e-3   # of a short kernel in one graph, which so gets so many seconds long


@contextlib.contextmanager
def observed(handle):
    """Where plans are handed to `handle(plan, addresses)` instead of being run."""
    def observe(plan, addresses, arrays):
        handle(plan, addresses)

    graph.evaluate()
    graph.thread.observer = observe
    try:
        yield
        graph.evaluate()
    finally:
        graph.thread.observer = None


def timed(function):
    """Call a function; return `numbacnn.explain`'s lines of all kernels it ran, timed by events on the device."""
    usual, Program.time = Program.time, time_on_device
    try:
        return [line for plan in explain(function).plans for line in plan]
    finally:
        Program.time = usual


def time_on_device(program, addresses):
    """Stand for Program.time: each call alone."""
    runtime().owner(addresses).synchronize()
    watch, seconds = clock.ours(), []
    for call in program.source:
        run, copies = repeated([call], addresses)
        seconds.append(min(watch.span(run, 1) for _ in range(3)) / copies)
    return seconds


def repeated(calls, addresses):
    """Return a run of calls, several times in one graph if they are short, and how many times."""
    once = replayed(calls, addresses)
    copies = copies_of(clock.ours().span(once, 1))
    return (replayed(calls * copies, addresses) if copies > 1 else once), copies


def copies_of(seconds):
    """Return how often what takes so long goes into one graph."""
    return max(1, min(COPIES, round(LONG / max(seconds, 1e-7))))


def replayed(calls, addresses):
    """Return a run of a program, which has been captured: at its second run."""
    program = Program(calls)
    for _ in range(2):
        program.run(addresses)
    return lambda: program.run(addresses)


def peer_of(tensor, torch):
    """Return a tensor of PyTorch with the same numbers, in the same memory order."""
    array = tensor.array
    found = torch.empty(array.shape, dtype=getattr(torch, array.dtype), device=place(torch))
    if found.ndim == 4:
        found = found.to(memory_format=torch.channels_last)
    move(graph.storage_of(array).memory, found, torch, read=True)
    return found


def tensor_of(found, torch):
    """Return a tensor of ours with the numbers of one of PyTorch's: 4-D ones have their channels last."""
    import numbacnn

    if found.ndim == 4:
        found = found.contiguous(memory_format=torch.channels_last)
    tensor = numbacnn.zeros(tuple(found.shape), dtype=str(found.dtype).removeprefix("torch."))
    numbacnn.evaluate(tensor)
    storage = graph.storage_of(tensor.array)
    move(storage.memory, found, torch, read=False)
    storage.renew()
    return tensor


def place(torch):
    """Return the name of PyTorch's device."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def move(block, found, torch, read):
    """Copy between a block of ours and the memory of a tensor of PyTorch's, on the device."""
    import ctypes

    nbytes = found.numel() * found.element_size()
    target, source = (found.data_ptr(), block.address) if read else (block.address, found.data_ptr())
    if not hasattr(block, "device"):                     # the simulator's memory is that of this process
        ctypes.memmove(target, source, nbytes)
        return
    device = block.device
    if found.is_cuda:
        torch.cuda.synchronize()
    device.enter()
    if found.is_cuda:
        device.driver.cuMemcpyAsync(target, source, nbytes, device.compute)
    elif read:
        device.driver.cuMemcpyDtoHAsync(target, source, nbytes, device.compute)
    else:
        device.driver.cuMemcpyHtoDAsync(target, source, nbytes, device.compute)
    device.synchronize()
