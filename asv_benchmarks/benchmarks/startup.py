"""What a user waits for before the first result. Each figure is the time of a whole process of its own."""
import os
import subprocess
import sys
import tempfile

from . import common, first_step

NETWORKS = ("SimpleCNN", "ResNet-18")


def train(name, cache):
    """Train a network in a new process that keeps compiled kernels in a given folder."""
    folders = {"NUMBACNN_CACHE_DIR": cache, "NUMBA_CACHE_DIR": cache}          # old commits know the second one only
    first_step.run("numbacnn", name, environment={**os.environ, **folders})


class Startup:
    """From starting Python to its end."""

    param_names = ("program",)
    params = (["pass", "import numbacnn"],)     # nothing at all is what the others contain
    number = 1
    repeat = (3, 10, 20.0)
    warmup_time = 0

    def setup(self, program):
        common.skip_without_backend()

    def time_program(self, program):
        subprocess.run([sys.executable, "-c", program], check=True)


class FirstStep:
    """From starting Python to the end of the first training steps, with all kernels on disk."""

    param_names = ("network",)
    params = (NETWORKS,)
    number = 1
    repeat = (2, 5, 20.0)
    warmup_time = 0
    timeout = 300

    def setup_cache(self):
        """Have all kernels compiled and kept."""
        cache = os.path.abspath("compile-cache")    # asv makes a folder for this, and removes it
        for name in NETWORKS:
            train(name, cache)
        return cache

    setup_cache.timeout = 600

    def setup(self, cache, name):
        common.skip_without_backend()

    def time_first_step(self, cache, name):
        train(name, cache)


class EmptyCache:
    """The first training steps with nothing compiled yet."""

    param_names = ("network",)
    params = (NETWORKS,)
    number = 1
    repeat = 1
    warmup_time = 0
    timeout = 300

    def setup(self, name):
        common.skip_without_backend()

    def time_first_step(self, name):
        with tempfile.TemporaryDirectory() as cache:
            train(name, cache)
