"""Where compiled kernels are kept: a folder for each version of everything that they depend on.

Everything is this package's source, that of elementwise functions (numbacnn/kernels/functions), Python, Numba, LLVM,
the processor and the settings that change code. Folders that nobody uses any more are removed.
"""
import functools
import logging
import os
import re
import sys
import time
from pathlib import Path

import llvmlite
import numba
from numba.core import config
from numba.core.registry import cpu_target

from numbacnn.cache_folder import base_folder, digest, usable_folder
from numbacnn.kernels import functions

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
