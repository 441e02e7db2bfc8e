"""Layers: modules that own parameters and call one operation each."""
from numbacnn.nn import functional, init
from numbacnn.nn.activation import LeakyReLU, PReLU, ReLU, Sigmoid, Softmax
from numbacnn.nn.container import Identity, ModuleDict, ModuleList, Sequential
from numbacnn.nn.conv import Conv2d
from numbacnn.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from numbacnn.nn.group_norm import GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from numbacnn.nn.layer_norm import LayerNorm, RMSNorm
from numbacnn.nn.linear import Bilinear, Flatten, Linear
from numbacnn.nn.local_response import LocalResponseNorm
from numbacnn.nn.loss import CrossEntropyLoss
from numbacnn.nn.module import Buffer, Module, Parameter
from numbacnn.nn.norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from numbacnn.nn.parameter_container import ParameterDict, ParameterList
from numbacnn.nn.pool import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d, SumPool2d

__all__ = [
    "AdaptiveAvgPool2d", "AlphaDropout", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Bilinear",
    "Buffer", "Conv2d", "CrossEntropyLoss", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout",
    "Flatten", "GlobalAvgPool2d", "GroupNorm", "Identity", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
    "LayerNorm", "LeakyReLU", "Linear", "LocalResponseNorm", "MaxPool2d", "Module", "ModuleDict", "ModuleList",
    "PReLU", "Parameter", "ParameterDict", "ParameterList", "RMSNorm", "ReLU", "Sequential", "Sigmoid", "Softmax",
    "SumPool2d", "functional", "init",
]
