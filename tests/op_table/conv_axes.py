"""Cases of convolution along one and three axes, and of transposed convolution."""
from op_case import Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.conv import conv
from op_table.rows import refused

LINES = {"op": "conv1d", "kept": "seen filters"}
VOLUMES = {"op": "conv3d", "kept": "x filters"}
LINES_BACK = {"op": "conv_transpose1d", "kept": "planes filters"}
IMAGES_BACK = {"op": "conv_transpose2d"}
VOLUMES_BACK = {"op": "conv_transpose3d", "kept": "planes filters"}


def back(x, weight, note="", bias=True, groups=1, **named):
    """A transposed convolution: its bias has another size than that of a convolution."""
    case = conv(x, weight, note, bias, groups=groups, **named)
    if bias:
        case.inputs["bias"] = Input((weight[1] * groups,))
    return case


CASES = [
    conv((2, 3, 9), (4, 3, 3), **LINES),
    conv((3, 3, 9), (4, 3, 4), "no bias", bias=False, padding="same", **LINES),
    conv((2, 18, 37), (5, 18, 3), "long", padding=1, **LINES),
    conv((2, 6, 11), (4, 3, 2), stride=3, padding=2, dilation=3, groups=2, **LINES),
    conv((2, 5, 8), (5, 1, 3), "depthwise", padding=1, groups=5, **LINES),
    conv((3, 9), (4, 3, 3), "one line", **LINES),
    conv((1, 1, 1), (1, 1, 1), "one number", **LINES),
    conv((1, 2, 2), (2, 2, 5), "longer than the line", padding=(2,), **LINES),
    conv((0, 3, 7), (2, 3, 3), "no lines", **LINES),
    conv(Input((2, 3, 7), "special"), (2, 3, 3), "special", padding=1, **LINES),
    conv((2, 3, 4, 5, 6), (4, 3, 3, 3, 3), padding=1, **VOLUMES),
    conv((2, 3, 4, 5, 6), (4, 3, 2, 3, 2), "no bias", bias=False, padding="same", **VOLUMES),
    conv((2, 17, 3, 4, 5), (6, 17, 2, 2, 2), "many channels", **VOLUMES),
    conv((2, 4, 7, 6, 5), (6, 2, 3, 2, 3), stride=(2, 1, 3), padding=(2, 1, 0), groups=2, **VOLUMES),
    conv((1, 3, 8, 5, 6), (2, 3, 3, 2, 2), dilation=(3, 2, 1), padding=(1, 0, 2), **VOLUMES),
    conv((2, 3, 4, 3, 3), (3, 1, 3, 3, 3), "depthwise", padding=1, groups=3, **VOLUMES),
    conv((1, 17, 5, 4, 3), (17, 1, 2, 3, 2), "depthwise", stride=(2, 1, 2), dilation=(2, 1, 1), padding=(2, 0, 1),
         groups=17, **VOLUMES),
    conv((2, 5, 3, 4, 4), (7, 5, 1, 1, 1), "planes", **VOLUMES),
    conv((1, 2, 9, 3, 3), (2, 2, 2, 1, 1), "planes left out", stride=(4, 1, 1), **VOLUMES),
    conv((1, 2, 2, 3, 3), (2, 2, 5, 1, 1), "deeper than the volume", padding=(4, 0, 0), **VOLUMES),
    conv((3, 4, 5, 6), (4, 3, 3, 3, 3), "one volume", op="conv3d", kept="x filters"),
    conv((1, 1, 5, 6), (2, 1, 1, 3, 3), "one volume of one plane", op="conv3d", kept="x filters"),
    conv((0, 3, 4, 4, 4), (2, 3, 3, 3, 3), "no volumes", **VOLUMES),
    conv(Input((1, 2, 4, 4, 4), "special"), (2, 2, 2, 2, 2), "special", padding=1, **VOLUMES),
    back((2, 4, 5), (4, 3, 3), stride=2, padding=1, output_padding=1, **LINES_BACK),
    back((2, 6, 4), (6, 2, 2), stride=3, dilation=4, output_padding=3, groups=3, **LINES_BACK),
    back((3, 4), (3, 2, 5), "one line", bias=False, padding=1, **LINES_BACK),
    back((0, 3, 4), (3, 2, 2), "no lines", **LINES_BACK),
    back((2, 4, 5, 6), (4, 3, 3, 3), padding=1, **IMAGES_BACK),
    back((2, 4, 5, 6), (4, 3, 4, 4), stride=2, padding=1, **IMAGES_BACK),
    back((2, 20, 3, 4), (20, 18, 2, 2), "many channels", stride=2, **IMAGES_BACK),
    back((2, 4, 3, 4), (4, 3, 2, 3), "no bias", bias=False, stride=(3, 2), padding=(0, 1), output_padding=(2, 1),
         **IMAGES_BACK),
    back((1, 3, 4, 3), (3, 2, 2, 2), "no window reaches", stride=(1, 2), dilation=4, output_padding=(3, 2),
         **IMAGES_BACK),
    back((2, 4, 5, 4), (4, 3, 3, 3), stride=2, padding=2, output_padding=1, groups=2, **IMAGES_BACK),
    back((2, 5, 4, 4), (5, 1, 3, 3), "depthwise", stride=2, padding=1, output_padding=1, groups=5, **IMAGES_BACK),
    back((1, 2, 5, 4), (2, 3, 1, 1), "spread", stride=3, output_padding=2, **IMAGES_BACK),
    back((1, 2, 7, 8), (2, 3, 2, 2), "cut", padding=(3, 3), **IMAGES_BACK),
    back((4, 5, 6), (4, 3, 3, 3), "one image", op="conv_transpose2d", kept="planes weight"),
    back((0, 4, 5, 6), (4, 3, 3, 3), "no images", **IMAGES_BACK),
    back((2, 4, 3, 4, 3), (4, 3, 3, 3, 3), stride=2, padding=1, output_padding=1, **VOLUMES_BACK),
    back((1, 4, 3, 2, 3), (4, 1, 2, 3, 2), stride=(3, 1, 2), dilation=(1, 2, 3), output_padding=(2, 1, 2), groups=2,
         **VOLUMES_BACK),
    back((2, 3, 3, 2, 4), (3, 1, 3, 2, 3), "depthwise", stride=2, padding=1, output_padding=1, groups=3,
         **VOLUMES_BACK),
    back((2, 17, 2, 3, 4), (17, 18, 2, 2, 2), "many channels", stride=2, **VOLUMES_BACK),
    back((2, 3, 2, 3), (2, 3, 1, 2, 2), "one volume", bias=False, op="conv_transpose3d", kept="planes filters"),
    back((0, 2, 3, 3, 3), (2, 3, 2, 2, 2), "no volumes", **VOLUMES_BACK),
]


def bad(op, x, weight):
    """Return a function of what is wrong with a call of an op on such shapes."""
    def row(error, text, **named):
        return refused(op, error, text, **({"x": x, "weight": weight} | named))
    return row


lines, volumes = bad("conv1d", (2, 3, 9), (4, 3, 3)), bad("conv3d", (1, 3, 5, 6, 7), (4, 3, 3, 3, 3))
lines_back = bad("conv_transpose1d", (2, 3, 9), (3, 4, 3))
images_back = bad("conv_transpose2d", (2, 3, 5, 6), (3, 4, 3, 3))
volumes_back = bad("conv_transpose3d", (1, 3, 4, 5, 6), (3, 4, 3, 3, 3))

REFUSED = [
    lines(ShapeError, "x must be (N, C, L) or (C, L), got x(9,)", x=(9,)),
    lines(ShapeError, "x must be (N, C, L) or (C, L), got x(1, 2, 3, 9)", x=(1, 2, 3, 9)),
    lines(ShapeError, "weight must have 3 axes (O, C / groups, K), got weight(4, 3)", weight=(4, 3)),
    lines(ShapeError, "x has 3 channels, weight expects 2 (weight(4, 2, 3), groups=1)", weight=(4, 2, 3)),
    lines(ShapeError, "bias must be (4,) for weight(4, 3, 3), got bias(1, 4)", bias=(1, 4)),
    lines(ShapeError, "padding must be a number, 'same' or 'valid', got 'circular'", padding="circular"),
    lines(ShapeError, "padding='same' needs stride 1, got stride (2,); give a number instead", padding="same",
          stride=2),
    lines(DTypeError, "stride must be an integer or one in a tuple (length,), got (1, 1)", stride=(1, 1)),
    lines(DTypeError, "dilation must be an integer or one in a tuple (length,), got None", dilation=None),
    lines(DTypeError, "padding must be an integer or one in a tuple (length,), got True", padding=True),
    lines(ShapeError, "groups must be a positive integer, got -1", groups=-1),
    lines(ShapeError, "groups must be a positive integer, got 1.0", groups=1.0),
    lines(ShapeError, "weight(4, 3, 11) does not fit in x(2, 3, 9) with padding 0 and dilation (1,): the output would "
          "be -1", weight=(4, 3, 11)),
    lines(ShapeError, "x must not be empty along L, got x(2, 3, 0)", x=(2, 3, 0)),
    lines(ShapeError, "weight(4, 3, 0) must not be empty", weight=(4, 3, 0)),
    lines(DTypeError,
          "x must be float32, float64 or bfloat16, got int64; convert it with", x=Input((2, 3, 9), "whole", "int64")),
    lines(DTypeError, "x must be a Tensor, got list; make one with numbacnn.tensor", x=[1.0]),
    lines(ShapeError, "padding must be at most 2147483647, got 4294967296", padding=2**32),
    volumes(ShapeError, "x must be (N, C, D, H, W) or (C, D, H, W), got x(5, 6, 7)", x=(5, 6, 7)),
    volumes(ShapeError, "weight must have 5 axes (O, C / groups, KD, KH, KW), got weight(4, 3, 3, 3)",
            weight=(4, 3, 3, 3)),
    volumes(DTypeError, "stride must be an integer or three integers (depth, height, width), got (1, 2)",
            stride=(1, 2)),
    volumes(ShapeError, "dilation must be at least 1, got (1, 1, 0)", dilation=(1, 1, 0)),
    volumes(ShapeError, "padding must be a number, three numbers, 'same' or 'valid', got ''", padding=""),
    volumes(ShapeError, "weight(4, 3, 6, 3, 3) does not fit in x(1, 3, 5, 6, 7) with padding 0 and dilation (1, 1, 1): "
            "the output would be 0 x 4 x 5", weight=(4, 3, 6, 3, 3)),
    volumes(ShapeError, "x must not be empty along D, H, W, got x(1, 3, 5, 0, 7)", x=(1, 3, 5, 0, 7), padding=3),
    volumes(DTypeError, "all arguments must have one dtype, got x float64 and bias float32",
            bias=Input((4,), "grid", "float32")),
    lines_back(ShapeError, "x must be (N, C, L) or (C, L), got x(2, 3, 9, 1)", x=(2, 3, 9, 1)),
    lines_back(ShapeError, "x has 3 channels, weight expects 4 (weight(4, 4, 3))", weight=(4, 4, 3)),
    lines_back(ShapeError, "padding (6,) leaves nothing of x(2, 3, 9) with weight(3, 4, 3): the output would be -1",
               padding=6),
    lines_back(DTypeError, "padding must be an integer or one in a tuple (length,), got 'same'", padding="same"),
    images_back(ShapeError, "x must be (N, C, H, W) or (C, H, W), got x(3,)", x=(3,)),
    images_back(ShapeError, "weight must have 4 axes (C, O / groups, KH, KW), got weight(3, 4, 3)", weight=(3, 4, 3)),
    images_back(ShapeError, "groups=2 must divide the 3 channels of weight(3, 4, 3, 3)", groups=2),
    images_back(ShapeError, "bias must be (12,) for weight(3, 4, 3, 3) and groups=3, got bias(4,)", groups=3,
                bias=(4,)),
    images_back(ShapeError, "output_padding must be smaller than stride or dilation, got 1 for stride (1, 1) and "
                "dilation (1, 1)", output_padding=1),
    images_back(ShapeError, "output_padding must be smaller than stride or dilation, got (1, 2) for stride (2, 2)",
                stride=2, output_padding=(1, 2)),
    images_back(ShapeError, "output_padding must be at least 0, got -1", output_padding=-1),
    images_back(DTypeError, "output_padding must be an integer or a pair of integers (height, width), got 0.5",
                output_padding=0.5),
    images_back(ShapeError, "stride must be at least 1, got 0", stride=0),
    images_back(ShapeError, "weight(3, 4, 0, 3) must not be empty", weight=(3, 4, 0, 3)),
    images_back(ShapeError, "x must not be empty along H, W, got x(2, 3, 0, 6)", x=(2, 3, 0, 6)),
    images_back(ShapeError, "groups must be a positive integer, got None", groups=None),
    images_back(DTypeError, "weight must be a Tensor, got NoneType; make one with", weight=None),
    volumes_back(ShapeError, "x must be (N, C, D, H, W) or (C, D, H, W), got x(3, 4, 5)", x=(3, 4, 5)),
    volumes_back(DTypeError, "padding must be an integer or three integers (depth, height, width), got (1, 1)",
                 padding=(1, 1)),
    volumes_back(ShapeError, "padding (3, 0, 0) leaves nothing of x(1, 3, 4, 5, 6) with weight(3, 4, 3, 3, 3): the "
                 "output would be 0 x 7 x 8", padding=(3, 0, 0)),
    volumes_back(DTypeError, "dilation must be an integer or three integers (depth, height, width), got '2'",
                 dilation="2"),
]

SUMS = {"conv1d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}


def counterparts(torch):
    """The same in PyTorch."""
    return {op: getattr(torch.nn.functional, op) for op in SUMS}
