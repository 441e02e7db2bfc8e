"""What a user waits for before the first result. Each figure is the time of a whole process of its own."""
import os
import subprocess
import sys
import tempfile

from . import common

IMPORT = "import numbacnn"
FIRST_STEP = """
import numpy as np
import numbacnn
from numbacnn import nn, optim

model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 13 * 13, 10))
optimizer = optim.Adam(model.parameters(), lr=0.001)
x = numbacnn.tensor(np.zeros((64, 1, 28, 28), np.float32))
loss = nn.CrossEntropyLoss()(model(x), numbacnn.tensor(np.arange(64) % 10))
loss.backward()
optimizer.step()
assert np.isfinite(loss.item())
"""


def run(program, cache):
    """Run a program in a new process, with Numba's compile cache in a given folder."""
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})


class Startup:
    """From starting Python to its end, with the compile cache filled."""

    number = 1
    repeat = (3, 10, 20.0)
    warmup_time = 0
    timeout = 300

    def setup_cache(self):
        """Fill a compile cache."""
        cache = os.path.abspath("compile-cache")    # asv makes a folder for this, and removes it
        run(FIRST_STEP, cache)
        return cache

    def setup(self, cache):
        common.skip_without_backend()

    def time_python(self, cache):
        """Nothing at all: what the others contain."""
        run("pass", cache)

    def time_import(self, cache):
        run(IMPORT, cache)

    def time_first_step(self, cache):
        run(FIRST_STEP, cache)


class EmptyCache:
    """The first training step with nothing compiled yet."""

    number = 1
    repeat = 2
    warmup_time = 0
    timeout = 300

    def setup(self):
        common.skip_without_backend()

    def time_first_step(self):
        with tempfile.TemporaryDirectory() as cache:
            run(FIRST_STEP, cache)
