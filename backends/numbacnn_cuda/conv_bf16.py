"""Convolution, dense layers and products of matrices of bfloat16 on tensor cores: lowered as those of tf32 are."""
from .conv_tf32 import (
    conv2d_add_relu_tf32,
    conv2d_add_tf32,
    conv2d_backward_input_tf32,
    conv2d_backward_weight_tf32,
    conv2d_relu_tf32,
    conv2d_tf32,
    linear_backward_input_tf32,
    linear_backward_weight_tf32,
    linear_relu_tf32,
    linear_tf32,
    matmul_tf32,
)

conv2d_bf16, conv2d_relu_bf16 = conv2d_tf32, conv2d_relu_tf32
conv2d_add_bf16, conv2d_add_relu_bf16 = conv2d_add_tf32, conv2d_add_relu_tf32
conv2d_backward_input_bf16, conv2d_backward_weight_bf16 = conv2d_backward_input_tf32, conv2d_backward_weight_tf32
linear_bf16, linear_relu_bf16, matmul_bf16 = linear_tf32, linear_relu_tf32, matmul_tf32
linear_backward_input_bf16, linear_backward_weight_bf16 = linear_backward_input_tf32, linear_backward_weight_tf32
