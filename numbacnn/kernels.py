"""The contract: what every backend computes, one signature and docstring per kernel.

A kernel takes arrays to read, arrays to write, then numbers, always in this order, and returns nothing. Shapes are
those of the user (N, C, H, W); how an array lies in memory is the backend's own business. Outputs arrive
uninitialised and never overlap an input, except where the backend's `UPDATES` says so. Shapes, dtypes and numbers have
been checked (`geometry.py`): a kernel checks values only, as `cross_entropy_targets` does. Numbers that change from
step to step (a learning rate) are arrays, so that a plan is found again.

Letters: N images, C channels, H W height and width, O output channels, OH OW height and width of an output,
KH KW of a window, G groups. All floating point arrays of a call have one dtype, float32 or float64.
Numbers: (sh, sw) stride, (ph, pw) padding above and to the left, (dh, dw) dilation, (kh, kw) window.
NaN spreads as in PyTorch: a kernel must not assume there is none.
"""
from typing import Any, NamedTuple, Protocol

Array = Any  # whatever the backend hands to its kernels


class Spec(NamedTuple):
    """What is known of an array before it is computed."""

    shape: tuple[int, ...]
    dtype: str


class Place(NamedTuple):
    """Where an array of a plan lies: at the address in a slot, plus an offset in bytes. Slot 0 is the arena."""

    slot: int
    offset: int
    shape: tuple[int, ...]
    dtype: str


class Kernels(Protocol):
    """Every kernel a backend must have."""

    # --- convolution -------------------------------------------------------------------------------------------

    def conv2d(self, x: Array, weight: Array, bias: Array, y: Array, /, sh: int, sw: int, ph: int, pw: int,
               dh: int, dw: int, groups: int) -> None:
        """y (N, O, OH, OW) = bias (O) + cross-correlation of x (N, C, H, W) with weight (O, C/G, KH, KW)."""

    def conv2d_backward_input(self, dy: Array, weight: Array, dx: Array, /, sh: int, sw: int, ph: int, pw: int,
                              dh: int, dw: int, groups: int) -> None:
        """dx (N, C, H, W), the gradient of `conv2d` with respect to x."""

    def conv2d_backward_weight(self, x: Array, dy: Array, dweight: Array, /, sh: int, sw: int, ph: int, pw: int,
                               dh: int, dw: int, groups: int) -> None:
        """dweight (O, C/G, KH, KW), the gradient of `conv2d` with respect to weight."""

    def conv2d_backward_bias(self, dy: Array, dbias: Array, /) -> None:
        """dbias (O), the sum of dy (N, O, OH, OW) over images and pixels."""

    # --- pooling -----------------------------------------------------------------------------------------------

    def max_pool2d(self, x: Array, y: Array, argmax: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   dh: int, dw: int) -> None:
        """y (N, C, OH, OW), the maximum of each window; padding never wins.

        argmax (N, C, OH, OW), int32, is where it was found: h * W + w. The first of equal values wins; NaN wins over
        any number, the last NaN over earlier ones.
        """

    def max_pool2d_backward(self, dy: Array, argmax: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int,
                            ph: int, pw: int, dh: int, dw: int) -> None:
        """dx (N, C, H, W): dy added up where argmax points, zero elsewhere."""

    def sum_pool2d(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int) -> None:
        """y (N, C, OH, OW), the sum of each window; padding counts as zero."""

    def sum_pool2d_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int
                            ) -> None:
        """dx (N, C, H, W), the sum of dy over the windows that hold the pixel."""

    def avg_pool2d(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   count_include_pad: int) -> None:
        """y (N, C, OH, OW), the mean of each window: of kh * kw values, or (count_include_pad 0) of those inside x."""

    def avg_pool2d_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                            count_include_pad: int) -> None:
        """dx (N, C, H, W), the gradient of `avg_pool2d`."""

    def adaptive_avg_pool2d(self, x: Array, y: Array, /) -> None:
        """y (N, C, OH, OW): row oh is the mean of rows floor(oh H / OH) up to, not including, ceil((oh + 1) H / OH)."""

    def adaptive_avg_pool2d_backward(self, dy: Array, dx: Array, /) -> None:
        """dx (N, C, H, W), the gradient of `adaptive_avg_pool2d`."""

    # --- activations: arrays of one shape, any number of axes ------------------------------------------------------

    def relu(self, x: Array, y: Array, /) -> None:
        """y = max(x, 0); NaN stays NaN."""

    def relu_backward(self, dy: Array, y: Array, dx: Array, /) -> None:
        """dx = 0 where y <= 0, else dy (so NaN lets the gradient through)."""

    def leaky_relu(self, x: Array, y: Array, /, negative_slope: float) -> None:
        """y = x where x > 0, else negative_slope * x."""

    def leaky_relu_backward(self, dy: Array, x: Array, dx: Array, /, negative_slope: float) -> None:
        """dx = dy where x > 0, else negative_slope * dy."""

    def prelu(self, x: Array, weight: Array, y: Array, /) -> None:
        """y = x where x > 0, else weight * x; weight (1) or (C), channels being axis 1 of x (N, C) or (N, C, H, W)."""

    def prelu_backward_input(self, dy: Array, x: Array, weight: Array, dx: Array, /) -> None:
        """dx = dy where x > 0, else weight * dy."""

    def prelu_backward_weight(self, dy: Array, x: Array, dweight: Array, /) -> None:
        """dweight (1) or (C), the sum of x * dy where x <= 0 (NaN counts as x <= 0)."""

    def sigmoid(self, x: Array, y: Array, /) -> None:
        """y = 1 / (1 + exp(-x)), without overflow."""

    def sigmoid_backward(self, dy: Array, y: Array, dx: Array, /) -> None:
        """dx = dy * y * (1 - y)."""

    def softmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y = exp(x - max x) / sum of the same, along an axis in 0 ... ndim - 1."""

    def softmax_backward(self, dy: Array, y: Array, dx: Array, /, axis: int) -> None:
        """dx = y * (dy - sum of dy * y along the axis)."""

    # --- batch normalisation: x (N, C) or (N, C, H, W), per channel; R is the number of its values per channel

    def batch_norm_statistics(self, x: Array, running_mean: Array, running_var: Array, mean: Array, rstd: Array,
                              new_running_mean: Array, new_running_var: Array, /, momentum: float, eps: float) -> None:
        """mean (C) and rstd (C) = 1 / sqrt(variance / R + eps) of x, and the running statistics moved towards them.

        new = (1 - momentum) * old + momentum * current, the variance divided by R - 1 there, as in PyTorch.
        """

    def increment(self, count: Array, new_count: Array, /) -> None:
        """new_count = count + 1, both int64: how many batches the running statistics have seen."""

    def batch_norm(self, x: Array, mean: Array, rstd: Array, weight: Array, bias: Array, y: Array, /) -> None:
        """y = (x - mean) * rstd * weight + bias; all but x and y are (C)."""

    def batch_norm_rstd(self, var: Array, rstd: Array, /, eps: float) -> None:
        """rstd (C) = 1 / sqrt(var + eps): what `batch_norm` takes in evaluation mode, from the running variance."""

    def batch_norm_backward_weight(self, dy: Array, x: Array, mean: Array, rstd: Array, dweight: Array, dbias: Array, /
                                   ) -> None:
        """dweight (C) = sum of dy * (x - mean) * rstd, dbias (C) = sum of dy."""

    def batch_norm_backward_input(self, dy: Array, x: Array, mean: Array, rstd: Array, weight: Array, dweight: Array,
                                  dbias: Array, dx: Array, /, training: int) -> None:
        """dx: training 1, through the statistics: rstd * weight * (dy - dbias / R - (x - mean) * rstd * dweight / R);
        training 0, the statistics being constants: rstd * weight * dy."""

    # --- dropout -----------------------------------------------------------------------------------------------

    def dropout(self, x: Array, state: Array, y: Array, new_state: Array, /, p: float) -> None:
        """y = x / (1 - p) where the number drawn for the element is >= p, else 0; p in [0, 1).

        state (2), int64: seed and counter. Element i (in memory order) takes lane i % 4 of Philox-4x32-10 with the
        128-bit counter (i // 4, counter) and the key (seed), as 24 bits: (lane >> 8) * 2**-24. new_state: counter + 1.
        The gradient is the same call on dy, with the same state.
        """

    # --- dense layers and losses -----------------------------------------------------------------------------------

    def linear(self, x: Array, weight: Array, bias: Array, y: Array, /) -> None:
        """y (N, O) = x (N, C) weight (O, C) transposed + bias (O)."""

    def linear_backward_input(self, dy: Array, weight: Array, dx: Array, /) -> None:
        """dx (N, C) = dy (N, O) weight (O, C)."""

    def linear_backward_weight(self, x: Array, dy: Array, dweight: Array, /) -> None:
        """dweight (O, C) = dy (N, O) transposed x (N, C)."""

    def linear_backward_bias(self, dy: Array, dbias: Array, /) -> None:
        """dbias (O) = sum of dy (N, O) over N."""

    def cross_entropy_targets(self, targets: Array, checked: Array, /, classes: int) -> None:
        """checked = targets, both int64; raises IndexError for a target outside 0 ... classes - 1."""

    def cross_entropy(self, logits: Array, targets: Array, losses: Array, probabilities: Array, /) -> None:
        """losses = log(sum exp logits) - logits at the target; probabilities = softmax, both over axis 1.

        logits and probabilities (N, C) or (N, C, H, W), targets (int64, checked) and losses the same without axis 1.
        """

    def cross_entropy_backward(self, dlosses: Array, probabilities: Array, targets: Array, dlogits: Array, /,
                               divisor: float) -> None:
        """dlogits = (probabilities - one at the target) * dlosses / divisor; dlosses like targets, or one ()."""

    # --- arithmetic: shapes broadcast as in NumPy; y has the common shape ---------------------------------------------

    def add(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a + b."""

    def subtract(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a - b."""

    def multiply(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a * b."""

    def divide(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a / b; floating point only."""

    def sum(self, x: Array, y: Array, /, divisor: float) -> None:
        """y = the sum of x over the axes where y has size 1, divided by divisor; both have the same number of axes."""

    def argmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y, int64, without that axis: the index of the first maximum (of the first NaN, if any) along the axis."""

    # --- shape and dtype --------------------------------------------------------------------------------------------

    def reshape(self, x: Array, y: Array, /) -> None:
        """y holds the numbers of x in the same (row-major) order, in another shape."""

    def permute(self, x: Array, y: Array, /, *axes: int) -> None:
        """Axis i of y is axis axes[i] of x."""

    def expand(self, x: Array, y: Array, /) -> None:
        """y = x broadcast to the shape of y."""

    def cast(self, x: Array, y: Array, /) -> None:
        """y = x in the dtype of y."""

    # --- optimisers: all parameters at once. k parameters; state of parameter i starts at offsets[i] of a flat array,
    # --- in the order in which the parameter's own numbers lie in memory ---------------------------------------------
    # Inputs: hyper, k gradients, state arrays, k parameters. Outputs: the state arrays, the k parameters. State of
    # parameters that are not in the call is carried over. steps (number of parameters), float64: updates done so far;
    # numbers: for each of the k parameters its index in steps, then for each its offset.

    def sgd(self, *arrays_and_numbers: Any) -> None:
        """p -= lr * g, with g += weight_decay * p first. hyper (2), float64: lr, weight_decay. No state, no numbers.

        arrays: hyper, gradients, parameters | parameters.
        """

    def sgd_momentum(self, *arrays_and_numbers: Any) -> None:
        """SGD with momentum, PyTorch's form: buffer = momentum * buffer + (1 - dampening) * g (at first: g);
        p -= lr * buffer, or (nesterov) lr * (g + momentum * buffer).

        hyper (5), float64: lr, weight_decay, momentum, dampening, nesterov.
        arrays: hyper, gradients, steps, buffer, parameters | steps, buffer, parameters | indices, offsets.
        """

    def adam(self, *arrays_and_numbers: Any) -> None:
        """Adam (Kingma and Ba, 2015, algorithm 1), PyTorch's form: p -= lr / (1 - beta1^t) * mean / (sqrt(square / (1 -
        beta2^t)) + eps); weight decay is added to g, or (decoupled) p *= 1 - lr * weight_decay first (AdamW).

        hyper (6), float64: lr, beta1, beta2, eps, weight_decay, decoupled.
        arrays: hyper, gradients, steps, mean, square, parameters | steps, mean, square, parameters | indices, offsets.
        """
