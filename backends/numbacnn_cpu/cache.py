"""Keep compiled kernels on disk: a file for each kernel and types, in the folder of this version of everything.

So nothing stale is ever loaded. A file begins with a digest of its name and content: one that is cut, altered or
misplaced is dropped, and compiled anew. Numba's own cache does not look, and LLVM may end the process when it is given
damaged code. What is compiled is told to the log `numbacnn`.
"""
import hashlib
import logging
import marshal
import pickle
import re
import time
import uuid
from pathlib import Path

from numba.core import serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult

from . import notice
from .cache_folder import SUFFIX, UNFINISHED, cache_folder, digest, remove_old_folders

log = logging.getLogger("numbacnn")
names = set()                           # of our functions that have a cache


class KernelCache(NullCache):
    """The compiled forms of one function, as Numba's dispatchers ask for them."""

    def __init__(self, function):
        self.name = function.__name__
        self.identity = identity_of(function)

    @property
    def cache_path(self):
        return cache_folder()

    def load_overload(self, signature, target_context):
        """Return what was compiled for a signature, or None."""
        target_context.refresh()                            # as Numba's own cache does: it needs to be initialised
        found = self.stored(signature, target_context)
        if found is None:
            self.announce(signature)
        return found

    def announce(self, signature):
        """Tell the user what is compiled."""
        self.started, self.title = time.perf_counter(), f"{self.name} ({dtypes(signature)})"
        notice.show(self.title)

    def has(self, signature):
        """Whether there is a file for a signature, of which it is not known yet whether it is damaged."""
        path = self.path(signature)
        return path is not None and path.exists()

    def stored(self, signature, target_context):
        """Return what is on disk, or None; a damaged file is removed."""
        path = self.path(signature)
        if path is None or not path.exists():
            return None
        try:
            found = CompileResult._rebuild(target_context, *pickle.loads(checked(path)))
            if found.signature.args != tuple(signature):
                raise ValueError(f"it is for {found.signature.args}")
            return found
        except Exception as error:                          # a pickle raises nearly anything
            log.info("dropping a damaged cache entry of %s: %r", self.name, error)
            remove(path)
            return None

    def save_overload(self, signature, result):
        """Keep what was compiled for a signature."""
        notice.clear()
        log.debug("compiled %s in %.2f s", self.title, time.perf_counter() - self.started)
        path = self.path(signature)
        if path is None or result.library.has_dynamic_globals:          # an address of this process is in the code
            return
        try:
            write(path, serialize.dumps(result._reduce()))
        except Exception as error:                          # a full disk, or a folder that may only be read
            log.info("could not cache %s: %r", self.name, error)

    def path(self, signature):
        """Return the file of a signature, or None if there is no place for it."""
        folder = self.identity and cache_folder()
        if not folder:
            return None
        readable = re.sub(r"\W", "", self.name)
        return Path(folder, f"{readable}-{digest(self.identity, repr(tuple(signature)))}{SUFFIX}")


def identity_of(function):
    """Return what tells a function from all others, or None if there is nothing that stays.

    Of ours the folder covers the code. What a stranger's function refers to is not looked at, but for its file.
    """
    key = function.__module__, function.__qualname__
    if key[0].startswith(f"{__package__}."):
        if key in names:
            raise ValueError(f"{key[0]}: two kernels are called {key[1]}, and would share a cache entry")
        names.add(key)
        return ".".join(key)
    try:
        source = Path(function.__code__.co_filename).read_bytes()
    except OSError:                                         # it was typed at a prompt
        return None
    return None if function.__closure__ else digest(*key, marshal.dumps(function.__code__), source)


def dtypes(signature):
    """Return the types of the arrays, to be shown."""
    return ", ".join(dict.fromkeys(str(kind.dtype) for kind in signature if hasattr(kind, "dtype")))


# --- files -----------------------------------------------------------------------------------------------------------

def checked(path):
    """Return the content of a file whose digest is right."""
    data = path.read_bytes()
    begin, content = data[:32], data[32:]
    if begin != seal(path, content):
        raise ValueError("its digest is wrong")
    return content


def write(path, content):
    """Write a file with its digest, at once: other processes see all of it or nothing."""
    remove_old_folders(str(path.parent.parent))
    path.parent.mkdir(0o755, parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}{UNFINISHED}")
    try:
        part.write_bytes(seal(path, content) + content)
        part.replace(path)
    finally:
        remove(part)


def seal(path, content):
    """Return the digest with which a file begins: of its name too, so that it means nothing under another."""
    return hashlib.blake2b(content, digest_size=32, key=path.name.encode()[-64:]).digest()


def remove(path):
    """Remove a file if it is there and may be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.info("could not remove %s: %r", path, error)
