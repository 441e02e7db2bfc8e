"""Every kernel of the contract, once more: naive NumPy in float64, to be read beside the formula.

Signatures are those of the contract (numbacnn/kernels/): arrays to read, arrays to fill, numbers.
"""
from reference.activation import *
from reference.clip import *
from reference.conv import *
from reference.dropout import *
from reference.elementwise import *
from reference.functions import *
from reference.group_norm import *
from reference.layer_norm import *
from reference.limits import *
from reference.linear import *
from reference.local_response import *
from reference.loss import *
from reference.matmul import *
from reference.norm import *
from reference.optim import *
from reference.pixel_shuffle import *
from reference.pool import *
from reference.random import *
from reference.reduce import *
from reference.shape import *
from reference.slice import *
from reference.sort import *
from reference.take import *
from reference.upsampling import *
from reference.windows import *
