"""Optimisers: one recorded kernel call updates all parameters of a group."""
from numbacnn.optim.adam import Adam, AdamW
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
