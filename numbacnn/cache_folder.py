"""The folder in which backends keep compiled kernels, and whether it can be trusted: its files are run."""
import contextlib
import functools
import hashlib
import logging
import os
import stat
import sys

VARIABLE, NUMBA_VARIABLE = "NUMBACNN_CACHE_DIR", "NUMBA_CACHE_DIR"
log = logging.getLogger("numbacnn")


def base_folder() -> str | None:
    """Return the folder of all versions: NUMBACNN_CACHE_DIR, or in NUMBA_CACHE_DIR, or where the system keeps such."""
    if os.environ.get(VARIABLE):
        return os.path.abspath(os.path.expanduser(os.environ[VARIABLE]))
    if os.environ.get(NUMBA_VARIABLE):
        return os.path.join(os.path.abspath(os.environ[NUMBA_VARIABLE]), "numbacnn")
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
def usable_folder(path: str) -> str | None:
    """Return a folder if it is there, or can be made, and nobody else can write to it: its files are run.

    Nor may others put another folder in its place.

    Parameters
    ----------
    path : str
        Of the folder.
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


def digest(*parts: str | bytes) -> str:
    """Return a short digest of texts and bytes.

    Parameters
    ----------
    *parts : str or bytes
        In an order that counts.
    """
    data = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return hashlib.blake2b(b"".join(b"%d:%s" % (len(part), part) for part in data), digest_size=8).hexdigest()
