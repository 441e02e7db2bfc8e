"""Keep machine code on disk, by its content: what a kernel is made of, its types, the architecture, the toolkit.

A file is found by a digest of all that, so nothing stale is ever loaded; it begins with a digest of itself, so that a
damaged one is dropped. Files can be made without a GPU and taken along to a machine with one.
"""
import contextlib
import functools
import hashlib
import json
import logging
import os
import sys
import time
import uuid
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from numbacnn.cache_folder import base_folder, digest, usable_folder

from . import build as build_module
from . import frontend
from .build import Binary, build
from .compile import digest_of

SUFFIX, DAYS = ".cubin", 30             # files that nobody has used for so many days are removed
DIGEST = 32
TOOLKIT = ("numba-cuda", "numba", "llvmlite", "nvidia-nvjitlink", "nvidia-nvjitlink-cu12", "nvidia-nvvm",
           "nvidia-cuda-nvcc-cu12")
log = logging.getLogger("numbacnn")


def binary_of(specification, arch):
    """Return the machine code of a specification: from the disk, or built and kept."""
    path = path_of(specification, arch)
    found = path and load(path)
    if not found:
        started = time.perf_counter()
        found = build(specification, arch)
        log.debug("compiled %s for %s in %.2f s", specification, arch, time.perf_counter() - started)
        if path:
            save(path, found)
    return found


def has(specification, arch):
    """Return whether there is a file, of which it is not known yet whether it is damaged."""
    path = path_of(specification, arch)
    return path is not None and path.exists()


def folder():
    """Return where machine code is kept, or None."""
    base = base_folder()
    found = base and usable_folder(os.path.join(base, "cuda"))
    if found:
        remove_old(found)
    return found


def path_of(specification, arch):
    """Return where the machine code of a specification is kept, or None if nowhere."""
    found = folder()
    function = specification.kernel.of(specification.dtype)
    name = digest(specification.kernel.__name__, digest_of(function), *specification.signature,
                  str(specification.threads), arch, toolkit())
    return Path(found, f"{specification.kernel.__name__}-{arch}-{name}{SUFFIX}") if found else None


@functools.cache
def toolkit():
    """Return the versions of all that makes machine code."""
    here = [Path(module.__file__).read_bytes() for module in (build_module, frontend)]
    here.append(Path(frontend.__file__).with_name("bfloat16.py").read_bytes())
    versions = [sys.implementation.cache_tag, digest(*here)]
    for name in TOOLKIT:
        with contextlib.suppress(PackageNotFoundError):
            versions.append(f"{name} {version(name)}")
    return " ".join(versions)


def load(path):
    """Return what a file holds, or None if there is none; a damaged one is removed."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        kept, data = content[:DIGEST], content[DIGEST:]
        if kept != hashlib.blake2b(data, digest_size=DIGEST).digest():
            raise ValueError("its digest is another")
        header, _, cubin = data.partition(b"\n")
        known = json.loads(header)
        known["warnings"] = tuple(known["warnings"])
        with contextlib.suppress(OSError):
            os.utime(path)                              # it is in use
        return Binary(cubin, **known)
    except (ValueError, TypeError, KeyError) as error:
        log.info("dropping a damaged kernel %s: %r", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
        return None


def save(path, binary):
    """Write a file, all of it or nothing."""
    known = binary._asdict()
    cubin = known.pop("cubin")
    data = json.dumps(known).encode() + b"\n" + cubin
    unfinished = path.with_suffix(f".{uuid.uuid4().hex}.part")
    try:
        unfinished.write_bytes(hashlib.blake2b(data, digest_size=DIGEST).digest() + data)
        os.replace(unfinished, path)
    except OSError as error:
        log.info("compiled kernels are not kept: %r", error)
        with contextlib.suppress(OSError):
            unfinished.unlink()


@functools.cache
def remove_old(found):
    """Remove files that nobody has used for long; once in a process."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(found):
            if entry.name.endswith((SUFFIX, ".part")) and time.time() - entry.stat().st_mtime > DAYS * 86400:
                os.unlink(entry.path)
