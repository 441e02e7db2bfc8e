"""Where windows lie."""
import numpy as np


def seen(size, pixel, window, stride, padding, dilation=(1, 1)):
    """Yield (kh, kw, h, w): through which place of its window a pixel of the output sees which pixel of the input."""
    for kh, kw in np.ndindex(*window):
        h = pixel[0] * stride[0] - padding[0] + kh * dilation[0]
        w = pixel[1] * stride[1] - padding[1] + kw * dilation[1]
        if 0 <= h < size[0] and 0 <= w < size[1]:
            yield kh, kw, h, w
