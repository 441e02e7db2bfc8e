"""Every public op in NumPy, float64: the naive kernels of `reference`, with shapes found by counting.

Arguments are those of `numbacnn.ops`, with arrays for tensors. A window's positions are listed, not calculated.
"""
from op_reference.activation import *
from op_reference.arrange import *
from op_reference.compare import *
from op_reference.conv import *
from op_reference.difference import *
from op_reference.dropout import *
from op_reference.elementwise import *
from op_reference.group_norm import *
from op_reference.layer_norm import *
from op_reference.linear import *
from op_reference.local_response import *
from op_reference.loss import *
from op_reference.made import *
from op_reference.margin import *
from op_reference.mathematics import *
from op_reference.matmul import *
from op_reference.norm import *
from op_reference.pick import *
from op_reference.pool import *
from op_reference.reduce import *
from op_reference.shape import *
from op_reference.slice import *
from op_reference.softmax import *
from op_reference.sort import *
from op_reference.upsampling import *
