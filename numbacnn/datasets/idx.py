"""The IDX format, in which MNIST and its relatives are published."""
import gzip
import math
import zlib
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_AXES = 8
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20


def read_idx(path: str | PathLike[str]) -> np.ndarray:
    """Read an array from an IDX file, compressed by gzip or not.

    Parameters
    ----------
    path : path
        File such as ``train-images-idx3-ubyte.gz``. Its content tells whether it is compressed.

    Returns
    -------
    ndarray
        Of the shape and the type that the file declares, in the byte order of this machine.

    Raises
    ------
    ValueError
        If the file is not a whole IDX file: another format, cut short, or longer than it declares.

    Notes
    -----
    The header is two zero bytes, the type, the number of axes, and the length of each axis as a big-endian 32-bit
    integer. Memory is only taken for bytes that are really there, whatever the header says.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "labels-idx1-ubyte")
    >>> file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    11
    >>> read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
        file.seek(0)
        if not compressed:
            return _read(file, path)
        try:
            with gzip.open(file) as content:
                return _read(content, path)              # type: ignore[arg-type]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"read_idx: {path} must be a whole gzip file, got a damaged one: {error}") from error


def _read(file: BinaryIO, path: Path) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or not 1 <= magic[3] <= MAX_AXES:
        raise ValueError(f"read_idx: {path} must begin with 00 00, a type (08 to 0e) and the number of axes (01 to "
                         f"{MAX_AXES:02x}), got {magic.hex(' ') or 'an empty file'}")
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise ValueError(f"read_idx: {path} must declare {magic[3]} axes, got a file that ends within its header")
    shape = tuple(np.frombuffer(header, ">u4").tolist())
    dtype = np.dtype(DTYPES[magic[2]])
    nbytes = math.prod(shape) * dtype.itemsize
    body = _at_most(file, nbytes + 1)
    if len(body) != nbytes:
        got = "more" if len(body) > nbytes else str(len(body))
        raise ValueError(f"read_idx: {path} declares {dtype.name}{shape}, {nbytes} bytes, got {got}")
    return np.frombuffer(body, dtype).astype(dtype.newbyteorder("=")).reshape(shape)


def _at_most(file: BinaryIO, nbytes: int) -> bytes:
    """The next `nbytes` bytes, or what there is: a header that lies does not make us allocate."""
    chunks = []
    while nbytes > 0 and (chunk := file.read(min(nbytes, CHUNK))):
        chunks.append(chunk)
        nbytes -= len(chunk)
    return b"".join(chunks)
