"""What is measured and tested where there is a GPU: `python tests/gpu/run.py`; see README.md."""
import sys
from pathlib import Path

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "asv_benchmarks")
if BENCHMARKS not in sys.path:                           # networks, layers and data of the benchmarks on CPUs
    sys.path.append(BENCHMARKS)
