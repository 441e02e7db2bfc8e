"""The cases on which every public op is tried: shapes, options, numbers, and what must come out of each.

One file per family of ops: `CASES` drives test_ops.py and test_oracle.py; `REFUSED` holds calls that must fail, and
the words with which; `counterparts` names the same functions of PyTorch. An op in `SUMS` adds up products: its rounding
error is at most (terms) * u * the same sum of absolute values. In one of `EXACT` nothing is rounded, or each number
once: equal to NumPy's to the bit. A new op needs rows here, and a function in op_reference/.
"""
import importlib
import pkgutil

FAMILIES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
            if found.name != "rows"]
CASES = [case for family in FAMILIES for case in family.CASES]
REFUSED = [case for family in FAMILIES for case in family.REFUSED]
SUMS = {op for family in FAMILIES for op in getattr(family, "SUMS", ())}
EXACT = {op for family in FAMILIES for op in getattr(family, "EXACT", ())}


def counterparts(torch):
    """PyTorch's function for each op."""
    return {op: function for family in FAMILIES for op, function in family.counterparts(torch).items()}
