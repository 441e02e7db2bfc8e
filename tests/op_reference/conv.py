"""Convolution: padded, and added up tap by tap."""
import numpy as np

from op_reference.made import positions


def convolution(axes):
    """The convolution along so many axes."""
    def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        stride, dilation, window = each(stride, axes), each(dilation, axes), weight.shape[2:]
        batch = x if x.ndim == axes + 2 else x[None]
        borders = [(p, p) for p in each(padding if not isinstance(padding, str) else 0, axes)]
        if padding == "same":
            both = [d * (k - 1) for k, d in zip(window, dilation, strict=True)]
            borders = [(n // 2, n - n // 2) for n in both]
        batch = np.pad(batch, [(0, 0), (0, 0), *borders])
        size = [len(positions(*axis)) for axis in zip(batch.shape[2:], window, stride, dilation, strict=True)]
        y = np.zeros((len(batch), len(weight), *size))
        for o, c, tap in products(weight, len(weight), batch.shape[1], groups):
            seen = [slice(t * d, t * d + (n - 1) * s + 1, s)
                    for t, d, n, s in zip(tap, dilation, size, stride, strict=True)]
            y[:, o] += np.einsum("nc...,oc->no...", batch[:, c, *seen], weight[o, :, *tap])
        y += 0 if bias is None else bias.reshape(-1, *[1] * axes)
        return y if x.ndim == axes + 2 else y[0]
    return conv


def transposed(axes):
    """The transposed convolution along so many axes: all that is written, and then cut."""
    def conv(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        stride, padding, more, dilation = (each(n, axes) for n in (stride, padding, output_padding, dilation))
        batch, window, outputs = x if x.ndim == axes + 2 else x[None], weight.shape[2:], weight.shape[1] * groups
        whole = [(n - 1) * s + d * (k - 1) + 1 + m
                 for n, s, d, k, m in zip(batch.shape[2:], stride, dilation, window, more, strict=True)]
        y = np.zeros((len(batch), outputs, *whole))
        for c, o, tap in products(weight, len(weight), outputs, groups):
            where = [slice(t * d, t * d + (n - 1) * s + 1, s)
                     for t, d, n, s in zip(tap, dilation, batch.shape[2:], stride, strict=True)]
            y[:, o, *where] += np.einsum("nc...,co->no...", batch[:, c], weight[c, :, *tap])
        y = y[:, :, *[slice(p, n - p) for p, n in zip(padding, whole, strict=True)]]
        y = y if bias is None else y + bias.reshape(-1, *[1] * axes)
        return y if x.ndim == axes + 2 else y[0]
    return conv


def products(weight, first, second, groups):
    """Yield which first and second channels of each group see each other, through each tap."""
    for g in range(groups):
        of_first, of_second = (slice(n // groups * g, n // groups * (g + 1)) for n in (first, second))
        for tap in np.ndindex(weight.shape[2:]):
            yield of_first, of_second, tap


def each(value, axes):
    """An option for each axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    window, dilation, padding, stride = (each(n, 2) for n in (kernel_size, dilation, padding, stride))
    batch = np.pad(x if x.ndim == 4 else x[None], [(0, 0), (0, 0), *[(p, p) for p in padding]])
    places = [positions(*axis) for axis in zip(batch.shape[2:], window, stride, dilation, strict=True)]
    rows = batch.shape[1] * int(np.prod(window))
    columns = [batch[:, :, h:h + dilation[0] * (window[0] - 1) + 1:dilation[0],
                     w:w + dilation[1] * (window[1] - 1) + 1:dilation[1]].reshape(len(batch), rows)
               for h in places[0] for w in places[1]]
    y = np.stack(columns, axis=2)
    return y if x.ndim == 4 else y[0]


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    batch, size = x if x.ndim == 3 else x[None], each(output_size, 2)
    channels = batch.shape[1] // int(np.prod(each(kernel_size, 2)))
    pixels = np.arange(1, 1 + channels * size[0] * size[1]).reshape(1, channels, *size)      # 0 is the border
    where = unfold(pixels, kernel_size, dilation, padding, stride)[0]
    y = np.zeros((len(batch), 1 + pixels.size))
    for n in range(len(batch)):
        np.add.at(y[n], where, batch[n])
    y = y[:, 1:].reshape(len(batch), channels, *size)
    return y if x.ndim == 3 else y[0]


conv1d, conv2d, conv3d = map(convolution, (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = map(transposed, (1, 2, 3))
