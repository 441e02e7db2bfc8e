"""The hue of colours."""
import numpy as np


def turn_hue(x: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Images (N, 3, H, W) whose hues are turned by parts (N,) of the circle; brightest and darkest channel stay.

    With M and m the greatest and the least channel, chroma M - m and the hue h in [0, 6), which is 0 for red, 2 for
    green and 4 for blue, channel n is M - (M - m) * clip(min(k, 4 - k), 0, 1), where k = (n + h) mod 6 and n = 5, 3, 1.
    """
    red, green, blue = x[:, 0], x[:, 1], x[:, 2]
    most, least = x.max(axis=1), x.min(axis=1)
    chroma = most - least
    safe = np.where(chroma == 0, 1, chroma)
    hue = np.where(most == red, (green - blue) / safe,
                   np.where(most == green, 2 + (blue - red) / safe, 4 + (red - green) / safe))
    hue += (6 * turn).astype(x.dtype)[:, None, None]
    y = np.empty_like(x)
    for channel, n in enumerate((5, 3, 1)):
        k = np.mod(n + hue, 6)
        y[:, channel] = most - chroma * np.clip(np.minimum(k, 4 - k), 0, 1)
    return y
