"""Where compiled kernels are kept: a folder for each version of everything that they depend on.

Everything is this package's source, that of elementwise functions (numbacnn/kernels/functions), Python, Numba, LLVM,
the processor and the settings that change code. Folders that nobody uses any more are removed.
"""
import contextlib
import functools
import hashlib
import logging
import os
import re
import stat
import sys
import time
from pathlib import Path

import llvmlite
import numba
from numba.core import config
from numba.core.registry import cpu_target

from numbacnn.kernels import functions

VARIABLE = "NUMBACNN_CACHE_DIR"
SUFFIX, UNFINISHED = ".kernel", ".part"
FOLDER = re.compile(r".+-[0-9a-f]{16}")
DAYS, FOLDERS = 30, 16                  # unused folders go after so many days, the longest unused when there are more
SETTINGS = "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "OPT", "SLP_VECTORIZE"
log = logging.getLogger("numbacnn")


def cache_folder():
    """Return where kernels are kept that this process compiles, or None."""
    source, base = package_digest(), base_folder()
    if source is None or base is None:
        return None
    return usable_folder(os.path.join(base, version_name(tuple(str(getattr(config, name)) for name in SETTINGS))))


def base_folder():
    """Return the folder of all versions: NUMBACNN_CACHE_DIR, or in NUMBA_CACHE_DIR, or where the system keeps such."""
    if os.environ.get(VARIABLE):
        return os.path.abspath(os.path.expanduser(os.environ[VARIABLE]))
    if config.CACHE_DIR:
        return os.path.join(os.path.abspath(config.CACHE_DIR), "numbacnn")
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        return None
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        return os.path.join(local, "numbacnn", "Cache")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Caches", "numbacnn")
    named = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(named if os.path.isabs(named) else os.path.join(home, ".cache"), "numbacnn")


@functools.cache
def version_name(settings):
    """Return the name of the folder of this version of everything."""
    triple, processor, features = cpu_target.target_context.codegen().magic_tuple()
    version = getattr(sys.modules.get("numbacnn"), "__version__", "")
    return "-".join([version, processor, digest(package_digest(), sys.implementation.cache_tag, numba.__version__,
                                                llvmlite.__version__, triple, processor, features, *settings)])


@functools.cache
def package_digest():
    """Return a digest of all files of the package and of the contract, or None where they cannot be read."""
    parts = [part for root in (Path(__file__).parent, Path(functions.__file__).parent)
             for path in sorted(root.rglob("*.py")) for part in (str(path.relative_to(root)), path.read_bytes())]
    return digest(*parts) if parts else None


@functools.cache
def usable_folder(path):
    """Return a folder if it is there, or can be made, and nobody else can write to it: its files are run.

    Nor may others put another folder in its place.
    """
    try:
        os.makedirs(path, 0o755, exist_ok=True)
        inner, outer = os.stat(path), os.stat(os.path.dirname(path))
    except OSError as error:
        log.info("compiled kernels are not kept: %r", error)
        return None
    for about, writable in (inner, 0o022), (outer, 0 if outer.st_mode & stat.S_ISVTX else 0o022):
        if hasattr(os, "getuid") and (about.st_uid not in (0, os.getuid()) or about.st_mode & writable):
            log.info("compiled kernels are not kept: others can write to %s", path)
            return None
    with contextlib.suppress(OSError):
        os.utime(path)                                      # it is in use
    return path


@functools.cache
def remove_old_folders(base):
    """Remove what other versions left, if nobody has used it for long; once in a process."""
    try:
        others = [entry for entry in os.scandir(base) if FOLDER.fullmatch(entry.name) and entry.is_dir()]
        others.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for place, entry in enumerate(others):
            if place >= FOLDERS or time.time() - entry.stat().st_mtime > DAYS * 86400:
                for file in Path(entry.path).iterdir():
                    if file.suffix in (SUFFIX, UNFINISHED):
                        file.unlink()
                os.rmdir(entry.path)
    except OSError as error:
        log.info("could not remove old kernels from %s: %r", base, error)


def digest(*parts):
    """Return a short digest of texts and bytes."""
    data = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return hashlib.blake2b(b"".join(b"%d:%s" % (len(part), part) for part in data), digest_size=8).hexdigest()
