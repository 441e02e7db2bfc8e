"""Layers: modules that own parameters and call one operation each."""
from numbacnn.nn import functional, init
from numbacnn.nn.activation import LeakyReLU, PReLU, ReLU, Sigmoid, Softmax
from numbacnn.nn.container import Identity, ModuleDict, ModuleList, Sequential
from numbacnn.nn.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from numbacnn.nn.dropout import Dropout
from numbacnn.nn.linear import Flatten, Linear
from numbacnn.nn.loss import CrossEntropyLoss
from numbacnn.nn.module import Buffer, Module, Parameter
from numbacnn.nn.norm import BatchNorm1d, BatchNorm2d
from numbacnn.nn.parameter_container import ParameterDict, ParameterList
from numbacnn.nn.pool import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d, SumPool2d

__all__ = [
    "AdaptiveAvgPool2d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "Buffer", "Conv1d", "Conv2d", "Conv3d",
    "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "CrossEntropyLoss", "Dropout", "Flatten",
    "GlobalAvgPool2d", "Identity", "LeakyReLU", "Linear", "MaxPool2d", "Module", "ModuleDict", "ModuleList", "PReLU",
    "Parameter", "ParameterDict", "ParameterList", "ReLU", "Sequential", "Sigmoid", "Softmax", "SumPool2d",
    "functional", "init",
]
