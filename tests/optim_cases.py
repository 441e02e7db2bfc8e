"""Optimisers with options of every kind, and what they are tested on."""
import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn

SHAPES = [(4, 3, 3, 3), (4,), (10, 7), (3,), (), (2, 2, 2)]
OPTIMISERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd-decay": ("SGD", {"lr": 0.1, "weight_decay": 0.05}),
    "sgd-momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd-dampening": ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.01}),
    "sgd-nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam-decay": ("Adam", {"lr": 0.02, "betas": (0.7, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    "adam-amsgrad": ("Adam", {"lr": 0.02, "betas": (0.8, 0.6), "amsgrad": True, "weight_decay": 0.1}),
    "adam-decoupled": ("Adam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "adamw": ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    "adamw-defaults": ("AdamW", {}),
    "adamw-amsgrad": ("AdamW", {"lr": 0.02, "betas": (0.9, 0.7), "amsgrad": True}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop-decay": ("RMSprop", {"lr": 0.02, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
    "rmsprop-momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop-centered": ("RMSprop", {"centered": True, "alpha": 0.9, "weight_decay": 0.01}),
    "rmsprop-both": ("RMSprop", {"centered": True, "momentum": 0.8, "alpha": 0.95}),
    "adagrad": ("Adagrad", {}),
    "adagrad-options": ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.3,
                                    "eps": 1e-4}),
    "adadelta": ("Adadelta", {}),
    "adadelta-options": ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1}),
    "adamax": ("Adamax", {}),
    "adamax-options": ("Adamax", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    "nadam": ("NAdam", {}),
    "nadam-options": ("NAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1,
                                "momentum_decay": 0.1}),
    "nadam-decoupled": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {}),
    "radam-options": ("RAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    "radam-short": ("RAdam", {"betas": (0.8, 0.5)}),     # the variance is never known
    "radam-decoupled": ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
}
OURS = OPTIMISERS | {"lion": ("Lion", {"lr": 0.01}),
                     "lion-options": ("Lion", {"lr": 0.02, "betas": (0.8, 0.7), "weight_decay": 0.3})}
each_optimiser = pytest.mark.parametrize(("name", "options"), OPTIMISERS.values(), ids=OPTIMISERS)
each_of_ours = pytest.mark.parametrize(("name", "options"), OURS.values(), ids=OURS)


def first_values():
    return [np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate(SHAPES)]


def gradients(step):
    """For each parameter; now and then one, or a whole group, gets none."""
    rng = np.random.default_rng(100 + step)
    missing = {1: (0, 7, 8), 3: (4, 31), 4: (4, 9, 31)}
    found = [rng.standard_normal(shape) for shape in SHAPES]
    return [None if step in missing.get(i, ()) else g for i, g in enumerate(found)]


def parameters(dtype="float64", device=None):
    return [nn.Parameter(nb.tensor(x.astype(dtype), device=device)) for x in first_values()]


def give(parameters, step):
    for p, g in zip(parameters, gradients(step), strict=True):
        p.grad = None if g is None else nb.tensor(g.astype(p.dtype), device=p.device)
