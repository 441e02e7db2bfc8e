"""Bad input to optimisers, schedules, initialisers and clipping: which error, and words of its sentence."""
import math

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.nn import init, utils

S, NAN = optim.lr_scheduler, math.nan


def parameter(*shape, dtype="float32"):
    return nn.Parameter(np.ones(shape, dtype))


def sgd(**options):
    return optim.SGD([parameter(2)], **options)


def two_groups():
    return optim.SGD([{"params": [parameter(2)]}, {"params": [parameter(2)]}])


def with_gradient(dtype="float32"):
    p = parameter(2, dtype=dtype)
    p.grad = nb.ones(2, dtype=dtype)
    return p


OPTIMISERS = [
    (lambda: optim.SGD("weights"), TypeError, "SGD: params must be an iterable of tensors, such as .*, got str"),
    (lambda: optim.SGD(None), TypeError, "SGD: params must be an iterable of tensors, such as .*, got NoneType"),
    (lambda: optim.SGD({"params": [parameter(2)]}), TypeError,
     "SGD: params must be an iterable of tensors.*, got dict"),
    (lambda: optim.SGD({parameter(2)}), TypeError, "SGD: params must be in an order, such as a list, got a set"),
    (lambda: optim.SGD([{"params": {parameter(2)}}]), TypeError, "SGD: params must be in an order.*, got a set"),
    (lambda: optim.SGD([{"params": 3}]), TypeError, "SGD: params must be an iterable of tensors, got int"),
    (lambda: optim.SGD([{"params": []}]), ValueError, "SGD: a group must have parameters, got none"),
    (lambda: optim.SGD(iter([])), ValueError, "SGD: there must be parameters to train, got none"),
    (lambda: optim.SGD([{"params": parameter(2)}, parameter(2)]), TypeError,
     "SGD: a group must be a dict with 'params'"),
    (lambda: optim.SGD([nb.tensor([1, 2])]), TypeError, "can only train floating point tensors"),
    (lambda: sgd(lr=True), TypeError, "SGD: lr must be a number, got True"),
    (lambda: sgd(lr="0.1"), TypeError, "SGD: lr must be a number, got '0.1'"),
    (lambda: sgd(lr=None), TypeError, "SGD: lr must be a number, got None"),
    (lambda: sgd(lr=nb.tensor(0.1)), TypeError, r"SGD: lr must be a number, got tensor\(0.1\)"),
    (lambda: sgd(lr=NAN), ValueError, "SGD: lr must be finite, got nan"),
    (lambda: sgd(lr=math.inf), ValueError, "SGD: lr must be finite, got inf"),
    (lambda: sgd(lr=1j), TypeError, r"SGD: lr must be a number, got 1j"),
    (lambda: sgd(momentum=-0.1), ValueError, "SGD: momentum must be at least 0, got -0.1"),
    (lambda: sgd(weight_decay=-1), ValueError, "SGD: weight_decay must be at least 0, got -1"),
    (lambda: sgd(dampening=math.inf), ValueError, "SGD: dampening must be finite, got inf"),
    (lambda: sgd(nesterov=True, momentum=0.9, dampening=0.1), ValueError,
     "nesterov needs momentum > 0 and dampening = 0"),
    (lambda: sgd(nesterov=1), TypeError, "SGD: nesterov must be True or False, got 1"),
    (lambda: sgd(maximize="no"), TypeError, "SGD: maximize must be True or False, got 'no'"),
    (lambda: optim.Adam([parameter(2)], betas=(0.9,)), TypeError,
     r"Adam: betas must be two numbers in \[0, 1\), got \("),
    (lambda: optim.Adam([parameter(2)], betas=(0.9, NAN)), ValueError,
     r"Adam: betas\[1\] must be in \[0, 1\), got nan"),
    (lambda: optim.Adam([parameter(2)], betas=(-0.1, 0.9)), ValueError, r"betas\[0\] must be in \[0, 1\), got -0.1"),
    (lambda: optim.Adam([parameter(2)], eps=-1e-8), ValueError, "Adam: eps must be at least 0, got -1e-08"),
    (lambda: optim.AdamW([parameter(2)], amsgrad=None), TypeError, "AdamW: amsgrad must be True or False, got None"),
    (lambda: optim.RMSprop([parameter(2)], alpha=1.5), ValueError, r"RMSprop: alpha must be in \[0, 1\], got 1.5"),
    (lambda: optim.RMSprop([parameter(2)], centered=0), TypeError, "RMSprop: centered must be True or False, got 0"),
    (lambda: optim.Adagrad([parameter(2)], lr_decay=-1), ValueError, "Adagrad: lr_decay must be at least 0"),
    (lambda: optim.Adagrad([parameter(2)], initial_accumulator_value=NAN), ValueError,
     "Adagrad: initial_accumulator_value must be finite, got nan"),
    (lambda: optim.Adadelta([parameter(2)], rho=-0.5), ValueError, r"Adadelta: rho must be in \[0, 1\], got -0.5"),
    (lambda: optim.Adamax([parameter(2)], betas=(0.9, 1)), ValueError,
     r"Adamax: betas\[1\] must be in \[0, 1\), got 1"),
    (lambda: optim.NAdam([parameter(2)], momentum_decay=-1), ValueError, "NAdam: momentum_decay must be at least 0"),
    (lambda: optim.RAdam([parameter(2)], decoupled_weight_decay=2), TypeError, "must be True or False, got 2"),
    (lambda: optim.Lion([parameter(2)], betas="ab"), TypeError,
     r"Lion: betas must be two numbers in \[0, 1\), got 'ab'"),
    (lambda: sgd().add_param_group([parameter(2)]), TypeError, "SGD: a group must be a dict with 'params', got"),
    (lambda: sgd().add_param_group({"params": parameter(2), "beta": 1}), ValueError,
     "options must be among lr.*, got beta"),
    (lambda: sgd().step(3), TypeError, "step: closure must be a function that returns the loss, got 3"),
    (lambda: sgd().load_state_dict([]), TypeError, r"SGD.load_state_dict: state_dict must be a dict with .*, got \[\]"),
    (lambda: sgd().load_state_dict({"weight": 1}), TypeError, r"must be a dict with 'state' and .*, got \['weight'\]"),
    (lambda: sgd().load_state_dict(two_groups().state_dict()), ValueError,
     r"groups must have \[1\] parameters, got \[1, 1\]"),
    (lambda: optim.Adam([parameter(2)]).load_state_dict(
        {"param_groups": [{"params": [0]}], "state": {0: {"step": 1, "exp_avg": np.ones(2)}}}), ValueError,
     r"Adam.load_state_dict: exp_avg_sq of parameter 0 must be \(2,\), got nothing"),
    (lambda: optim.Lion([parameter(2)]).load_state_dict(
        {"param_groups": [{"params": [0]}], "state": {0: {"step": 1, "exp_avg": ["a", "b"]}}}), TypeError,
     "Lion.load_state_dict: exp_avg of parameter 0 must be numbers, got <U1"),
]
SCHEDULES = [
    (lambda: S.StepLR(3, 1), TypeError, "StepLR: optimizer must be an Optimizer, got int"),
    (lambda: S.StepLR(sgd(), 0), ValueError, "StepLR: step_size must be at least 1, got 0"),
    (lambda: S.StepLR(sgd(), 2.5), TypeError, "StepLR: step_size must be an integer, got 2.5"),
    (lambda: S.StepLR(sgd(), True), TypeError, "StepLR: step_size must be an integer, got True"),
    (lambda: S.StepLR(sgd(), 2, gamma=NAN), ValueError, "StepLR: gamma must be finite, got nan"),
    (lambda: S.StepLR(sgd(), 2, last_epoch=4), KeyError,
     "StepLR: group 0 must have 'initial_lr' to go on after last_epoch"),
    (lambda: S.StepLR(sgd(), 2, last_epoch=-2), ValueError, "StepLR: last_epoch must be at least -1, got -2"),
    (lambda: S.MultiStepLR(sgd(), 3), TypeError, "MultiStepLR: milestones must be a list of epochs, got 3"),
    (lambda: S.MultiStepLR(sgd(), [1.5]), TypeError, "MultiStepLR: milestones must be an integer, got 1.5"),
    (lambda: S.ExponentialLR(sgd(), -1), ValueError, "ExponentialLR: gamma must be at least 0, got -1"),
    (lambda: S.ConstantLR(sgd(), 0), ValueError, "ConstantLR: factor must be above 0, got 0"),
    (lambda: S.ConstantLR(sgd(), 2), ValueError, r"ConstantLR: factor must be in \[0, 1\], got 2"),
    (lambda: S.LinearLR(sgd(), end_factor=1.5), ValueError, r"LinearLR: end_factor must be in \[0, 1\], got 1.5"),
    (lambda: S.LinearLR(sgd(), total_iters=0), ValueError, "LinearLR: total_iters must be at least 1, got 0"),
    (lambda: S.PolynomialLR(sgd(), power="2"), TypeError, "PolynomialLR: power must be a number, got '2'"),
    (lambda: S.CosineAnnealingLR(sgd(), 0), ValueError, "CosineAnnealingLR: T_max must be at least 1, got 0"),
    (lambda: S.CosineAnnealingWarmRestarts(sgd(), 3, 0), ValueError, "T_mult must be at least 1, got 0"),
    (lambda: S.CosineAnnealingWarmRestarts(sgd(), 3).step(-0.5), ValueError, "epoch must be at least 0"),
    (lambda: S.LambdaLR(sgd(), 0.5), TypeError, "LambdaLR: lr_lambda must be a function of the epoch, got 0.5"),
    (lambda: S.LambdaLR(two_groups(), [abs]), ValueError, "lr_lambda must be one, or one for each of 2 groups, got 1"),
    (lambda: S.LambdaLR(sgd(), lambda e: "a"), TypeError, r"LambdaLR: lr_lambda\(0\) must be a number, got 'a'"),
    (lambda: S.OneCycleLR(sgd(), 0.1), ValueError, "total_steps must be given, or epochs and steps_per_epoch"),
    (lambda: S.OneCycleLR(sgd(), 0.1, 0), ValueError, "OneCycleLR: total_steps must be at least 1, got 0"),
    (lambda: S.OneCycleLR(sgd(), 0.1, 9, pct_start=2), ValueError, r"OneCycleLR: pct_start must be in \[0, 1\], got 2"),
    (lambda: S.OneCycleLR(sgd(), 0.1, 9, anneal_strategy="exp"), ValueError,
     "must be one of 'cos', 'linear', got 'exp'"),
    (lambda: S.OneCycleLR(sgd(), 0.1, 9, div_factor=0), ValueError, "OneCycleLR: div_factor must be above 0, got 0"),
    (lambda: S.OneCycleLR(optim.Adagrad([parameter(2)]), 0.1, 9), ValueError,
     "the optimiser must have momentum or betas, Adagrad has not; use cycle_momentum=False"),
    (lambda: S.OneCycleLR(sgd(), 0.1, 9, max_momentum=1.0), ValueError, r"max_momentum must be in \[0, 1\), got 1"),
    (lambda: S.CyclicLR(sgd(), 0.1, 0.2, mode="square"), ValueError, "CyclicLR: mode must be one of 'triangular'"),
    (lambda: S.CyclicLR(sgd(), 0.1, 0.2, scale_fn=3), TypeError, "CyclicLR: scale_fn must be a function, got 3"),
    (lambda: S.SequentialLR(sgd(), [], []), ValueError, "schedulers must be a list with at least one schedule"),
    (lambda: S.SequentialLR(sgd(), [S.StepLR(sgd(), 2)], []), ValueError, "all schedules must be of one optimiser"),
    (lambda: (lambda o: S.SequentialLR(o, [S.StepLR(o, 2)], [3]))(sgd()), ValueError,
     "one less than schedules, got 1 and 1"),
    (lambda: (lambda o: S.SequentialLR(o, [S.StepLR(o, 2)] * 3, [3, 3]))(sgd()), ValueError,
     "milestones must increase"),
    (lambda: (lambda o: S.SequentialLR(o, [S.StepLR(o, 2)], [], 4))(sgd()), ValueError, "last_epoch must be -1, got 4"),
    (lambda: S.ChainedScheduler([S.ReduceLROnPlateau(sgd())]), TypeError,
     "must be a schedule whose step needs no metrics"),
    (lambda: S.ReduceLROnPlateau(sgd(), factor=1), ValueError, r"factor must be in \[0, 1\), got 1"),
    (lambda: S.ReduceLROnPlateau(sgd(), "least"), ValueError, "mode must be one of 'min', 'max', got 'least'"),
    (lambda: S.ReduceLROnPlateau(sgd()).step("bad"), TypeError, "metrics must be a number, got 'bad'"),
    (lambda: S.ReduceLROnPlateau(sgd()).step(nb.ones(2)), ValueError, "item: the tensor must hold one number"),
    (lambda: S.StepLR(sgd(), 2).load_state_dict(3), TypeError,
     "StepLR.load_state_dict: state_dict must be a dict, got 3"),
    (lambda: S.StepLR(sgd(), 2).load_state_dict({"gamma": 1}), ValueError, "it has no step_size, base_lrs, last_epoch"),
    (lambda: S.StepLR(sgd(), 2).load_state_dict(S.StepLR(two_groups(), 2).state_dict()), ValueError,
     "the state must be of 1 groups, got 2"),
]
CLIPPING = [
    (lambda: utils.clip_grad_norm_(3, 1.0), TypeError,
     "clip_grad_norm_: parameters must be tensors, such as .*, got 3"),
    (lambda: utils.clip_grad_norm_([3], 1.0), TypeError, "clip_grad_norm_: parameters must be tensors.*, got int"),
    (lambda: utils.clip_grad_norm_(with_gradient(), -1), ValueError, "max_norm must be at least 0, got -1"),
    (lambda: utils.clip_grad_norm_(with_gradient(), NAN), ValueError, "max_norm must be finite, got nan"),
    (lambda: utils.clip_grad_norm_(with_gradient(), "1"), TypeError,
     "clip_grad_norm_: max_norm must be a number, got '1'"),
    (lambda: utils.clip_grad_norm_(with_gradient(), 1, 0), ValueError, "norm_type must be above 0, or inf, got 0"),
    (lambda: utils.clip_grad_norm_(with_gradient(), 1, NAN), ValueError, "norm_type must be above 0, or inf, got nan"),
    (lambda: utils.clip_grad_norm_(with_gradient(), 1, "two"), TypeError, "norm_type must be a number, got 'two'"),
    (lambda: utils.clip_grad_norm_(with_gradient(), 1, True), TypeError, "norm_type must be a number, got True"),
    (lambda: utils.clip_grad_norm_([with_gradient(), with_gradient("float64")], 1), TypeError, "must have one dtype"),
    (lambda: utils.clip_grad_norm_(with_gradient(), 1, 2, 3), TypeError,
     "error_if_nonfinite must be True or False, got 3"),
    (lambda: utils.clip_grad_value_(with_gradient(), -0.5), ValueError, "clip_value must be at least 0"),
    (lambda: utils.clip_grad_value_("all", 1), TypeError, "clip_grad_value_: parameters must be tensors, such as"),
    (lambda: utils.clip_grads_with_norm_(with_gradient(), 1, 2.0), TypeError, "total_norm must be a Tensor, got float"),
    (lambda: utils.clip_grads_with_norm_(with_gradient(), 1, nb.ones(2)), ValueError,
     r"of shape \(\), got shape \(2,\)"),
    (lambda: utils.get_total_norm([nb.tensor([1])]), TypeError, "must be float32, float64 or bfloat16, got int64"),
    (lambda: utils.parameters_to_vector([]), ValueError, "parameters_to_vector: there must be parameters, got none"),
    (lambda: utils.parameters_to_vector(3), TypeError,
     "parameters must be tensors, such as model.parameters.., got int"),
    (lambda: utils.parameters_to_vector([parameter(2), parameter(2, dtype="float64")]), TypeError,
     "must have one dtype"),
    (lambda: utils.vector_to_parameters([1.0], parameter(1)), TypeError, "vec must be a Tensor, got list"),
    (lambda: utils.vector_to_parameters(nb.ones(2, 1), parameter(2)), ValueError,
     r"vec must be \(2,\), as many numbers"),
    (lambda: utils.vector_to_parameters(nb.ones(2), parameter(2) * 1), RuntimeError, "made by the user, not computed"),
]
INITIALISERS = [
    (lambda: init.uniform_(np.ones(2)), TypeError, "uniform_: tensor must be a Tensor, got ndarray"),
    (lambda: init.uniform_(nb.tensor([1, 2])), TypeError,
     "uniform_: tensor must be float32, float64 or bfloat16, got int64"),
    (lambda: init.uniform_(parameter(2) * 2), RuntimeError, "uniform_: tensor must be made by the user"),
    (lambda: init.uniform_(parameter(2), 1, 0), ValueError, "uniform_: a must be at most b, got a=1, b=0"),
    (lambda: init.uniform_(parameter(2), 0, math.inf), ValueError, "uniform_: b must be finite, got inf"),
    (lambda: init.normal_(parameter(2), 0, -1), ValueError, "normal_: std must be at least 0, got -1"),
    (lambda: init.normal_(parameter(2), NAN), ValueError, "normal_: mean must be finite, got nan"),
    (lambda: init.normal_(parameter(2), generator="x"), TypeError,
     "generator must be a numbacnn.Generator, a numpy.random.Generator, a seed"),
    (lambda: init.normal_(parameter(2), generator=-1), ValueError, "a seed from 0 to .* or None, got -1"),
    (lambda: init.trunc_normal_(parameter(2), a=2, b=1), ValueError,
     "a <= b and std > 0 must hold, got a=2, b=1, std=1"),
    (lambda: init.trunc_normal_(parameter(2), std=0), ValueError, "a <= b and std > 0 must hold, got a=-2, b=2, std=0"),
    (lambda: init.trunc_normal_(parameter(2), a=math.inf, b=math.inf), ValueError, "a <= b and std > 0 must hold"),
    (lambda: init.trunc_normal_(parameter(2), a=NAN), ValueError, "trunc_normal_: a must be a number, got nan"),
    (lambda: init.constant_(parameter(2), "1"), TypeError, "constant_: val must be a number, got '1'"),
    (lambda: init.constant_(nb.tensor([1, 2]), 0.5), TypeError, "constant_: val must be a number of int64, got 0.5"),
    (lambda: init.constant_(nb.tensor([1, 2]), NAN), TypeError, "constant_: val must be a number of int64, got nan"),
    (lambda: init.eye_(parameter(2)), ValueError, r"eye_: tensor must have two axes, got shape \(2,\)"),
    (lambda: init.dirac_(parameter(2, 2)), ValueError, r"must have 3, 4 or 5 axes, got shape \(2, 2\)"),
    (lambda: init.dirac_(parameter(4, 2, 3), 3), ValueError,
     "groups must divide the outputs, got groups=3 and 4 outputs"),
    (lambda: init.dirac_(parameter(4, 2, 3), 0), ValueError, "dirac_: groups must be at least 1, got 0"),
    (lambda: init.orthogonal_(parameter(4)), ValueError,
     r"orthogonal_: tensor must have two axes at least, got shape \(4,\)"),
    (lambda: init.orthogonal_(parameter(4, 4), NAN), ValueError, "orthogonal_: gain must be finite, got nan"),
    (lambda: init.sparse_(parameter(4, 4), 1.5), ValueError, r"sparse_: sparsity must be in \[0, 1\], got 1.5"),
    (lambda: init.sparse_(parameter(4, 4, 4), 0.5), ValueError, "sparse_: tensor must have two axes"),
    (lambda: init.xavier_uniform_(parameter(4)), ValueError,
     r"weights must have at least two axes .*, got shape \(4,\)"),
    (lambda: init.xavier_normal_(parameter(4, 4), -1), ValueError, "xavier_normal_: gain must be at least 0"),
    (lambda: init.kaiming_uniform_(parameter(4, 4), mode="fan"), ValueError,
     "must be one of 'fan_in', 'fan_out', got 'fan'"),
    (lambda: init.kaiming_normal_(parameter(4, 4), "0"), TypeError, "kaiming_normal_: a must be a number, got '0'"),
    (lambda: init.kaiming_normal_(parameter(4, 4), nonlinearity="gelu"), ValueError,
     "nonlinearity must be one of 'linear'"),
    (lambda: init.calculate_gain("leaky_relu", True), TypeError, "calculate_gain: param must be a number, got True"),
]


@pytest.mark.parametrize(("call", "error", "message"), [*OPTIMISERS, *SCHEDULES, *CLIPPING, *INITIALISERS])
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
