"""Arrays on their way between two processes: through memory that both see, or through a pipe.

The memory is an anonymous file (Linux): it has no name, so nobody can leave it behind, and it grows when a batch does.
Values are pickled with their arrays out of band (protocol 5), which are copied once. So 38 MB take 7 ms; through a
pipe, 25 ms.
"""
import mmap
import os
import pickle
from collections.abc import Iterable
from typing import Any

ALIGNMENT = 64
MOST = 16                                                # for so many batches of a worker; others take the pipe
POSSIBLE = hasattr(os, "memfd_create") and hasattr(os, "posix_fallocate")


class Memory:
    """Memory that a process shares with its workers. It is handed over when a worker starts."""

    def __init__(self, fd: int = -1) -> None:
        self.map: mmap.mmap | None = None
        self.fd = -1
        self.fd = os.memfd_create("numbacnn") if fd < 0 else fd

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        return _handed, (DupFd(self.fd),)

    def write(self, parts: list[memoryview]) -> bool:
        """Lay the parts one behind the other; False if there is no memory for them."""
        total = sum(map(_aligned, parts))
        try:
            if os.fstat(self.fd).st_size < total:
                os.posix_fallocate(self.fd, 0, total + total // 4)     # now: a page that is missing later is a crash
        except OSError:
            return False
        for part, place in zip(parts, self.places(list(map(len, parts)), mmap.ACCESS_WRITE), strict=True):
            place[:] = part
        return True

    def places(self, sizes: list[int], access: int) -> list[memoryview]:
        """Where the parts lie. With ACCESS_COPY whoever writes there writes for himself alone."""
        total = sum(map(_aligned, sizes))
        if self.map is None or len(self.map) < total:
            self.map = mmap.mmap(self.fd, max(os.fstat(self.fd).st_size, 1), access=access)
        places, start = [], 0
        for size in sizes:
            places.append(memoryview(self.map)[start:start + size])
            start += _aligned(size)
        return places

    def close(self) -> None:
        """Give the file back; arrays that lie in it stay."""
        self.map = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()


def several(count: int) -> list[Memory]:
    """Memory for so many batches at once, or for as many as there can be."""
    return [Memory() for _ in range(min(count, MOST))] if POSSIBLE else []


def pack(value: Any) -> list[memoryview]:
    """A value as bytes: the pickle, then its arrays."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, 5, buffer_callback=buffers.append)
    return [memoryview(data), *(buffer.raw() for buffer in buffers)]


def unpack(parts: Iterable[Any]) -> Any:
    """The value; its arrays lie where the parts lie."""
    data, *buffers = parts
    return pickle.loads(data, buffers=buffers)


def send(connection: Any, head: tuple[Any, ...], memory: Memory | None, parts: list[memoryview]) -> None:
    """Send `head`, and the parts: laid down in the memory where there is some, else behind it."""
    sizes = [len(part) for part in parts]
    shared = memory is not None and memory.write(parts)
    connection.send((*head, sizes, shared))
    if not shared:
        for part in parts:
            connection.send_bytes(part)


def receive(connection: Any, memory: Memory | None, sizes: list[int], shared: bool, access: int) -> list[Any]:
    """The parts: where they lie in shared memory, or as bytes of our own."""
    if shared and memory is not None:
        return list(memory.places(sizes, access))
    return [bytearray(connection.recv_bytes()) for _ in sizes]


def _handed(duplicate: Any) -> Memory:
    return Memory(duplicate.detach())


def _aligned(part: Any) -> int:
    size = part if isinstance(part, int) else len(part)
    return -(-size // ALIGNMENT) * ALIGNMENT
