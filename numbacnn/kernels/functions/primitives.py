"""What elementwise functions are made of, beside + - * /, comparisons and abs: in NumPy. A backend has its own."""
import math
from typing import Any

import numpy as np

Values = Any              # a number, or as many as a backend computes at once

exp, expm1, log, log1p, sqrt, tanh, sin, cos = np.exp, np.expm1, np.log, np.log1p, np.sqrt, np.tanh, np.sin, np.cos
where, like = np.where, np.full_like
floor, trunc, rint = np.floor, np.trunc, np.rint
power = np.power
erf = np.vectorize(math.erf, otypes=[np.float64])
