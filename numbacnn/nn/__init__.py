"""Layers: modules that own parameters and call one operation each."""
from numbacnn.nn import functional, init, utils
from numbacnn.nn.activation import LeakyReLU, PReLU, ReLU, Sigmoid, Softmax
from numbacnn.nn.container import Identity, ModuleDict, ModuleList, Sequential
from numbacnn.nn.conv import Conv2d
from numbacnn.nn.dropout import Dropout
from numbacnn.nn.embedding import Embedding
from numbacnn.nn.linear import Flatten, Linear, Unflatten
from numbacnn.nn.loss import CrossEntropyLoss
from numbacnn.nn.module import Buffer, Module, Parameter
from numbacnn.nn.norm import BatchNorm1d, BatchNorm2d
from numbacnn.nn.pad import (
    CircularPad1d,
    CircularPad2d,
    CircularPad3d,
    ConstantPad1d,
    ConstantPad2d,
    ConstantPad3d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReflectionPad3d,
    ReplicationPad1d,
    ReplicationPad2d,
    ReplicationPad3d,
    ZeroPad1d,
    ZeroPad2d,
    ZeroPad3d,
)
from numbacnn.nn.parameter_container import ParameterDict, ParameterList
from numbacnn.nn.pixel_shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from numbacnn.nn.pool import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d, SumPool2d

__all__ = [
    "AdaptiveAvgPool2d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "Buffer", "ChannelShuffle", "CircularPad1d",
    "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "Conv2d", "CrossEntropyLoss",
    "Dropout", "Embedding", "Flatten", "GlobalAvgPool2d", "Identity", "LeakyReLU", "Linear", "MaxPool2d", "Module",
    "ModuleDict", "ModuleList", "PReLU", "Parameter", "ParameterDict", "ParameterList", "PixelShuffle",
    "PixelUnshuffle", "ReLU", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "Sequential", "Sigmoid", "Softmax", "SumPool2d", "Unflatten", "ZeroPad1d",
    "ZeroPad2d", "ZeroPad3d", "functional", "init", "utils",
]
