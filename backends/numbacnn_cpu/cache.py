"""Keep compiled kernels on disk: Numba's cache, fresh while no file of this package has changed.

Numba looks at the kernel's own file alone, and a damaged entry stops it at every later start. What is compiled is told
to the log `numbacnn`.
"""
import functools
import hashlib
import logging
import time
from pathlib import Path

from numba import config
from numba.core import caching

log = logging.getLogger("numbacnn")
names = set()                           # of our functions that have a cache


def open_cache(function):
    """Return the cache of a function, or one that only speaks where no folder can be written."""
    try:
        return KernelCache(function)
    except RuntimeError:
        return NoCache(function)


class Announced:
    """Tell the log what is compiled, before, and how long it took, after."""

    def announce(self, signature):
        arrays = (str(kind.dtype) for kind in signature if hasattr(kind, "dtype"))
        self.started, self.title = time.perf_counter(), f"{self.name} ({', '.join(dict.fromkeys(arrays))})"
        log.info("compiling %s", self.title)

    def report(self):
        log.debug("compiled %s in %.2f s", self.title, time.perf_counter() - self.started)


class PackageStamp:
    """What makes an entry fresh: the text of all files of the package, and of the kernel's own."""

    def get_source_stamp(self):
        """Return what an entry must have been stored with."""
        return package_digest(), super().get_source_stamp()

    def get_disambiguator(self):
        """Return what names files beside the function: no line number, or entries would stay when lines move."""
        return "kernel"


@functools.cache
def package_digest():
    """Return a digest of all files of the package."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


class KernelCacheFiles(caching.CompileResultCacheImpl):
    """Numba's choice of a folder, with our stamp."""

    _locator_classes = tuple(type(locator.__name__, (PackageStamp, locator), {}) for locator in (
        caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator))


class KernelCache(caching.FunctionCache, Announced):
    """The compiled forms of one function."""

    _impl_class = KernelCacheFiles

    def __init__(self, function):
        super().__init__(function)
        self.name, self.ours = function.__name__, function.__module__.startswith(f"{__package__}.")
        if self.ours:
            key = function.__module__, function.__qualname__
            if key in names:
                raise ValueError(f"{key[0]}: two kernels are called {key[1]}, and would share a cache entry")
            names.add(key)

    def load_overload(self, signature, target_context):
        try:
            found = super().load_overload(signature, target_context)
            if found is not None and tuple(found.signature.args) != tuple(signature):
                raise ValueError("two processes wrote one file")       # Numba's cache has no lock
        except Exception as error:          # a cut pickle raises nearly anything
            log.info("dropping a damaged cache entry of %s: %r", self.name, error)
            self.drop()
            found = None
        if found is None:
            self.announce(signature)
        return found

    def save_overload(self, signature, result):
        self.report()
        try:
            super().save_overload(signature, result)
        except Exception as error:          # a full disk, or an index that another process damaged meanwhile
            log.info("could not cache %s: %r", self.name, error)
            self.drop()

    def drop(self):
        try:
            self.flush()
        except OSError as error:
            log.info("could not empty the cache of %s: %r", self.name, error)

    def _index_key(self, signature, codegen):
        """Return what distinguishes the entries of a function, bounds checks among it.

        Of ours the stamp covers the code. Numba would add what a function made by a factory refers to, which has no
        stable form when it is a compiled function.
        """
        key = (signature, codegen.magic_tuple()) if self.ours else super()._index_key(signature, codegen)
        return *key, config.BOUNDSCHECK


class NoCache(caching.NullCache, Announced):
    """Stands in where nothing can be written."""

    def __init__(self, function):
        self.name = function.__name__

    def load_overload(self, signature, target_context):
        self.announce(signature)

    def save_overload(self, signature, result):
        self.report()


def cache_folder():
    """Return where compiled kernels are kept, or None."""
    try:
        return KernelCacheFiles(cache_folder).locator.get_cache_path()
    except RuntimeError:
        return None
