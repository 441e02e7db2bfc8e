"""The command `numbacnn predict`: what a trained network sees in images of the user's."""
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from numbacnn.autograd import no_grad
from numbacnn.conversion import tensor
from numbacnn.datasets import read_image
from numbacnn.train.console import CompileNotice
from numbacnn.train.errors import CommandError
from numbacnn.train.loop import softmax
from numbacnn.train.run import load_run
from numbacnn.train.tasks import normalisation

TOP = 3
LUMINANCE = np.array([0.299, 0.587, 0.114])              # ITU-R BT.601, as Pillow converts colours to grey


def predict(run: str, images: Sequence[str], invert: bool = False) -> int:
    """Print the most probable classes of each image.

    Parameters
    ----------
    run : str
        A folder that `numbacnn train` made.
    images : sequence of str
        Image files; ``.npy`` files hold an array (H, W) or (H, W, 3), uint8 or floating point from 0 to 1.
    invert : bool
        Whether the images are dark on light, unlike those the network was trained on.

    Returns
    -------
    int
        Exit status 0.
    """
    config, model = load_run(Path(run))
    pixels = [read_pixels(Path(image)) for image in images]
    for image, values in zip(images, pixels, strict=True):
        if not invert and looks_inverted(values):
            print(f"numbacnn predict: {image} looks dark on light; with --invert it would be turned", file=sys.stderr)
    prepare = normalisation(config.mean, config.std)
    batch = np.stack([prepare(resize(1 - values if invert else values, config.image_size)) for values in pixels])
    with CompileNotice(sys.stderr), no_grad():
        logits = model(tensor(batch)).numpy()
    if not np.isfinite(logits).all():
        raise CommandError(f"predict: the outputs of the network in {run} must be finite, got {logits.ravel()[0]}; "
                           f"its training ended so: {config.outcome}")
    for image, probabilities in zip(images, softmax(logits), strict=True):
        best = np.argsort(-probabilities)[:TOP]
        shown = ", ".join(f"{config.classes[i]} {probabilities[i]:.4f}" for i in best)
        print(f"{image}: {config.classes[best[0]]}  ({shown})")
    return 0


def read_pixels(path: Path) -> np.ndarray:
    """A grey image (H, W) in float64, from 0 (black) to 1 (white)."""
    try:
        image = np.load(path) if path.suffix == ".npy" else read_image(path, grey=True)
    except (OSError, ValueError, EOFError, ImportError) as error:
        raise CommandError(f"predict: {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if image.shape[2:] not in ((), (3,)) or image.ndim < 2 or image.size == 0:
        raise CommandError(f"predict: {path} must hold an image (H, W) or (H, W, 3), got {image.shape}")
    if image.dtype != np.uint8 and image.dtype.kind not in "fb":
        raise CommandError(f"predict: {path} must hold uint8 or floating point numbers, got {image.dtype}")
    values: np.ndarray = image.astype(np.float64) / (255 if image.dtype == np.uint8 else 1)
    if not (values.min() >= 0 and values.max() <= 1):
        raise CommandError(f"predict: {path} must hold numbers from 0 (black) to 1 (white), got {values.min():g} to "
                           f"{values.max():g}")
    return values if values.ndim == 2 else np.dot(values, LUMINANCE)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image in another size, as float32: each new pixel is the mean of what it covers."""
    height, width = (shares(new, old) for new, old in zip(size, image.shape, strict=True))
    resized: np.ndarray = (height @ image @ width.T).astype(np.float32)
    return resized


def shares(new: int, old: int) -> np.ndarray:
    """How much each of `old` pixels in a row weighs in each of `new` pixels: shape (new, old)."""
    edges = np.arange(new + 1) * (old / new)
    begin, end = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    covered: np.ndarray = np.minimum(end, pixels + 1) - np.maximum(begin, pixels)
    return covered.clip(0) * (new / old)


def looks_inverted(image: np.ndarray) -> bool:
    """Whether most of the border is light: what is in the middle is dark then."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(np.median(border) > 0.5)
