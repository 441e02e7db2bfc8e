"""Image transforms, with torchvision's names, defaults and meanings, for one image or a stack of images.

An image is one of these, here and in every transform:

- a PIL image of mode 1, L, LA, RGB, RGBA or F. The result is a PIL image, too;
- an array (H, W) or (H, W, C) of uint8, 0 to 255: what `ToTensor` takes;
- a tensor, or an array, (C, H, W) or (H, W) of floating point numbers, usually 0 to 1: what `ToTensor` gives.

So the dtype says where the channels are. Flips, crops and padding take arrays of bool as well, laid out as uint8.
Channels are independent of each other, transparency (RGBA) included; only transforms of colours look at three at once.
No transform works in place, and the dtype of an array stays, except in `ToTensor`.

Pillow (`pip install numbacnn[data]`) resizes and turns 8-bit images, arrays too; everything else is NumPy.

Random transforms take a fixed number of random numbers for each image, whatever happens to it. So a stack of images
comes out as its images do one by one, to the bit, also from a chain of several random transforms.
"""
from numbacnn.transforms.affine import RandomAffine, RandomRotation
from numbacnn.transforms.blur import GaussianBlur
from numbacnn.transforms.choice import RandomApply, RandomChoice, RandomOrder
from numbacnn.transforms.color import ColorJitter
from numbacnn.transforms.compose import Compose, Lambda, Transform
from numbacnn.transforms.crop import CenterCrop, RandomCrop
from numbacnn.transforms.erase import RandomErasing
from numbacnn.transforms.flip import RandomHorizontalFlip, RandomVerticalFlip
from numbacnn.transforms.grey import Grayscale, RandomGrayscale
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.mix import CutMix, MixUp
from numbacnn.transforms.options import InterpolationMode
from numbacnn.transforms.pad import Pad
from numbacnn.transforms.resize import RandomResizedCrop, Resize
from numbacnn.transforms.tensor import Normalize, ToTensor

__all__ = [
    "Compose",
    "ToTensor",
    "Normalize",
    "Lambda",
    "Resize",
    "CenterCrop",
    "Pad",
    "RandomCrop",
    "RandomResizedCrop",
    "RandomHorizontalFlip",
    "RandomVerticalFlip",
    "RandomRotation",
    "RandomAffine",
    "InterpolationMode",
    "ColorJitter",
    "Grayscale",
    "RandomGrayscale",
    "GaussianBlur",
    "RandomErasing",
    "RandomApply",
    "RandomChoice",
    "RandomOrder",
    "MixUp",
    "CutMix",
    "Transform",
    "ImageTransform",
]
