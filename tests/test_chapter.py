"""The textbook's program runs, with nothing but its import lines changed, on files in MNIST's format under ./data."""
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

from numbacnn.datasets import Digits

LISTING = Path(__file__).resolve().parents[1] / "examples" / "chapter_simple_cnn.py"


def write_idx(path, values):
    header = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())


def test_the_listing_learns(tmp_path):
    """On the digits of the package, three times as large, each five times in an epoch."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part, name in (Digits(train=True), "train"), (Digits(train=False), "t10k"):
        images = np.kron(part.data, np.ones((1, 3, 3), np.uint8))
        times = 5 if name == "train" else 1
        images = np.pad(images, ((0, 0), (2, 2), (2, 2))).repeat(times, axis=0)
        write_idx(folder / f"{name}-images-idx3-ubyte", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte", part.targets.repeat(times))
    done = subprocess.run([sys.executable, LISTING], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^Train Batch: (\d+), Loss: (\d+\.\d{4})$", done.stdout, re.MULTILINE)
    assert [batch for batch, _ in found] == ["0", "100"]
    first, last = (float(loss) for _, loss in found)
    assert 1.5 < first < 4.5
    assert last < 0.5


def test_only_import_lines_name_the_package():
    code = LISTING.read_text(encoding="utf-8").split('"""', 2)[2]
    imports = [line for line in code.splitlines() if re.match(r"(import|from) ", line)]
    assert len(imports) == 6
    assert not [line for line in code.splitlines() if "numbacnn" in line and line not in imports]
