"""Ops against PyTorch, in float64: every row of op_table/ that it knows. Shapes that nobody thought of: other files.

Of these, test_conv_axes_oracle.py has convolutions, test_pooling_oracle.py windows and other sizes, test_loss_oracle.py
losses and softmax, test_norm_properties.py normalisation, test_reductions_oracle.py reductions and products,
test_oracle_elementwise.py what is computed number by number, test_oracle_picking.py what picks, joins and sorts.
"""
import pytest
from beside_torch import compare, torch
from op_table import CASES, counterparts

from numbacnn import ops

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:Using padding='same'"),
              pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total")]

TORCH = counterparts(torch)
NOT_THERE = {op for op in ops.__all__ if "dropout" in op}                         # draw other numbers


def test_every_op_has_its_counterpart():
    assert set(ops.__all__) == set(TORCH) | NOT_THERE


DIFFERENT = {                                            # PyTorch's gradients: errors, NaN of nothing and infinity
    "softsign-4x4x4-special",
    "group_norm-2x4x3x5,2-without-weight", "group_norm-2x4x5,2-without-weight", "instance_norm-0x4x3-no-images",
    "group_norm-2x4x3x0,2-no-pixels", "group_norm-2x4x0,2-no-numbers",
}


@pytest.mark.parametrize("case", [case for case in CASES if case.op not in NOT_THERE and case.id not in DIFFERENT],
                         ids=lambda case: case.id)
def test_cases(case):
    arrays, op = case.values(), TORCH[case.op]
    compare(lambda *x: case.call(x), lambda *x: case.result(op(*x, *case.arguments, **case.options)), *arrays.values(),
            constants=[n for n, name in enumerate(arrays) if name not in case.differentiable])
