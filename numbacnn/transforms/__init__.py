"""Image transforms, with torchvision's names and meanings, for one image or a stack of images."""
from numbacnn.transforms.compose import Compose, Lambda, Transform
from numbacnn.transforms.crop import Pad, RandomCrop
from numbacnn.transforms.tensor import Normalize, ToTensor

__all__ = [
    "Compose",
    "ToTensor",
    "Normalize",
    "Pad",
    "RandomCrop",
    "Lambda",
    "Transform",
]
