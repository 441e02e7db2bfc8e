"""Four ways to compute one thing, which must agree: fused, without optimisations, eager, and by the reference."""
import numpy as np
import reference_backend

from numbacnn import testing


def compare(computed, *arguments, tolerance):
    """Compare what `computed(*arguments, device=device)` returns, arrays, in each way with the reference."""
    found = {"fused": computed(*arguments), "reference": computed(*arguments, device=reference_backend.DEVICE)}
    with testing.settings(fuse=False):
        found["unfused"] = computed(*arguments)
    with testing.settings(eager=True):
        found["eager"] = computed(*arguments)
    for way, results in found.items():
        for got, wanted in zip(results, found["reference"], strict=True):
            np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=way)
