"""Optimisers: one recorded kernel call updates all parameters of a group."""
from numbacnn.optim import lr_scheduler, swa_utils
from numbacnn.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from numbacnn.optim.lion import Lion
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.rmsprop import Adadelta, Adagrad, RMSprop
from numbacnn.optim.sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "NAdam", "Optimizer", "RAdam", "RMSprop",
           "lr_scheduler", "swa_utils"]
