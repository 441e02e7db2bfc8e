"""Every kernel of the contract, and every function, runs as plain Python: with NUMBA_DISABLE_JIT=1, without a warning.

A second process runs rows of the table of op cases, and tests of what no row calls; this file comes last there, and
looks whether anything is missing.
"""
import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numbacnn_cpu import program
from test_contract import CONTRACT, FUNCTION_NAMES

INTERPRETED = bool(numba.config.DISABLE_JIT)
CHOSEN = [
    "test_ops.py::test_values_and_gradients_are_those_of_the_reference", "test_kernels.py::test_conv",
    "test_kernels.py::test_conv_special", "test_kernels.py::test_conv_of_any_geometry", "test_kernels.py::test_linear",
    "test_kernels.py::test_norm", "test_kernels.py::test_known_answers_of_philox",
    "test_kernels.py::test_dropout_drops_as_many_as_it_should", "test_fused.py",
    "test_averages.py::test_moving_averages", "test_clip.py::test_kernels_are_those_of_the_contract",
    "test_index.py::test_assignment_gives_a_tensor_another_value", "test_layer_norms.py::test_kernels",
    "test_optim_kernels.py::test_steps_are_those_of_the_formulas",
    "test_random_numbers.py::test_kernels_do_what_the_reference_does",
    "test_random_numbers.py::test_bernoulli_and_normal", "test_interpreted.py"]
QUICK = "not many and (not float64 or patches)"           # many channels, images ... take long
ran = set()

if INTERPRETED:
    lower_all = program.lower_all

    def noting(calls):
        """Lower calls, and remember their ops."""
        ran.update(op for op, _ in calls)
        return lower_all(calls)

    program.lower_all = noting


@pytest.mark.skipif(INTERPRETED, reason="this is the second process")
def test_everything_runs_interpreted():
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-m", "not oracle", "-k",
                           QUICK, *[str(here / each) for each in CHOSEN]],
                          capture_output=True, text=True, check=False, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not INTERPRETED, reason="kernels are compiled")
def test_no_kernel_is_missing():
    missing = {*CONTRACT, *FUNCTION_NAMES} - ran
    assert not missing, sorted(missing)
