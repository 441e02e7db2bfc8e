"""What the rows of all families have in common."""
from op_case import Case, Input

SPECIAL = Input((4, 4, 4), "special")     # whole vectors: PyTorch has other rules for what is left over
BOOLS = Input((2, 3), "ties", "bool")
INTEGERS, SINGLE = Input((2, 3), "whole", "int64"), Input((2, 3), "grid", "float32")
INPUTS = ("x", "weight", "bias", "running_mean", "running_var", "logits", "targets", "a", "b", "condition", "other",
          "indices", "target", "input1", "input2", "anchor", "positive", "negative", "var")


def given(each):
    """A shape stands for a grid."""
    return Input(each) if isinstance(each, tuple) and not isinstance(each, Input) else each


def unary(op, x, kept="", note="", terms=1, **options):
    return Case(op, {"x": given(x)}, (), options, kept, terms, note=note)


def shaped(op, x, *arguments, note="", **options):
    return Case(op, {"x": given(x)}, arguments, options, note=note)


def refused(op, error, text, *arguments, **named):
    inputs = {name: given(value) for name, value in named.items() if name in INPUTS}
    return Case(op, inputs, arguments, {name: value for name, value in named.items() if name not in INPUTS},
                error=(error, text), label=text.partition(": ")[2].replace(" ", "_"))


def method(name):
    """The method of a PyTorch tensor of that name."""
    return lambda x, *arguments, **options: getattr(x, name)(*arguments, **options)
