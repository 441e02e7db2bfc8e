"""Activations."""
from op_reference.made import made


def mapped(kernel, **defaults):
    """The op of an elementwise kernel, with these options."""
    def op(x, *given, **named):
        options = dict(zip(defaults, given, strict=False)) | named
        return made(kernel, [x.astype("float32") if x.dtype.kind != "f" else x], x.shape,
                    *(defaults | options).values(), dtype=x.dtype if x.dtype.kind == "f" else "float32")
    return op


relu, sigmoid, tanh, silu, mish, selu, softsign = map(mapped, (
    "relu", "sigmoid", "tanh", "silu", "mish", "selu", "softsign"))
hardsigmoid, hardswish, logsigmoid = map(mapped, ("hardsigmoid", "hardswish", "log_sigmoid"))
leaky_relu, hardtanh = mapped("leaky_relu", negative_slope=0.01), mapped("hardtanh", min_val=-1.0, max_val=1.0)
threshold, softplus = mapped("threshold", threshold=None, value=None), mapped("softplus", beta=1.0, threshold=20.0)
elu, celu = mapped("elu", alpha=1.0), mapped("celu", alpha=1.0)
hardshrink, softshrink = mapped("hardshrink", lambd=0.5), mapped("softshrink", lambd=0.5)


def relu6(x):
    return hardtanh(x, 0.0, 6.0)


def tanhshrink(x):
    return x - tanh(x)


def gelu(x, approximate="none"):
    return made("gelu" if approximate == "none" else "gelu_tanh", [x], x.shape)


def prelu(x, weight):
    return made("prelu", [x, weight], x.shape)
