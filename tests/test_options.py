"""Options are checked when a layer or a loss is made: each with values of every wrong kind, whatever the class."""
import inspect
import math
import re

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, options
from numbacnn.errors import DeviceError, DTypeError, ShapeError

# Classes that hold modules, parameters or functions, and no options of their own.
PARTS = {"Module", "Parameter", "Buffer", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict",
         "Identity"}
CLASSES = {name: made for name in nn.__all__ if name not in PARTS and inspect.isclass(made := getattr(nn, name))}
NEEDED = {                                               # options without a default
    "in_channels": 4, "out_channels": 4, "kernel_size": 3, "in_features": 4, "out_features": 4, "in1_features": 2,
    "in2_features": 3, "num_features": 4, "num_groups": 2, "num_channels": 4, "normalized_shape": 4, "size": 3,
    "output_size": 3, "padding": 1, "value": 0.5, "threshold": 0.1, "norm_type": 2.0, "num_embeddings": 5,
    "embedding_dim": 3, "upscale_factor": 2, "downscale_factor": 2, "groups": 2, "dim": 1, "unflattened_size": (2, 2)}
FLAGS = {"bias", "affine", "track_running_stats", "elementwise_affine", "inplace", "ceil_mode", "return_indices",
         "count_include_pad", "log_target", "full", "log_input", "swap"}
FACTORS = {"weight", "pos_weight"}
OLD = {"size_average", "reduce"}                         # refused, whatever they are
ABSENT = {"max_norm", "scale_grad_by_freq", "sparse"}    # not offered: None or False
WORDS = {"padding_mode", "mode", "reduction", "approximate"}
NUMBERS = {"eps", "momentum", "p", "alpha", "beta", "k", "negative_slope", "init", "min_val", "max_val", "lambd",
           "threshold", "value", "delta", "margin", "label_smoothing", "norm_type"}
NOT_NEGATIVE = {("*Norm*", "eps"), ("*Norm*", "momentum"), ("*Dropout*", "p"), ("CrossEntropyLoss", "label_smoothing"),
                ("SmoothL1Loss", "beta"), ("HuberLoss", "delta"), ("TripletMarginLoss", "margin"),
                ("TripletMarginLoss", "p"), ("GaussianNLLLoss", "eps"), ("Softshrink", "lambd")}
SHARES = {("*Norm*", "momentum"), ("*Dropout*", "p"), ("CrossEntropyLoss", "label_smoothing")}    # at most 1
NONE = {("*BatchNorm*", "momentum"), ("InstanceNorm*", "momentum"), ("RMSNorm", "eps")}      # may be None
SIZES = {"in_channels", "out_channels", "groups", "in_features", "out_features", "in1_features", "in2_features",
         "num_features", "num_groups", "num_channels", "num_parameters", "num_embeddings", "embedding_dim",
         "upscale_factor", "downscale_factor"}
WINDOWS = {"kernel_size", "stride", "dilation", "output_size"}
AXES = {"dim", "start_dim", "end_dim", "ignore_index", "padding_idx"}


def listed(pairs, name, option):
    return any(re.fullmatch(pattern.replace("*", ".*"), name) and each == option for pattern, each in pairs)


def wrong_values(name, option):
    """What an option must not be."""
    nothing = [] if listed(NONE, name, option) else [None]
    if option in FLAGS:
        return ["yes", None, math.nan, -1, 1, 0, "", [True]]
    if option in FACTORS:
        return ["yes", math.nan, -1, True, [1.0, 2.0], np.ones(4), nb.tensor([1, 2])]
    if option in OLD:
        return [True, False, "mean", -1]
    if option in ABSENT:
        return [True, "yes", -1, math.nan]
    if option in WORDS:
        return ["none of these", "", None, math.nan, -1, True, ["mean"], b"mean"]
    if option == "dtype":
        return ["none", "int64", -1, math.nan, "complex64", bool]
    if option == "device":
        return ["none", "cpu:x", "", -1, math.nan, True]
    if option in NUMBERS:
        outside = [-1, -0.5] if listed(NOT_NEGATIVE, name, option) else []
        outside += [1.5, math.inf] if listed(SHARES, name, option) else []
        wrong = ["a", "1", *nothing, True, [1.0], 1j, nb.tensor(0.5), *outside]
        return wrong if option == "value" else [*wrong, math.nan]        # padding may be NaN
    if option in SIZES:
        return ["a", "4", None, math.nan, 0, -1, True, 4.0, 1.5, [4]]
    if option in WINDOWS:
        none = [] if option == "output_size" or (option == "stride" and "ool" in name) else [None]
        return ["a", "3", *none, math.nan, 0, -1, True, 3.0, [], (1,) * 5, ("3", "3"), 2**40]
    if option in AXES:
        none = [] if option == "padding_idx" else [None]
        return ["a", "1", *none, math.nan, True, 1.0, [1], 2**70 if option == "ignore_index" else 0.5]
    return {"normalized_shape": ["a", None, math.nan, -1, True, 4.0, [], (2, -1)],
            "size": ["a", math.nan, 0, -1, True, 3.0, [0]],
            "scale_factor": ["a", math.nan, 0, -1, True, [], math.inf],
            "padding": ["a", None, math.nan, True, 1.5, (1,) * 7, *[-1][:not name.startswith(("Constant", "Zero"))]],
            "output_padding": ["a", None, math.nan, -1, True, 1.5, (1,) * 5],
            "unflattened_size": ["a", None, math.nan, True, 1.5, ("2", "2")],
            "align_corners": ["a", math.nan, -1, True, 1], "recompute_scale_factor": ["a", math.nan, -1, 1],
            "divisor_override": ["a", math.nan, 0, True, 1.5], "_weight": ["a", math.nan, -1, True]}[option]


ROWS = [(name, option) for name, made in CLASSES.items() for option, each in inspect.signature(made).parameters.items()
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]


def usual(name):
    """The options without which there is no layer."""
    given = {option: NEEDED[option] for option, parameter in inspect.signature(CLASSES[name]).parameters.items()
             if parameter.default is parameter.empty}
    return given | ({"size": 4} if name.startswith("Upsampl") else {})


@pytest.mark.parametrize("name", CLASSES)
def test_usual_options_are_taken(name):
    made = CLASSES[name](**usual(name))
    assert repr(made)


def complaint(name, option, value):
    """What is wrong with how a class refuses a value, if anything."""
    given = usual(name) | {option: value}
    if name.startswith("Upsampl") and option == "scale_factor":
        del given["size"]
    try:
        CLASSES[name](**given)
    except (ShapeError, DTypeError, DeviceError) as error:
        if not re.search(rf"\b{option}\b.* got |there is no backend", str(error)):
            return f"does not name {option}: {error}"
        if option != "device" and not str(error).startswith(f"{name}: "):
            return f"does not name {name}: {error}"
        return None
    except Exception as error:
        return f"raises {error!r}"
    return "is taken"


@pytest.mark.parametrize(("name", "option"), ROWS)
def test_wrong_options_are_refused_when_a_layer_is_made(name, option):
    found = [(value, wrong) for value in wrong_values(name, option) if (wrong := complaint(name, option, value))]
    assert not found, f"{name}(..., {option}=...): {found}"


NUMBER = [                                               # options, value, what must be said (None: it is taken)
    ({}, 1, None), ({}, np.float32(1), None), ({}, np.int64(3), None), ({}, -2.5, None), ({}, True, "a number"),
    ({}, np.True_, "a number"), ({}, "1", "a number"), ({}, None, "a number"), ({}, 1j, "a number"),
    ({}, [1], "a number"), ({}, np.ones(1), "a number"), ({}, math.nan, "finite"), ({}, math.inf, "finite"),
    ({}, 10**400, "finite"), ({"infinite": True}, -math.inf, None), ({"infinite": True}, math.nan, "a number"),
    ({"least": 0.0}, 0, None), ({"least": 0.0}, -1, "at least 0"), ({"least": 0.0}, math.nan, "finite"),
    ({"least": 0.0}, math.inf, "finite"), ({"most": 1.0}, 2, "at most 1"),
    ({"least": 0.0, "most": 1.0}, 1.5, "in [0, 1]"),
    ({"least": 0.0, "most": 1.0}, math.inf, "in [0, 1]"), ({"least": 0.0, "below": 1.0}, 1, "in [0, 1)"),
    ({"least": 0.0, "below": 1.0}, 0, None), ({"above": 0.0}, 0, "more than 0"), ({"above": 0.0}, 1e-9, None),
    ({"above": 0.0, "most": 1.0}, 0, "in (0, 1]"), ({"above": 0.0}, math.nan, "finite"),
    ({"above": 0.0, "infinite": True}, math.inf, None), ({"below": 0.0}, 0, "less than 0"),
    ({"nonzero": True}, -0.0, "not be 0"),
    ({"nonzero": True}, math.nan, "finite")]


@pytest.mark.parametrize(("limits", "value", "text"), NUMBER, ids=str)
def test_numbers(limits, value, text):
    if text is None:
        assert options.number("op", "x", value, **limits) == float(value)
        return
    wrong = DTypeError if text == "a number" and not isinstance(value, float) else ShapeError
    with pytest.raises(wrong, match=re.escape(f"op: x must {'' if 'not' in text else 'be '}{text}, got ")):
        options.number("op", "x", value, **limits)


@pytest.mark.parametrize(("value", "error", "text"), [
    (0, ShapeError, "op: n must be at least 1, got 0"), (9, ShapeError, "op: n must be at most 8, got 9"),
    (True, DTypeError, "op: n must be an integer, got True"), (2.0, DTypeError, "op: n must be an integer, got 2.0"),
    ("2", DTypeError, "op: n must be an integer, got '2'"), (None, DTypeError, "op: n must be an integer, got None")])
def test_whole_numbers(value, error, text):
    assert options.whole("op", "n", np.int32(3), 1, 8) == 3
    with pytest.raises(error, match=re.escape(text)):
        options.whole("op", "n", value, 1, 8)


@pytest.mark.parametrize("value", [1, 0, None, "True", [], np.ones(1)], ids=repr)
def test_flags(value):
    assert options.flag("op", "on", np.True_) is True
    with pytest.raises(DTypeError, match=re.escape(f"op: on must be True or False, got {value!r}")):
        options.flag("op", "on", value)


@pytest.mark.parametrize("value", ["c", "", None, 1, ["a"], b"a", np.array("a"), np.array(["a", "b"])], ids=repr)
def test_words(value):
    assert options.choice("op", "mode", "a", "a", "b") == "a"
    assert options.choice("op", "mode", None, "a", None) is None
    with pytest.raises(ShapeError, match=re.escape(f"op: mode must be one of 'a', 'b', got {value!r}")):
        options.choice("op", "mode", value, "a", "b")
