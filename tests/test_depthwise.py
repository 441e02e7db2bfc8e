"""Depthwise convolutions of any geometry, against the definition: windows may leave the image at any side."""
import numpy as np
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba import config

import numbacnn as nb
from numbacnn.nn import functional as F


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="minutes")
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 2), st.sampled_from([1, 3, 8, 17, 33]), st.integers(1, 14), st.integers(1, 14),
       st.sampled_from([(1, 1), (3, 3), (2, 3)]), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4),
       st.integers(0, 4), st.integers(1, 2), st.integers(1, 2))
def test_any_geometry(images, channels, height, width, taps, sh, sw, ph, pw, dh, dw):
    height, width = max(height, (taps[0] - 1) * dh + 1 - 2 * ph), max(width, (taps[1] - 1) * dw + 1 - 2 * pw)
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape) for shape in (
        (images, channels, height, width), (channels, 1, *taps), (channels,)))
    with nb.no_grad():
        y = F.conv2d(*map(nb.tensor, (x, weight, bias)), stride=(sh, sw), padding=(ph, pw), dilation=(dh, dw),
                     groups=channels).numpy()
    wanted = np.empty(y.shape)
    reference.conv2d(x, weight, bias, wanted, sh, sw, ph, pw, dh, dw, channels)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max(initial=1))
