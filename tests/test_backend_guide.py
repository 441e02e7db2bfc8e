"""The backend that backends/README.md makes is found by its entry point, and computes."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "backends" / "README.md").read_text(encoding="utf-8")

PROGRAM = """
import numbacnn
from numbacnn.nn import functional as F
x = numbacnn.tensor([[-1.0, 2.0], [3.0, -4.0]], requires_grad=True)
y = F.relu(x + x) + x
assert str(y.device) == "plain", y.device
print(y.detach().numpy().tolist())
"""


@pytest.mark.parametrize("eager", ["0", "1"])
def test_the_backend_of_the_guide_computes(tmp_path, eager):
    package, installed = tmp_path / "numbacnn_plain", tmp_path / "numbacnn_plain-1.dist-info"
    package.mkdir()
    installed.mkdir()
    (package / "__init__.py").write_text("\n\n".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)))
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: numbacnn-plain\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[numbacnn.backends]\nplain = numbacnn_plain\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, text=True, capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": path, "NUMBACNN_BACKEND": "plain", "NUMBACNN_EAGER": eager})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[[-1.0, 6.0], [9.0, -4.0]]\n"
