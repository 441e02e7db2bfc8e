"""Schedules of learning rates. Make one after the optimiser, and call its ``step`` after the optimiser's."""
from numbacnn.optim.lr_scheduler.combine import ChainedScheduler, SequentialLR
from numbacnn.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from numbacnn.optim.lr_scheduler.cycle import CyclicLR, OneCycleLR
from numbacnn.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from numbacnn.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from numbacnn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]
